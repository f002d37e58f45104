import type { Clock } from './clock.ts';

export type Sleep = (ms: number) => Promise<void>;

/** Waits in real time. Code whose tests own the time takes a `Sleep` instead. */
export const sleep: Sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Reads a value every `pollMs` until it is as wanted, or until `end` leaves no time for another read; returns the last
 * value. Times in milliseconds, `end` by the clock.
 */
export const pollUntil = async <T>(
  { clock, sleep }: { readonly clock: Clock; readonly sleep: Sleep },
  read: () => Promise<T>,
  isWanted: (value: T) => boolean,
  { end, pollMs }: { readonly end: number; readonly pollMs: number },
): Promise<T> => {
  let value = await read();
  while (!isWanted(value) && clock() + pollMs < end) {
    await sleep(pollMs);
    value = await read();
  }
  return value;
};
