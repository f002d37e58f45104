import type { LimitsView } from '../api/admin.ts';
import {
  type Capacity,
  counterSchema,
  distribute,
  type Limits,
  parseCapacity,
  shardsFor,
} from '../capacity.ts';
import type { Control } from '../control.ts';
import { Problem } from '../errors.ts';
import { GLOBAL_PARTITION, limitsKey, quotaListing, shardKey, userQuotaKey } from '../items.ts';
import type { Rate } from '../rate.ts';
import { RETRY, retrying } from '../retry.ts';
import { absent, and, eq, exists, isPassing, le, StoreUnavailable, type Write } from '../store.ts';
import { everyItem } from './every.ts';
import { readRates, setRate } from './rate.ts';

type Needs = Pick<Control, 'store' | 'clock' | 'sleep' | 'ids' | 'settings'>;

/** Limits and shards as they stand, read consistently; made from the settings where the table is new. */
export const ensureCapacity = async (control: Needs): Promise<Capacity> => {
  const found = await readCapacity(control);
  if (found) return found;
  const { globalLimit, userLimit } = control.settings;
  const limits: Limits = { globalLimit, userLimit, shards: shardsFor(globalLimit) };
  // Two first callers race for this; the loser's conditions fail and it reads what the winner wrote.
  await control.store.transact(
    [
      { kind: 'put', key: limitsKey, item: { ...limitsKey, ...limits }, condition: absent('pk') },
      ...distribute(globalLimit, limits.shards, []).map(
        (limit, shard): Write => ({
          kind: 'put',
          key: shardKey(shard),
          item: { ...shardKey(shard), active: 0, limit, userLimit, version: 0 },
          condition: absent('pk'),
        }),
      ),
    ],
    control.ids.secret().slice(0, 36),
  );
  const made = await readCapacity(control);
  if (!made) throw new StoreUnavailable('the limits could not be made');
  return made;
};

/** Undefined where no limits were made yet. */
export const readCapacity = async (control: Pick<Control, 'store'>): Promise<Capacity | undefined> =>
  parseCapacity(await everyItem(control, { partition: GLOBAL_PARTITION }));

/**
 * Spreads the room over the shards again, for the limits given (or as they are). All sub-limits change in one
 * transaction, which keeps the inequality in core/capacity.ts whatever the counts did since they were read: sub-limits
 * that sum to the limit hold while no count is above its own; one shard's, or none at all, always. Requiring unmoved
 * counts instead would let steady admissions keep a limit from ever being changed. Returns false where a count is
 * above by now, or the limits are others; read again and repeat.
 */
export const rebalance = async (
  control: Needs,
  capacity: Capacity,
  limits: Limits = capacity.limits,
): Promise<boolean> => {
  const known = capacity.shards;
  const actives = Array.from({ length: Math.max(limits.shards, ...known.map((s) => s.shard + 1)) }, (_, i) =>
    known.find((s) => s.shard === i),
  );
  const sublimits = distribute(
    limits.globalLimit,
    limits.shards,
    actives.map((s) => s?.active ?? 0),
  );
  const anyCount = sublimits.length === 1 || sublimits.every((limit) => limit === 0);
  const result = await control.store.transact(
    [
      {
        kind: 'update',
        key: limitsKey,
        set: limits,
        condition: and(
          eq('globalLimit', capacity.limits.globalLimit),
          eq('userLimit', capacity.limits.userLimit),
          eq('shards', capacity.limits.shards),
        ),
      },
      ...sublimits.map((limit, i) =>
        actives[i]
          ? resized(i, { limit, userLimit: limits.userLimit }, anyCount)
          : opened(i, { limit, userLimit: limits.userLimit }),
      ),
    ],
    control.ids.secret().slice(0, 36),
  );
  return result.ok;
};

type Sublimits = { readonly limit: number; readonly userLimit: number };

const resized = (index: number, sublimits: Sublimits, anyCount: boolean): Write => ({
  kind: 'update',
  key: shardKey(index),
  set: sublimits,
  add: { version: 1 },
  condition: anyCount ? exists('active') : le('active', sublimits.limit),
});

const opened = (index: number, sublimits: Sublimits): Write => ({
  kind: 'put',
  key: shardKey(index),
  item: { ...shardKey(index), active: 0, ...sublimits, version: 0 },
  condition: absent('pk'),
});

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
      }
    | undefined;
};

/** Changes limits at run time. Lowering one blocks new admissions and stops nobody. Throws 503 under contention. */
export const changeLimits = async (control: Needs, change: LimitsChange): Promise<Capacity> => {
  if (change.global !== undefined || change.userDefault !== undefined) {
    const { global, userDefault } = change;
    await untilWritten(control, async () => {
      const capacity = await ensureCapacity(control);
      const globalLimit = global ?? capacity.limits.globalLimit;
      return rebalance(control, capacity, {
        globalLimit,
        userLimit: userDefault ?? capacity.limits.userLimit,
        shards: shardsFor(globalLimit),
      });
    });
  }
  const { user, rateDefault } = change;
  if (user?.limit !== undefined) await setUserLimit(control, user.userId, user.limit);
  if (user?.rate !== undefined)
    await written(control, () => setRate(control, user.userId, user.rate ?? null));
  if (rateDefault !== undefined) await written(control, () => setRate(control, undefined, rateDefault));
  return ensureCapacity(control);
};

const setUserLimit = (control: Needs, userId: string, limit: number | null): Promise<void> =>
  written(control, () =>
    control.store.write({
      kind: 'update',
      key: userQuotaKey(userId),
      ...(limit === null ? { remove: ['limit'] } : {}),
      set: { ...quotaListing(userId), ...(limit === null ? {} : { limit }) },
      add: { active: 0, version: 1 },
    }),
  );

const written = (control: Needs, write: () => Promise<unknown>): Promise<void> =>
  untilWritten(control, async () => {
    await write();
    return true;
  });

const untilWritten = (control: Needs, write: () => Promise<boolean>): Promise<void> =>
  retrying<void>(
    control,
    10_000,
    async () => {
      try {
        return (await write()) ? undefined : RETRY;
      } catch (error) {
        if (isPassing(error)) return RETRY;
        throw error;
      }
    },
    () => {
      throw new Problem('unavailable', 'The limits are changing under load; try again.', {
        retryAfterSeconds: 2,
      });
    },
    EVERY_SHARD,
  );

/** All shards at once must be free of admissions for a moment: more tries, not longer waits, find that moment. */
const EVERY_SHARD = { baseMs: 25, capMs: 100 };

/** The limits as a caller sees them, with the counts against them. */
export const limitsView = async (control: Needs, userId: string): Promise<LimitsView> => {
  const [capacity, quota, rates] = await Promise.all([
    ensureCapacity(control),
    control.store.get(userQuotaKey(userId)),
    readRates(control, userId),
  ]);
  const counter = quota && counterSchema.parse(quota);
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
    },
    rateDefault: rates.byDefault ?? null,
  };
};
