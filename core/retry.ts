import type { Clock } from '../contract/clock.ts';
import { fullJitter } from '../contract/jitter.ts';
import type { Ids, Sleep } from './ports.ts';
import { isTransient } from './store.ts';

/**
 * Repeats `attempt` while it returns `RETRY`, or throws one of the store's passing faults, waiting with full jitter in
 * between, until `budgetMs` has passed. After such a fault its writes may be there or come late: an attempt has to get
 * along with what those before it did. Waits grow so that many contenders do not knock all the time, and only to half
 * a second: who waits longer than the newcomers loses to them again and again until the budget is gone, and a conflict
 * costs its winner nothing.
 */
export const retryTransient = async <T>(
  deps: { readonly clock: Clock; readonly sleep: Sleep; readonly ids: Pick<Ids, 'random'> },
  budgetMs: number,
  attempt: (n: number) => Promise<T | typeof RETRY>,
  exhausted: () => T,
  { baseMs, capMs }: { readonly baseMs?: number; readonly capMs?: number } = {},
): Promise<T> => {
  const end = deps.clock() + budgetMs;
  for (let n = 0; ; n++) {
    try {
      const result = await attempt(n);
      if (result !== RETRY) return result;
    } catch (error) {
      if (!isTransient(error)) throw error;
    }
    const wait = fullJitter(n, deps.ids.random(), baseMs, capMs);
    if (deps.clock() + wait >= end) return exhausted();
    await deps.sleep(wait);
  }
};

export const RETRY = Symbol('retry');
