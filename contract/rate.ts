/**
 * How many requests a minute, with short bursts: the generic cell rate algorithm. All that is kept is one time: when
 * the bucket will be empty again. Each request moves it on by the time that one request is worth, and none may move it
 * further ahead of now than a burst is worth. It is exact: in any stretch of time no more pass than a burst and what
 * the stretch is worth, and a refusal names the moment from which it would have passed.
 *
 * Times are whole microseconds since the epoch: the database compares and adds them too, and both must agree to the
 * last digit.
 */
import * as z from 'zod';

export const rateSchema = z.strictObject({
  perMinute: z.int().min(1).max(60_000).describe('Requests a minute, sustained.'),
  burst: z
    .int()
    .min(1)
    .max(60_000)
    .optional()
    .describe('Burst: requests at once. Default: a tenth of `perMinute`, at least 1.'),
});
export type Rate = z.infer<typeof rateSchema>;

export const micros = (ms: number): number => Math.round(ms * 1000);

/** The cost of one request, µs. */
export const intervalOf = ({ perMinute }: Rate): number => Math.ceil(60_000_000 / perMinute);

export const burstOf = ({ perMinute, burst }: Rate): number => burst ?? Math.ceil(perMinute / 10);

/** How far ahead of now the bucket may be for a request still to pass, µs. */
export const toleranceOf = (rate: Rate): number => (burstOf(rate) - 1) * intervalOf(rate);

export type Ruling =
  | { readonly pass: true; readonly emptyAt: number }
  | { readonly pass: false; readonly retryAfter: number };

/**
 * @param emptyAt when the bucket will be empty; undefined: nothing is known of it, it is empty
 * @param now and `retryAfter` in µs, like every time here
 */
export const rule = (rate: Rate, emptyAt: number | undefined, now: number): Ruling => {
  const from = Math.max(emptyAt ?? now, now);
  const early = from - now - toleranceOf(rate);
  return early > 0 ? { pass: false, retryAfter: early } : { pass: true, emptyAt: from + intervalOf(rate) };
};
