import type { Clock } from './clock.ts';
import type { Ids, Sleep } from './ports.ts';

/** Exponential back-off with full jitter: anything from 0 to base * 2^attempt, at most `capMs`. */
export const fullJitter = (attempt: number, random: number, baseMs = 25, capMs = 500): number =>
  random * Math.min(capMs, baseMs * 2 ** attempt);

/**
 * Repeats `attempt` while it asks for it, waiting with full jitter in between, until `budgetMs` has passed.
 * `attempt` returns `RETRY` or its result. Waits grow so that many contenders do not knock all the time, and only to
 * half a second: who waits longer than the newcomers loses to them again and again until the budget is gone, and a
 * conflict costs its winner nothing.
 */
export const retrying = async <T>(
  control: { readonly clock: Clock; readonly sleep: Sleep; readonly ids: Pick<Ids, 'random'> },
  budgetMs: number,
  attempt: (n: number) => Promise<T | typeof RETRY>,
  exhausted: () => T,
  { baseMs, capMs }: { readonly baseMs?: number; readonly capMs?: number } = {},
): Promise<T> => {
  const end = control.clock() + budgetMs;
  for (let n = 0; ; n++) {
    const result = await attempt(n);
    if (result !== RETRY) return result;
    const wait = fullJitter(n, control.ids.random(), baseMs, capMs);
    if (control.clock() + wait >= end) return exhausted();
    await control.sleep(wait);
  }
};

export const RETRY = Symbol('retry');
