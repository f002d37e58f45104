import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { preparePrograms } from '../../../local/programs.ts';
import { type Bench, openBench, type RunningWorker } from './harness.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const LIMIT = { timeout: 30_000, interval: 50 };

let bench: Bench;
let dir: string;
beforeAll(async () => {
  bench = await openBench();
  dir = await mkdtemp(join(tmpdir(), 'berth-code-cache-'));
  const { compileCache } = await preparePrograms();
  for (const name of await readdir(compileCache))
    if (name.endsWith('.loaded')) await cp(join(compileCache, name), join(dir, 'of-build', name));
});
afterAll(async () => {
  await bench.close();
  await rm(dir, { recursive: true, force: true });
});

const end = async (worker: RunningWorker) => {
  bench.api.faults.stop = 'user';
  expect(await worker.exit, worker.log()).toBe(0);
};

/** The names without the hash of their script. */
const savedIn = async (folder: string) =>
  (await readdir(folder))
    .map((name) => name.replace(/-\w+\.js\./, '.'))
    .filter((name) => /^(bundle|worker)\./.test(name))
    .sort();

it('workers leave what V8 compiled: the first that shows a code, and the first that restores an account', async () => {
  const folder = join(dir, 'of-build');
  const linking = bench.start({ NODE_COMPILE_CACHE: folder });
  await bench.link(linking);
  const linked = ['bundle.linked', 'bundle.loaded', 'worker.linked', 'worker.loaded'];
  await vi.waitFor(async () => expect(await savedIn(folder)).toEqual(linked), LIMIT);
  await end(linking);
  bench.api.nextEpoch();
  const restoring = bench.start({ NODE_COMPILE_CACHE: folder });
  await bench.status(restoring, 'WORKING');
  const all = [...linked, 'bundle.restored', 'worker.restored'].sort();
  await vi.waitFor(async () => expect(await savedIn(folder)).toEqual(all), LIMIT);
  await end(restoring);
});
