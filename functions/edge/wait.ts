import type { Clock } from '../../contract/clock.ts';
import type { Sleep } from '../../core/ports.ts';

/**
 * Looks until what is seen is as wanted, or until there is no time for another look; what was seen last. Times in
 * milliseconds, `end` by the clock.
 */
export const lookUntil = async <T>(
  deps: { readonly clock: Clock; readonly sleep: Sleep },
  look: () => Promise<T>,
  isWanted: (seen: T) => boolean,
  { end, pollMs }: { readonly end: number; readonly pollMs: number },
): Promise<T> => {
  let seen = await look();
  while (!isWanted(seen) && deps.clock() + pollMs < end) {
    await deps.sleep(pollMs);
    seen = await look();
  }
  return seen;
};
