import type { Clock } from '../contract/clock.ts';
import { retry } from '../contract/retry.ts';
import type { Ids, Sleep } from './ports.ts';
import { isTransient } from './store.ts';

/** The value that an attempt returns when another one may succeed at once, for example after a lost race. */
export const RETRY = Symbol('retry');

class AttemptLost extends Error {}

/**
 * Repeats `attempt` while it returns `RETRY` or throws a transient fault of the store, until `budgetMs` has passed;
 * then returns `exhausted()`. After such a fault the writes of an attempt may be there, or arrive late: the next
 * attempt has to cope with them. Waits grow, so that many contenders do not load the table, but only to half a
 * second: a caller that waits longer than newcomers loses to them until its budget is used up, and a conflict costs
 * its winner nothing.
 */
export const retryTransient = async <T>(
  deps: { readonly clock: Clock; readonly sleep: Sleep; readonly ids: Pick<Ids, 'random'> },
  budgetMs: number,
  attempt: (n: number) => Promise<T | typeof RETRY>,
  exhausted: () => T,
  waits: { readonly baseMs?: number; readonly capMs?: number } = {},
): Promise<T> => {
  const retryable = (error: unknown): boolean => error instanceof AttemptLost || isTransient(error);
  try {
    return await retry(
      async (n) => {
        const result = await attempt(n);
        if (result === RETRY) throw new AttemptLost();
        return result;
      },
      {
        clock: deps.clock,
        sleep: deps.sleep,
        random: () => deps.ids.random(),
        until: deps.clock() + budgetMs,
        retryable,
        ...waits,
      },
    );
  } catch (error) {
    if (retryable(error)) return exhausted();
    throw error;
  }
};
