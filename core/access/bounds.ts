/**
 * Bounds on one user's use of shared resources: how many waits, deliveries, starts a minute, stored sessions, and how
 * large a config. A user's own bound is an attribute of their quota item, that of all users one of the limits' item;
 * without either, the environment's setting holds.
 */
import * as z from 'zod';
import {
  BOUND_NAMES,
  type BoundName,
  type Bounds,
  type BoundsChange,
  boundsSchema,
} from '../../contract/bounds.ts';
import type { Deps } from '../deps.ts';
import { limitsKey, quotaListing, userQuotaKey } from '../items.ts';
import type { Settings } from '../settings.ts';
import { type Change, type Item, isTransient } from '../store.ts';

const attributeOf = (name: BoundName): `bound_${BoundName}` => `bound_${name}`;

const someBounds = boundsSchema.partial();
type SomeBounds = Readonly<z.infer<typeof someBounds>>;

/** The bounds that an item sets. An invalid attribute is ignored. */
const setIn = (item: Item | undefined): SomeBounds => {
  const found = Object.fromEntries(
    BOUND_NAMES.flatMap((name) => {
      const value = boundsSchema.shape[name].safeParse(item?.[attributeOf(name)]);
      return value.success ? [[name, value.data] as const] : [];
    }),
  );
  return someBounds.parse(found);
};

const over = (bounds: Bounds, changed: SomeBounds): Bounds => ({
  waits: changed.waits ?? bounds.waits,
  deliveries: changed.deliveries ?? bounds.deliveries,
  starts: changed.starts ?? bounds.starts,
  stored: changed.stored ?? bounds.stored,
  configBytes: changed.configBytes ?? bounds.configBytes,
});

const ofSettings = (settings: Settings): Bounds => ({
  waits: settings.openWaitsPerUser,
  deliveries: settings.deliveriesPerUser,
  starts: settings.startsPerMinute,
  stored: settings.storedSessionsPerUser,
  configBytes: settings.configBytes,
});

type BoundsOfUser = {
  /** Of users without their own. */
  readonly byDefault: Bounds;
  readonly own: SomeBounds;
  readonly inForce: Bounds;
};

/** @param limitsItem and `quotaItem` as they are stored; undefined: there is none */
export const boundsFrom = (
  settings: Settings,
  limitsItem: Item | undefined,
  quotaItem: Item | undefined,
): BoundsOfUser => {
  // The deliverer's concurrency is finite: no run-time value gives one user more than their share of it.
  const shared = (bounds: Bounds): Bounds => ({
    ...bounds,
    deliveries: Math.min(bounds.deliveries, settings.mostDeliveriesPerUser),
  });
  const byDefault = shared(over(ofSettings(settings), setIn(limitsItem)));
  const own = setIn(quotaItem);
  return { byDefault, own, inForce: shared(over(byDefault, own)) };
};

type Needs = Pick<Deps, 'store' | 'settings'>;

const readBounds = async (deps: Needs, userId: string): Promise<BoundsOfUser> => {
  const [limitsItem, quotaItem] = await Promise.all([
    deps.store.get(limitsKey),
    deps.store.get(userQuotaKey(userId)),
  ]);
  return boundsFrom(deps.settings, limitsItem, quotaItem);
};

/** The bound in force. While the database does not answer, the environment's. */
export const boundOf = async (deps: Needs, userId: string, name: BoundName): Promise<number> => {
  try {
    return (await readBounds(deps, userId)).inForce[name];
  } catch (error) {
    if (!isTransient(error)) throw error;
    return boundsFrom(deps.settings, undefined, undefined).byDefault[name];
  }
};

/** @param userId undefined: for users without their own. The limits' item must exist. */
export const setBounds = async (
  deps: Pick<Deps, 'store'>,
  userId: string | undefined,
  change: BoundsChange,
): Promise<void> => {
  const named = BOUND_NAMES.map((name) => [attributeOf(name), change[name]] as const);
  const set = Object.fromEntries(named.filter(([, value]) => typeof value === 'number'));
  const remove = named.flatMap(([attribute, value]) => (value === null ? [attribute] : []));
  const bounds: Change = { set: z.record(z.string(), z.number()).parse(set), remove };
  await deps.store.write(
    userId === undefined
      ? { kind: 'update', key: limitsKey, ...bounds }
      : {
          kind: 'update',
          key: userQuotaKey(userId),
          ...bounds,
          set: { ...bounds.set, ...quotaListing(userId) },
          add: { active: 0, version: 1 },
        },
  );
};
