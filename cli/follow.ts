import { pollUntil, sleep } from '../contract/poll.ts';
import type { Context } from './context.ts';

type Following<T> = {
  /** One line of progress. It is printed when it differs from the one before. */
  readonly progress: (value: T) => string;
  readonly isDone: (value: T) => boolean;
  readonly pollMs: number;
  /** How long to follow; undefined: to the end. */
  readonly waitMs?: number;
};

/**
 * Reads a report until its work is done, or until the wait has ended, and prints its progress. Returns the last
 * report.
 */
export const followProgress = <T>(
  context: Context,
  read: () => Promise<T>,
  { progress, isDone, pollMs, waitMs = Number.POSITIVE_INFINITY }: Following<T>,
): Promise<T> => {
  let printed: string | undefined;
  return pollUntil(
    { clock: context.now, sleep },
    async () => {
      const value = await read();
      const line = progress(value);
      if (line !== printed) context.out.note(line);
      printed = line;
      return value;
    },
    isDone,
    { end: context.now() + waitMs, pollMs },
  );
};
