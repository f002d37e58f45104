/** Rate limits: read if they were set, and counted by one conditional write for each request. */
import * as z from 'zod';
import {
  intervalOf,
  micros,
  type Rate,
  type Ruling,
  rateSchema,
  rule,
  toleranceOf,
} from '../../contract/rate.ts';
import { toItem } from '../apply.ts';
import type { Deps } from '../deps.ts';
import { defaultRateKey, rateBucketKey, TTL_ATTRIBUTE, userRateKey } from '../items.ts';
import type { Settings } from '../settings.ts';
import { absent, and, gt, isTransient, type Key, le, or } from '../store.ts';

/** Without `rate` it was taken away: a user's own leaves the default, the default leaves any number. */
const setSchema = z.object({ rate: rateSchema.optional() });
const bucketSchema = z.object({ emptyAt: z.int() });

type Rates = {
  /** Of users without their own; undefined: unlimited. */
  readonly byDefault: Rate | undefined;
  readonly own: Rate | undefined;
};

/** The rates that were set for users in general and for this one. */
export const readRates = async (deps: Pick<Deps, 'store' | 'settings'>, userId: string): Promise<Rates> => {
  const setAt = async (key: Key) => {
    const item = await deps.store.get(key);
    return item && setSchema.parse(item);
  };
  const [byDefault, own] = await Promise.all([setAt(defaultRateKey), setAt(userRateKey(userId))]);
  return { byDefault: byDefault ? byDefault.rate : rateOfSettings(deps.settings), own: own?.rate };
};

const rateOfSettings = ({ requestsPerMinute }: Settings): Rate | undefined =>
  requestsPerMinute === 0
    ? undefined
    : { perMinute: requestsPerMinute, burst: Math.ceil(requestsPerMinute / 30) };

/** Sets a rate, or with `null` takes it away. @param userId undefined: for users without their own */
export const setRate = async (
  deps: Pick<Deps, 'store'>,
  userId: string | undefined,
  rate: Rate | null,
): Promise<void> => {
  const key = userId === undefined ? defaultRateKey : userRateKey(userId);
  await deps.store.write({ kind: 'put', key, item: { ...key, ...(rate ? { rate: toItem(rate) } : {}) } });
};

/** Whose request it is. A key's own rate takes the place of its user's and is counted for that key alone. */
type Subject = { readonly id: string; readonly userId: string; readonly rate?: Rate | undefined };

type RateRefusal = { readonly limit: number; readonly retryAfterSeconds: number };

/** Counts one request; a refusal if it comes too early. A database that does not answer refuses no caller. */
export type RateLimiter = (subject: Subject) => Promise<RateRefusal | undefined>;

/** How long a user's rates are believed: changes take effect within this. */
export const RATES_KEPT_MS = 5_000;
/** Users and buckets that one instance remembers. */
const REMEMBERED = 10_000;

/**
 * A limiter that remembers, for the life of a function's instance, what it saw of rates and buckets. A bucket's time
 * only ever grows, so what was seen of it before decides refusals exactly, without a write, and shows which of the two
 * writes will fit.
 */
export const rateLimiter = (deps: Pick<Deps, 'store' | 'clock' | 'log' | 'settings'>): RateLimiter => {
  const rates = new Map<string, { readonly rates: Rates; readonly until: number }>();
  const buckets = new Map<string, number>();

  const ratesOf = async (userId: string): Promise<Rates> => {
    const now = deps.clock();
    const kept = rates.get(userId);
    if (kept && kept.until > now) return kept.rates;
    const read = await readRates(deps, userId);
    remember(rates, userId, { rates: read, until: now + RATES_KEPT_MS });
    return read;
  };
  const rateOf = async ({ userId, rate }: Subject): Promise<Rate | undefined> => {
    if (rate) return rate;
    const { own, byDefault } = await ratesOf(userId);
    return own ?? byDefault;
  };

  return async (subject) => {
    try {
      const rate = await rateOf(subject);
      if (!rate) return undefined;
      const bucket = subject.rate ? `KEY#${subject.id}` : `USER#${subject.userId}`;
      const ruling = await take(deps, bucket, rate, buckets);
      if (ruling.pass) return undefined;
      return { limit: rate.perMinute, retryAfterSeconds: Math.ceil(ruling.retryAfter / 1_000_000) };
    } catch (error) {
      if (!isTransient(error)) throw error;
      deps.log.warn('a request was not counted against its rate', { error: String(error) });
      return undefined;
    }
  };
};

/**
 * One request against a bucket. Each write states in its condition what the rule decided on, so that any number of
 * instances at once pass no more than the rule allows. `now` stands still, so a bucket that another instance filled in
 * between can only be found fuller: two writes at most.
 */
const take = async (
  deps: Pick<Deps, 'store' | 'clock'>,
  bucket: string,
  rate: Rate,
  buckets: Map<string, number>,
): Promise<Ruling> => {
  const now = micros(deps.clock());
  const key = rateBucketKey(bucket);
  for (;;) {
    const known = buckets.get(bucket);
    const ruling = rule(rate, known, now);
    if (!ruling.pass) return ruling;
    const expires = { [TTL_ATTRIBUTE]: Math.ceil(ruling.emptyAt / 1_000_000) + 60 };
    const written = await deps.store.write({
      kind: 'update',
      key,
      ...(known !== undefined && known > now
        ? {
            condition: and(gt('emptyAt', now), le('emptyAt', now + toleranceOf(rate))),
            add: { emptyAt: intervalOf(rate) },
            set: expires,
          }
        : {
            condition: or(absent('emptyAt'), le('emptyAt', now)),
            set: { emptyAt: ruling.emptyAt, ...expires },
          }),
    });
    const found = bucketSchema.safeParse(written.item);
    if (found.success) remember(buckets, bucket, found.data.emptyAt);
    // Removed by hand: nothing is known of it any more.
    else buckets.delete(bucket);
    if (written.ok) return ruling;
  }
};

/** The oldest goes first. */
const remember = <T>(map: Map<string, T>, key: string, value: T): void => {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > REMEMBERED && oldest !== undefined) map.delete(oldest);
};
