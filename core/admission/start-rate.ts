/**
 * How many sessions a user may start: a rate a minute (contract/rate.ts), and at once twice as many as the user may run.
 * So a stop and a start of everything fits, and a loop of creating and deleting does not. The time is an attribute of the
 * user's counter, so that a start is counted in the very transaction that admits it: what is refused is not counted.
 */
import { intervalOf, micros, type Rate, rule, toleranceOf } from '../../contract/rate.ts';
import { absent, and, type Change, type Condition, gt, le, or } from '../store.ts';

const LEAST_BURST = 10;

/** @param starts a minute; 0: any number */
export const startRateOf = (starts: number, userLimit: number): Rate | undefined =>
  starts === 0 ? undefined : { perMinute: starts, burst: Math.max(LEAST_BURST, 2 * userLimit) };

type StartRuling =
  | { readonly pass: true; readonly condition: Condition | undefined; readonly change: Change }
  | { readonly pass: false; readonly retryAfterSeconds: number };

/**
 * Whether a start may be admitted now, and what counts it. The condition states what was decided on, so admissions at the
 * same time pass no more than the rate allows.
 *
 * @param startsUntil when the bucket is empty (µs), as it was read
 * @param nowMs by the clock
 */
export const ruleStart = (
  rate: Rate | undefined,
  startsUntil: number | undefined,
  nowMs: number,
): StartRuling => {
  if (!rate) return { pass: true, condition: undefined, change: {} };
  const now = micros(nowMs);
  const ruling = rule(rate, startsUntil, now);
  if (!ruling.pass) return { pass: false, retryAfterSeconds: Math.ceil(ruling.retryAfter / 1_000_000) };
  return startsUntil !== undefined && startsUntil > now
    ? {
        pass: true,
        condition: and(gt('startsUntil', now), le('startsUntil', now + toleranceOf(rate))),
        change: { add: { startsUntil: intervalOf(rate) } },
      }
    : {
        pass: true,
        condition: or(absent('startsUntil'), le('startsUntil', now)),
        change: { set: { startsUntil: ruling.emptyAt } },
      };
};
