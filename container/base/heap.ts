import { openCollector } from '../../core/garbage.ts';
import { sleep, type Time } from './time.ts';

const LOOK_EVERY_MS = 30_000;
/** This much garbage is left to V8. A collection of a worker takes 20 ms of CPU time; at work there is one a minute. */
const GROWTH_BYTES = 2 * 1024 * 1024;

const heldBytes = (): number => {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

/**
 * Collects garbage each time that this process holds 2 MiB more than after the last collection. V8 alone waits until the
 * heap has grown by a share of itself: a worker that does little kept 20 MB for half an hour, fifty kept a gigabyte
 * (docs/performance.md#an-hour-at-work).
 *
 * Resolves once `signal` is aborted; never throws.
 *
 * @param held bytes in use by objects and buffers, those that are garbage included
 */
export const watchHeap = async ({
  time,
  signal,
  collect,
  held = heldBytes,
}: {
  readonly time: Time;
  readonly signal: AbortSignal;
  readonly collect?: () => void;
  readonly held?: () => number;
}): Promise<void> => {
  let limit = 0;
  let run = collect;
  for (;;) {
    await sleep(time, LOOK_EVERY_MS, signal);
    if (signal.aborted) return;
    if (held() < limit) continue;
    run ??= openCollector();
    run();
    limit = held() + GROWTH_BYTES;
  }
};
