import type { Clock } from './clock.ts';

export type Sleep = (ms: number) => Promise<void>;

/** Waits in real time. Code whose tests own the time takes a `Sleep` instead. */
export const sleep: Sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The first pause of a poll, as a share of its longest one; each pause is longer than the one before by the factor. */
const FIRST_SHARE = 1 / 16;
const GROWTH = 1.15;

/**
 * Reads a value until it is as wanted, or until `end` leaves no time for another read; returns the last value. The pauses
 * between reads grow up to `pollMs`: what comes soon is seen soon, and a long wait costs no more reads. Times in
 * milliseconds, `end` by the clock.
 *
 * @param firstMs the first pause, for what cannot come sooner
 */
export const pollUntil = async <T>(
  { clock, sleep }: { readonly clock: Clock; readonly sleep: Sleep },
  read: () => Promise<T>,
  isWanted: (value: T) => boolean,
  {
    end,
    pollMs,
    firstMs = Math.ceil(pollMs * FIRST_SHARE),
  }: { readonly end: number; readonly pollMs: number; readonly firstMs?: number },
): Promise<T> => {
  let pauseMs = firstMs;
  let value = await read();
  while (!isWanted(value) && clock() + pauseMs < end) {
    await sleep(pauseMs);
    value = await read();
    pauseMs = Math.min(pollMs, Math.ceil(pauseMs * GROWTH));
  }
  return value;
};
