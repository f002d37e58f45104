import type * as z from 'zod';
import type { Control } from '../control.ts';
import { userQuotaKey } from '../items.ts';
import { absent, and, type Condition, lt, ltAttr, or } from '../store.ts';
import { type Capacity, counterSchema, pickShard, type Shard } from './capacity.ts';
import { ensureCapacity } from './read-capacity.ts';

type Needs = Pick<Control, 'store' | 'ids' | 'settings'>;

/** All that an admission is decided on. */
export type Seen = { readonly capacity: Capacity; readonly user: UserCounter };
export type UserCounter = { readonly active: number; readonly limit: number; readonly version: number };

/** Reads all that an admission of the user's is decided on, each counter at a moment of its own. */
export const look = async (control: Needs, userId: string): Promise<Seen> => {
  const [capacity, quota] = await Promise.all([
    ensureCapacity(control),
    control.store.get(userQuotaKey(userId)),
  ]);
  const { active, limit, version } = quota ? counterSchema.parse(quota) : NEVER_SEEN;
  return { capacity, user: { active, limit: limit ?? capacity.limits.userLimit, version } };
};

const NEVER_SEEN: z.infer<typeof counterSchema> = { active: 0, version: 0 };

/** Whether the user's limit leaves no room, whatever the shards have. */
export const userIsFull = ({ user }: Seen): boolean => user.active >= user.limit;

/** The shard to take a slot from; undefined where the user's limit or every shard is full. */
export const roomFor = (seen: Seen, random: number): Shard | undefined =>
  userIsFull(seen) ? undefined : pickShard(seen.capacity.shards, random);

/** `active < limit`, where a user without a limit of their own has the default, and one never seen has none active. */
export const userHasRoom = ({ limits }: Capacity): Condition =>
  or(
    ltAttr('active', 'limit'),
    and(absent('limit'), lt('active', limits.userLimit)),
    ...(limits.userLimit > 0 ? [absent('active')] : []),
  );
