import type { Clock } from './clock.ts';
import { fullJitter } from './jitter.ts';

export type RetryOptions = {
  readonly clock: Clock;
  /** May end early when `signal` is aborted. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Which errors another attempt may not meet. */
  readonly retryable: (error: unknown) => boolean;
  /** At most so many attempts. */
  readonly attempts?: number;
  /** No attempt begins at or after this time (ms, by the clock). */
  readonly until?: number;
  /** The first wait is at most this long; each further one at most twice the one before, up to `capMs`. */
  readonly baseMs?: number;
  readonly capMs?: number;
  readonly signal?: AbortSignal | undefined;
};

/**
 * Repeats `attempt`, with full jitter between attempts, until it succeeds. Throws the last error when that is not
 * retryable, when a bound is reached, or when `signal` is aborted.
 */
export const retry = async <T>(attempt: (n: number) => Promise<T>, options: RetryOptions): Promise<T> => {
  const { clock, sleep, random, retryable, baseMs, capMs, signal } = options;
  const { attempts = Number.POSITIVE_INFINITY, until = Number.POSITIVE_INFINITY } = options;
  for (let n = 0; ; n += 1) {
    try {
      return await attempt(n);
    } catch (error) {
      if (!retryable(error) || signal?.aborted || n + 1 >= attempts) throw error;
      const wait = fullJitter(n, random(), baseMs, capMs);
      if (clock() + wait >= until) throw error;
      await sleep(wait, signal);
      if (signal?.aborted) throw error;
    }
  }
};
