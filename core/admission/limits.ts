/** Limits at run time: for all, for users, for requests. How the counters follow is in capacity.ts. */
import type { LimitsView } from '../../contract/bodies/admin.ts';
import type { BoundsChange } from '../../contract/bounds.ts';
import { Problem } from '../../contract/errors.ts';
import type { Rate } from '../../contract/rate.ts';
import { boundsFrom, setBounds } from '../access/bounds.ts';
import { readRates, setRate } from '../access/rate.ts';
import type { Deps } from '../deps.ts';
import { quotaListing, userQuotaKey } from '../items.ts';
import { RETRY, retryTransient } from '../retry.ts';
import { type Capacity, counterSchema, type Limits, shardsFor } from './capacity.ts';
import { beginChange, ensureCapacity, settle } from './read-capacity.ts';

type Needs = Pick<Deps, 'store' | 'clock' | 'sleep' | 'ids' | 'settings'>;

export type LimitsChange = {
  readonly global?: number | undefined;
  readonly userDefault?: number | undefined;
  readonly rateDefault?: Rate | null | undefined;
  /** `null`: back to the default. */
  readonly user?:
    | {
        readonly userId: string;
        readonly limit?: number | null | undefined;
        readonly rate?: Rate | null | undefined;
        readonly bounds?: BoundsChange | undefined;
      }
    | undefined;
  /** For users without their own. */
  readonly bounds?: BoundsChange | undefined;
};

/**
 * Changes limits at run time. Lowering one blocks new admissions and stops no session. Once this answers, no
 * admission passes the new limits, and none is refused for the old ones. A change without an answer may be in force,
 * or the next caller may complete it. Throws 503 if the database is out for long.
 */
export const changeLimits = async (deps: Needs, change: LimitsChange): Promise<Capacity> => {
  const { global, userDefault } = change;
  if (global !== undefined || userDefault !== undefined) {
    await changeCapacity(deps, ({ limits }) => {
      const globalLimit = global ?? limits.globalLimit;
      return {
        globalLimit,
        userLimit: userDefault ?? limits.userLimit,
        shards: Math.max(limits.shards, shardsFor(globalLimit)),
      };
    });
  }
  const { user, rateDefault, bounds } = change;
  if (user?.limit !== undefined) await setUserLimit(deps, user.userId, user.limit);
  if (user?.rate !== undefined) await written(deps, () => setRate(deps, user.userId, user.rate ?? null));
  const ownBounds = user?.bounds;
  if (ownBounds !== undefined) await written(deps, () => setBounds(deps, user?.userId, ownBounds));
  if (bounds !== undefined) {
    await ensureCapacity(deps);
    await written(deps, () => setBounds(deps, undefined, bounds));
  }
  if (rateDefault !== undefined) await written(deps, () => setRate(deps, undefined, rateDefault));
  return ensureCapacity(deps);
};

/** Until the change is through, or another one that came later has taken its place. */
const changeCapacity = (deps: Needs, wantedFrom: (before: Capacity) => Limits): Promise<void> => {
  let begun: number | undefined;
  return untilWritten(deps, async () => {
    const capacity = await ensureCapacity(deps);
    if (begun !== undefined && capacity.generation > begun) return true;
    const wanted = wantedFrom(capacity);
    if (!isSame(capacity.limits, wanted)) {
      begun = await beginChange(deps, capacity, wanted);
      return begun !== undefined && settle(deps, await ensureCapacity(deps));
    }
    begun = capacity.generation;
    return settle(deps, capacity);
  });
};

const isSame = (a: Limits, b: Limits): boolean =>
  a.globalLimit === b.globalLimit && a.userLimit === b.userLimit && a.shards === b.shards;

const setUserLimit = (deps: Needs, userId: string, limit: number | null): Promise<void> =>
  written(deps, () =>
    deps.store.write({
      kind: 'update',
      key: userQuotaKey(userId),
      ...(limit === null ? { remove: ['limit'] } : {}),
      set: { ...quotaListing(userId), ...(limit === null ? {} : { limit }) },
      add: { active: 0, version: 1 },
    }),
  );

const written = (deps: Needs, write: () => Promise<unknown>): Promise<void> =>
  untilWritten(deps, async () => {
    await write();
    return true;
  });

const untilWritten = (deps: Needs, write: () => Promise<boolean>): Promise<void> =>
  retryTransient<void>(
    deps,
    CHANGE_BUDGET_MS,
    async () => ((await write()) ? undefined : RETRY),
    () => {
      throw new Problem('unavailable', 'The database is too busy to change the limits; try again.', {
        retryAfterSeconds: 2,
      });
    },
    OFTEN,
  );

/** API Gateway gives a function 30 s. */
const CHANGE_BUDGET_MS = 20_000;

/** Admissions wait while a change is unfinished, and each of its steps has one other transaction to get past. */
const OFTEN = { baseMs: 10, capMs: 100 };

/** The limits as a caller sees them, with the counts against them. */
export const limitsView = async (deps: Needs, userId: string): Promise<LimitsView> => {
  const [capacity, quota, rates] = await Promise.all([
    ensureCapacity(deps),
    deps.store.get(userQuotaKey(userId)),
    readRates(deps, userId),
  ]);
  const counter = quota && counterSchema.parse(quota);
  const bounds = boundsFrom(deps.settings, capacity.item, quota);
  return {
    global: { limit: capacity.limits.globalLimit, active: capacity.active },
    userDefault: capacity.limits.userLimit,
    user: {
      userId,
      limit: counter?.limit ?? capacity.limits.userLimit,
      active: counter?.active ?? 0,
      own: counter?.limit !== undefined,
      rate: rates.own ?? rates.byDefault ?? null,
      ownRate: rates.own !== undefined,
      bounds: bounds.inForce,
      ownBounds: bounds.own,
    },
    rateDefault: rates.byDefault ?? null,
    bounds: bounds.byDefault,
  };
};
