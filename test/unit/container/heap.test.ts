import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { setImmediate as endOfJob } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, it, vi } from 'vitest';
import { watchHeap } from '../../../container/base/heap.ts';
import { manualTime } from '../../helpers/manual-time.ts';

const MIB = 1024 * 1024;
const LOOK_MS = 30_000;

it('settles and collects after a start, and collects again only once four more MiB are held', async () => {
  const time = manualTime();
  const ending = new AbortController();
  let held = 60 * MIB;
  let collections = 0;
  let settled = 0;
  const watching = watchHeap({
    time,
    signal: ending.signal,
    held: () => held,
    settle: () => {
      settled += 1;
    },
    collect: async () => {
      collections += 1;
      held = 25 * MIB;
    },
  });
  await time.advance(LOOK_MS);
  expect(collections).toBe(1);
  held = 29 * MIB - 1;
  await time.advance(10 * LOOK_MS);
  expect(collections).toBe(1);
  held = 29 * MIB;
  await time.advance(LOOK_MS);
  expect(collections).toBe(2);
  ending.abort();
  await watching;
  held = 100 * MIB;
  await time.advance(LOOK_MS);
  expect(collections).toBe(2);
  expect(settled).toBe(1);
});

it('collects what this process really holds, without a flag at its start', async () => {
  const time = manualTime();
  const ending = new AbortController();
  const sleeps = vi.spyOn(time, 'after');
  const untilAsleep = (times: number) =>
    vi.waitFor(() => expect(sleeps).toHaveBeenCalledTimes(times), { timeout: 20_000 });
  const watching = watchHeap({ time, signal: ending.signal, settle: () => {} });
  await time.advance(LOOK_MS);
  await untilAsleep(2);
  const garbage = (() => new WeakRef(Array.from({ length: 64 }, () => new ArrayBuffer(MIB))))();
  // A weak reference holds its object until the end of the job that made it.
  await endOfJob();
  await time.advance(LOOK_MS);
  await untilAsleep(3);
  expect(garbage.deref()).toBeUndefined();
  expect(globalThis.gc).toBeUndefined();
  ending.abort();
  await watching;
});

it('a process that has settled optimizes no function any more', async () => {
  const script = `
    import { stopOptimizing } from '${pathToFileURL(resolve('core/garbage.ts')).href}';
    // V8's kNeverOptimize (src/runtime/runtime.h).
    const isNeverOptimized = () => (%GetOptimizationStatus(function () {}) & 2) !== 0;
    const before = isNeverOptimized();
    stopOptimizing();
    console.log(before, isNeverOptimized());`;
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--allow-natives-syntax',
    '--input-type=module',
    '-e',
    script,
  ]);
  expect(stdout.trim()).toBe('false true');
});
