/**
 * Answers kept by Idempotency-Key, so that a repeat gets the first one's answer, success or failure, and a repeat while
 * the first is still running waits for it. In memory: they live as long as the worker, at most a day.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../../contract/clock.ts';
import { COMMAND_FAILURES } from '../../contract/worker/command-failures.ts';

export type Answer = { readonly status: number; readonly body: unknown };
type Kept = { readonly request: string; readonly answer: Promise<Answer>; readonly at: number };

const KEEP_MS = 24 * 60 * 60 * 1000;
const MAX_KEPT = 10_000;
const PASSING: ReadonlySet<number> = new Set([COMMAND_FAILURES.unavailable, COMMAND_FAILURES.rate_limited]);

export const createAnswers = (now: Clock) => {
  const kept = new Map<string, Kept>();

  const forgetOld = () => {
    for (const [key, { at }] of kept) {
      if (kept.size < MAX_KEPT && now() - at < KEEP_MS) return;
      kept.delete(key);
    }
  };

  return {
    /** The answer for this key, running `work` the first time only. 'conflict': the key came with another request. */
    async once(key: string, request: string, work: () => Promise<Answer>): Promise<Answer | 'conflict'> {
      const digest = createHash('sha256').update(request).digest('hex');
      forgetOld();
      const earlier = kept.get(key);
      if (earlier) return earlier.request === digest ? await earlier.answer : 'conflict';
      const answer = work();
      const entry = { request: digest, answer, at: now() };
      kept.set(key, entry);
      // Nothing was done, for a reason that passes: the repeat that the answer asks for must not find this one.
      if (PASSING.has((await answer).status) && kept.get(key) === entry) kept.delete(key);
      return await answer;
    },
  };
};
