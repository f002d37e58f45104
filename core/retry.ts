import type { Clock } from './clock.ts';
import type { Ids, Sleep } from './ports.ts';

/** Exponential back-off with full jitter: anything from 0 to base * 2^attempt, at most `capMs`. */
export const fullJitter = (attempt: number, random: number, baseMs = 25, capMs = 2_000): number =>
  random * Math.min(capMs, baseMs * 2 ** attempt);

/**
 * Repeats `attempt` while it asks for it, waiting with full jitter in between, until `budgetMs` has passed.
 * `attempt` returns `retry` or its result. Under contention a wait of 0 to 10 ms exhausts 20 attempts; growing
 * waits do not.
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
