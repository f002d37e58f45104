import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SynthFailed, synthesize } from '../../../local/assembly/synth.ts';

const APP = `import { mkdirSync, writeFileSync } from 'node:fs';
const out = process.env.CDK_OUTDIR;
mkdirSync(out, { recursive: true });
writeFileSync(out + '/manifest.json', process.env.CDK_CONTEXT_JSON);
`;

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'berth-synth-'));
  mkdirSync(join(root, 'infra'));
  writeFileSync(join(root, 'infra', 'app.ts'), APP);
  writeFileSync(join(root, 'cdk.json'), '{"context":{"flag":true}}');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const run = async (onSynthesize = () => {}) =>
  synthesize({ root, cacheDir: join(root, 'cache'), onSynthesize });

test('the app runs with the context of cdk.json and the environment’s name, without the CDK’s CLI', async () => {
  const directory = await run();
  expect(JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8'))).toEqual({
    flag: true,
    env: 'local',
  });
});

test('the same content is taken from the cache; a changed source is synthesized again', async () => {
  const ran = vi.fn();
  const first = await run(ran);
  expect(await run(ran)).toBe(first);
  expect(ran).toHaveBeenCalledTimes(1);
  mkdirSync(join(root, 'functions'));
  writeFileSync(join(root, 'functions', 'new.ts'), 'export {};');
  expect(await run(ran)).not.toBe(first);
  expect(ran).toHaveBeenCalledTimes(2);
});

test('the same content in another folder has the same cache entry', async () => {
  const first = await run();
  const moved = mkdtempSync(join(tmpdir(), 'berth-synth-'));
  cpSync(root, moved, { recursive: true });
  const ran = vi.fn();
  await synthesize({ root: moved, cacheDir: join(moved, 'cache'), onSynthesize: ran });
  rmSync(moved, { recursive: true, force: true });
  expect(existsSync(first)).toBe(true);
  expect(ran).not.toHaveBeenCalled();
});

test('the error of an app that fails contains its output, and the app leaves nothing in the cache', async () => {
  writeFileSync(join(root, 'infra', 'app.ts'), 'console.error("no such queue"); process.exit(1);');
  const failure = await run().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(SynthFailed);
  expect(String(failure)).toContain('no such queue');
  expect(readdirSync(join(root, 'cache'))).toEqual([]);
});

test('two at once both get the whole assembly', async () => {
  const [a, b] = await Promise.all([run(), run()]);
  expect(a).toBe(b);
  expect(readdirSync(join(root, 'cache'))).toHaveLength(1);
});
