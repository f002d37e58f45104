import { setTimeout as sleep } from 'node:timers/promises';
import pMap from 'p-map';

export type Figures = {
  readonly perSecond: number;
  /** ms */
  readonly p50: number;
  readonly p99: number;
  readonly failed: number;
};

const figures = (latencies: readonly number[], elapsedMs: number, failed: number): Figures => {
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { perSecond: (sorted.length / elapsedMs) * 1000, p50: at(0.5), p99: at(0.99), failed };
};

/** Runs `call` for each of `count`, `concurrency` at once. Any error ends it. */
export const closedLoop = async (
  count: number,
  concurrency: number,
  call: (n: number) => Promise<unknown>,
): Promise<Figures> => {
  const latencies: number[] = [];
  const began = performance.now();
  await pMap(
    Array.from({ length: count }, (_, n) => n),
    async (n) => {
      const from = performance.now();
      await call(n);
      latencies.push(performance.now() - from);
    },
    { concurrency },
  );
  return figures(latencies, performance.now() - began, 0);
};

/**
 * Begins `rate` calls per second for `seconds`, even if earlier calls have not ended. A call that throws counts as
 * failed; `perSecond` is over the whole time until the last call ended.
 */
export const openLoop = async (
  rate: number,
  seconds: number,
  call: (n: number) => Promise<unknown>,
): Promise<Figures> => {
  const latencies: number[] = [];
  let failed = 0;
  const began = performance.now();
  const calls = Array.from({ length: rate * seconds }, async (_, n) => {
    await sleep((n * 1000) / rate);
    const from = performance.now();
    try {
      await call(n);
      latencies.push(performance.now() - from);
    } catch {
      failed += 1;
    }
  });
  await Promise.all(calls);
  return figures(latencies, performance.now() - began, failed);
};
