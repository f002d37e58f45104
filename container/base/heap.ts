import { collectGarbage, stopOptimizing } from '../../core/garbage.ts';
import { sleep, type Time } from './time.ts';

const LOOK_EVERY_MS = 30_000;
/** This much garbage is left to V8. A collection of a worker takes 40 ms of CPU time; at work there is one in five minutes. */
const GROWTH_BYTES = 4 * 1024 * 1024;

const heldBytes = (): number => {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

/**
 * Keeps this process as small as it is after its start.
 *
 * From the first look on V8 optimizes no function. Each time that 4 MiB more are held than after the last collection, garbage
 * is collected. V8 alone waits until the heap has grown by a share of itself, and optimizes what it runs now and then: fifty
 * workers that do little grew by a gigabyte in half an hour (docs/performance.md#an-hour-at-work).
 *
 * Resolves once `signal` is aborted; never throws.
 *
 * @param held bytes in use by objects and buffers, those that are garbage included
 */
export const watchHeap = async ({
  time,
  signal,
  collect = collectGarbage,
  held = heldBytes,
  settle = stopOptimizing,
}: {
  readonly time: Time;
  readonly signal: AbortSignal;
  readonly collect?: () => Promise<void>;
  readonly held?: () => number;
  readonly settle?: () => void;
}): Promise<void> => {
  let limit = 0;
  for (let isFirst = true; ; isFirst = false) {
    await sleep(time, LOOK_EVERY_MS, signal);
    if (signal.aborted) return;
    if (isFirst) settle();
    if (held() < limit) continue;
    await collect().catch(() => {});
    limit = held() + GROWTH_BYTES;
  }
};
