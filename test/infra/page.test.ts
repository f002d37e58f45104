/** The dashboard as it is built into the function that serves it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as z from 'zod';
import type { PageFile } from '../../contract/dashboard-path.ts';
import { bundleFunctions } from '../../infra/bundle.ts';
import { MAX_PAGE_KIB, pageFiles } from '../../infra/page.ts';
import { functionsDir } from './synthesized.ts';

const workDir = mkdtempSync(join(tmpdir(), 'berth-page-'));
let files: Readonly<Record<string, PageFile>>;
beforeAll(async () => {
  files = await pageFiles(workDir);
});
afterAll(() => rmSync(workDir, { recursive: true, force: true }));

const bytesOf = (path: string) => Buffer.from(files[path]?.brotli ?? '', 'base64');
const textOf = (path: string) => brotliDecompressSync(bytesOf(path)).toString('utf8');

it('names each of its files by their full path, so that one page answers at every address below', () => {
  const named = [...textOf('index.html').matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path);
  const assets = Object.keys(files).filter((path) => path.startsWith('assets/'));
  expect(named.sort()).toEqual(assets.map((path) => `/dashboard/${path}`).sort());
});

it('has a hash of its content in the name of all that is kept for ever', () => {
  for (const path of Object.keys(files))
    expect(path).toMatch(/^index\.html$|^assets\/[\w-]+-[A-Z0-9]{8}\.\w+$/);
});

it('works under its policy: no script, style or handler in its markup, nothing from elsewhere', () => {
  expect(textOf('index.html')).not.toMatch(/<script(?![^>]* src=)|<style|\son\w+=|\sstyle=|https?:\/\//);
});

it(`is ${MAX_PAGE_KIB} KiB at most on its way to the browser`, () => {
  const bytes = Object.keys(files).reduce((sum, path) => sum + bytesOf(path).length, 0);
  expect(bytes).toBeLessThanOrEqual(MAX_PAGE_KIB * 1024);
});

it('is the same from the same sources, and leaves nothing behind', async () => {
  expect(await pageFiles(workDir)).toEqual(files);
  expect(readdirSync(workDir)).toEqual([]);
});

it('is built again when one of its sources changes', async () => {
  const outDir = join(workDir, 'dist');
  await bundleFunctions({ handlers: ['dashboard'], functionsDir, outDir });
  const { inputs } = z
    .object({ inputs: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync(join(outDir, 'bundle.json'), 'utf8')));
  expect(Object.keys(inputs)).toEqual(
    expect.arrayContaining(['dashboard/build.ts', 'dashboard/page/main.tsx', 'client/index.ts']),
  );
});
