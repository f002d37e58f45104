import type * as z from 'zod';
import type { Bounds } from '../../contract/bounds.ts';
import { boundsFrom } from '../access/bounds.ts';
import type { Deps } from '../deps.ts';
import { userQuotaKey } from '../items.ts';
import { absent, and, type Condition, lt, ltAttr, or } from '../store.ts';
import { type Capacity, counterSchema, pickShard, type Shard } from './capacity.ts';
import { ensureCapacity } from './read-capacity.ts';

type Needs = Pick<Deps, 'store' | 'ids' | 'settings'>;

/** The counters on which an admission is decided. */
export type CapacitySnapshot = { readonly capacity: Capacity; readonly user: UserCounter };
export type UserCounter = {
  readonly active: number;
  readonly limit: number;
  readonly version: number;
  /** Starts a minute; 0: any number. */
  readonly starts: number;
  readonly startsUntil: number | undefined;
};

/**
 * Reads the counters for an admission of this user, and the bounds, which are attributes of the same items. Each counter
 * is read at a different moment.
 */
export const readSnapshot = async (
  deps: Needs,
  userId: string,
): Promise<CapacitySnapshot & { readonly bounds: Bounds }> => {
  const [capacity, quota] = await Promise.all([ensureCapacity(deps), deps.store.get(userQuotaKey(userId))]);
  const { active, limit, version, startsUntil } = quota ? counterSchema.parse(quota) : NEVER_SEEN;
  const { inForce: bounds } = boundsFrom(deps.settings, capacity.item, quota);
  return {
    capacity,
    bounds,
    user: {
      active,
      limit: limit ?? capacity.limits.userLimit,
      version,
      starts: bounds.starts,
      startsUntil,
    },
  };
};

const NEVER_SEEN: z.infer<typeof counterSchema> = { active: 0, version: 0 };

/** Whether the user's limit is reached, independent of the shards. */
export const userIsFull = ({ user }: CapacitySnapshot): boolean => user.active >= user.limit;

/** The shard to take a slot from; undefined when the user's limit is reached or every shard is full. */
export const roomFor = (seen: CapacitySnapshot, random: number): Shard | undefined =>
  userIsFull(seen) ? undefined : pickShard(seen.capacity.shards, random);

/** `active < limit`. A user without their own limit has the default; a user without a counter has no active session. */
export const userHasRoom = ({ limits }: Capacity): Condition =>
  or(
    ltAttr('active', 'limit'),
    and(absent('limit'), lt('active', limits.userLimit)),
    ...(limits.userLimit > 0 ? [absent('active')] : []),
  );
