import { fullJitter } from '../../contract/jitter.ts';
import { sleep, type Time } from './time.ts';

type RetryOptions = {
  readonly time: Time;
  readonly random?: () => number;
  /** Gives up with the last error after so many tries. */
  readonly attempts?: number;
  /** Gives up with the last error when the next try would begin after this (ms, `time`'s clock). */
  readonly until?: number;
  readonly baseMs?: number;
  readonly capMs?: number;
  readonly signal?: AbortSignal;
  readonly retryable: (error: unknown) => boolean;
};

/** Runs `work` until it succeeds, fails with something that a retry won't change, or the bounds are met. */
export const retry = async <T>(
  work: (attempt: number) => Promise<T>,
  {
    time,
    random = Math.random,
    attempts = Number.POSITIVE_INFINITY,
    until = Number.POSITIVE_INFINITY,
    baseMs = 200,
    capMs = 10_000,
    signal,
    retryable,
  }: RetryOptions,
): Promise<T> => {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work(attempt);
    } catch (error) {
      if (!retryable(error) || signal?.aborted || attempt + 1 >= attempts) throw error;
      const wait = fullJitter(attempt, random(), baseMs, capMs);
      if (time.now() + wait > until) throw error;
      await sleep(time, wait, signal);
      if (signal?.aborted) throw error;
    }
  }
};
