import { type RetryOptions, retry } from '../../contract/retry.ts';
import { sleep, type Time } from './time.ts';

/** `retry` by the worker's time, with waits as its network calls need them: from 0.2 to 10 s. */
export const retryInTime = <T>(
  attempt: (n: number) => Promise<T>,
  {
    time,
    random = Math.random,
    ...options
  }: Omit<RetryOptions, 'clock' | 'sleep' | 'random'> & {
    readonly time: Time;
    readonly random?: (() => number) | undefined;
  },
): Promise<T> =>
  retry(attempt, {
    baseMs: 200,
    capMs: 10_000,
    ...options,
    clock: time.now,
    random,
    sleep: (ms, signal) => sleep(time, ms, signal),
  });
