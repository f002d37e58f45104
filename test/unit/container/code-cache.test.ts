import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

let dir: string;
let script: string;
let saved: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'berth-code-cache-'));
  saved = join(dir, 'saved');
  await mkdir(saved);
  vi.stubEnv('NODE_COMPILE_CACHE', saved);
  script = join(dir, 'script.js');
  const later = Array.from({ length: 50 }, (_, n) => `(x) => x + ${n}`).join(',');
  await writeFile(
    script,
    `(function(exports,require,module,__filename,__dirname){
      exports.at = { file: __filename, folder: __dirname, path: require('node:path') };
      exports.runs = (globalThis.berthRuns = (globalThis.berthRuns ?? 0) + 1);
      exports.work = (x) => [${later}].map((f) => f(x)).at(-1);
    })`,
  );
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(dir, { recursive: true, force: true });
});

/** As another worker's process has it. */
const worker = async () => {
  vi.resetModules();
  return await import('../../../container/base/code-cache.ts');
};

type Script = { at: Record<string, unknown>; runs: number; work: (x: number) => number };
const isScript = (value: unknown): value is Script =>
  typeof value === 'object' && value !== null && 'work' in value;
const scriptOf = (value: unknown): Script => {
  if (!isScript(value)) throw new Error('the script exported nothing');
  return value;
};

describe('a script', () => {
  it('runs once, with the names of a CommonJS module', async () => {
    const { loadScript } = await worker();
    const first = scriptOf(loadScript(script));
    expect(first.at).toMatchObject({ file: script, folder: dir, path: { join } });
    expect(scriptOf(loadScript(script)).runs).toBe(first.runs);
  });

  it('runs without a folder, and nothing is saved', async () => {
    vi.stubEnv('NODE_COMPILE_CACHE', '');
    const { loadScript, saveCode } = await worker();
    expect(scriptOf(loadScript(script)).work(1)).toBe(50);
    await saveCode('loaded');
    expect(await readdir(dir)).toEqual(['saved', 'script.js']);
  });
});

describe('saved code', () => {
  it('has the functions that were called', async () => {
    const idle = await worker();
    idle.loadScript(script);
    await idle.saveCode('loaded');
    const before = await readFile(join(saved, 'script.js.loaded'));
    const busy = await worker();
    scriptOf(busy.loadScript(script)).work(1);
    await busy.saveCode('linked');
    expect((await readFile(join(saved, 'script.js.linked'))).length).toBeGreaterThan(before.length + 1_000);
  });

  it('of one use is made of that of the use before, once', async () => {
    const save = async (use: 'loaded' | 'linked' | 'restored') => {
      const { loadScript, saveCode } = await worker();
      scriptOf(loadScript(script)).work(1);
      await saveCode(use);
      return (await readdir(saved)).sort();
    };
    expect(await save('restored')).toEqual([]);
    expect(await save('loaded')).toEqual(['script.js.loaded']);
    expect(await save('restored')).toEqual(['script.js.loaded']);
    expect(await save('linked')).toEqual(['script.js.linked', 'script.js.loaded']);
    const linked = await readFile(join(saved, 'script.js.linked'));
    expect(await save('restored')).toEqual(['script.js.linked', 'script.js.loaded', 'script.js.restored']);
    await save('linked');
    expect(await readFile(join(saved, 'script.js.linked'))).toEqual(linked);
  });

  it('that V8 cannot use costs nothing but its use', async () => {
    await writeFile(join(saved, 'script.js.restored'), 'no code');
    const { loadScript } = await worker();
    expect(scriptOf(loadScript(script)).work(1)).toBe(50);
  });

  it('leaves no part behind if it can’t be written', async () => {
    const { loadScript, saveCode } = await worker();
    loadScript(script);
    await mkdir(join(saved, `script.js.loaded.${process.pid}`));
    await saveCode('loaded');
    await rm(saved, { recursive: true });
    await saveCode('loaded');
    expect(await readdir(dir)).toEqual(['script.js']);
  });
});
