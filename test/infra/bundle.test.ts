import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { bundleFunctions, MAX_BUNDLE_KIB } from '../../infra/bundle.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-bundle-'));
  await mkdir(join(folder, 'functions'));
  await write('one', "import { two } from './shared.ts'; export const handler = async () => two;");
  await write('shared', 'export const two: number = 2;');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const write = (name: string, source: string) => writeFile(join(folder, 'functions', `${name}.ts`), source);
const bundle = (handlers: readonly string[] = ['one']) =>
  bundleFunctions({ handlers, functionsDir: join(folder, 'functions'), outDir: join(folder, 'dist') });
const output = () => join(folder, 'dist', 'functions', 'one', 'index.mjs');

it('makes an asset of one file that runs, with its source map beside it', async () => {
  const [built] = await bundle();
  expect(await readdir(built?.directory ?? '')).toEqual(['index.mjs']);
  expect(await readdir(join(folder, 'dist', 'maps'))).toEqual(['one.mjs.map']);
  const { handler } = await import(pathToFileURL(output()).href);
  expect(await handler()).toBe(2);
});

it('writes nothing again while no input changed', async () => {
  await bundle();
  const before = await stat(output(), { bigint: true });
  await bundle();
  expect((await stat(output(), { bigint: true })).ino).toBe(before.ino);
});

it('builds again when a file changed that a handler imports', async () => {
  await bundle();
  await write('shared', 'export const two: number = 22;');
  await bundle();
  expect(await readFile(output(), 'utf8')).toContain('22');
});

it('builds again when an asset was removed', async () => {
  await bundle();
  await rm(output());
  await bundle();
  expect(existsSync(output())).toBe(true);
});

it('stops at a handler without a file, naming the file', async () => {
  await expect(bundle(['one', 'missing'])).rejects.toThrow(/missing\.ts.*routes\.ts/);
});

it('stops at a bundle that is too big, naming it and what it is made of', async () => {
  await write(
    'one',
    `export const handler = async () => ${JSON.stringify('x'.repeat(MAX_BUNDLE_KIB * 1024))};`,
  );
  await expect(bundle()).rejects.toThrow(
    new RegExp(
      `^Too big a bundle: one has \\d+ of ${MAX_BUNDLE_KIB * 1024} bytes, most of it from own files`,
    ),
  );
});

it('stops at a handler that does not compile, with the place', async () => {
  await write('one', 'export const handler = ;');
  await expect(bundle()).rejects.toThrow(/one\.ts:1:\d+/);
});
