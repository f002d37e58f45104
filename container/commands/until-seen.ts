import { COMMAND_STAGES_MS } from '../../contract/timeouts.ts';
import type { CommandContext } from './context.ts';
import { leftMs } from './hand-over.ts';

/** Kept of the command's time for its answer, besides that of one more look. */
const ANSWER_MS = 500;
const LOOK_EVERY_MS = 250;

/**
 * Looks until `isDone`, for as long as the command has. The page's functions may resolve before anything has happened,
 * or without it. A look that fails says nothing.
 *
 * @returns whether it was seen; false: it may happen yet
 */
export const untilSeen = async <T>(
  context: CommandContext,
  look: () => Promise<T>,
  isDone: (seen: T) => boolean,
  atMostMs = Number.POSITIVE_INFINITY,
): Promise<boolean> => {
  const left = leftMs(context) - COMMAND_STAGES_MS.leastForPage - ANSWER_MS;
  const end = context.time.now() + Math.min(left, atMostMs);
  for (;;) {
    const seen = await look().then(isDone, () => false);
    if (seen) return true;
    if (context.time.now() + LOOK_EVERY_MS >= end) return false;
    await new Promise<void>((resolve) => context.time.after(LOOK_EVERY_MS, () => resolve()));
  }
};
