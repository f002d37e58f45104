import { setImmediate as endOfJob } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { watchHeap } from '../../../container/base/heap.ts';
import { manualTime } from '../../helpers/manual-time.ts';

const MIB = 1024 * 1024;
const LOOK_MS = 30_000;

it('collects after a start, and again only once two more MiB are held', async () => {
  const time = manualTime();
  const ending = new AbortController();
  let held = 60 * MIB;
  let collections = 0;
  const watching = watchHeap({
    time,
    signal: ending.signal,
    held: () => held,
    collect: () => {
      collections += 1;
      held = 25 * MIB;
    },
  });
  await time.advance(LOOK_MS);
  expect(collections).toBe(1);
  held = 27 * MIB - 1;
  await time.advance(10 * LOOK_MS);
  expect(collections).toBe(1);
  held = 27 * MIB;
  await time.advance(LOOK_MS);
  expect(collections).toBe(2);
  ending.abort();
  await watching;
  held = 100 * MIB;
  await time.advance(LOOK_MS);
  expect(collections).toBe(2);
});

it('collects what this process really holds, without a flag at its start', async () => {
  const time = manualTime();
  const ending = new AbortController();
  const watching = watchHeap({ time, signal: ending.signal });
  await time.advance(LOOK_MS);
  const garbage = (() => new WeakRef(Array.from({ length: 64 }, () => new ArrayBuffer(MIB))))();
  // A weak reference holds its object until the end of the job that made it.
  await endOfJob();
  await time.advance(LOOK_MS);
  expect(garbage.deref()).toBeUndefined();
  expect(globalThis.gc).toBeUndefined();
  ending.abort();
  await watching;
});
