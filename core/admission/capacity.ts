/**
 * Counter shards are escrow: K items, each with its own sub-limit. An admission adds one to a shard that is below its
 * sub-limit, so the sum can never pass the limit, with any simultaneous changes of other shards.
 *
 * The promise rests on one inequality, which every change of sub-limits must keep:
 *     sum over shards of max(active, sub-limit)  <=  max(limit, active in all)
 *
 * A change of limits keeps it shard by shard (core/admission/read-capacity.ts): each generation of limits closes
 * every shard, then opens every shard.
 */
import * as z from 'zod';
import { limitsKey, SHARD_PREFIX } from '../items.ts';
import type { Item } from '../store.ts';

const limitsSchema = z.object({
  globalLimit: z.int().min(0),
  /** For users without their own limit. */
  userLimit: z.int().min(0),
  /** At least so many; a shard once made stays. */
  shards: z.int().min(1),
});
export type Limits = z.infer<typeof limitsSchema>;

/** Counts the changes of limits; absent, 0, if there was none yet. */
const generation = z.int().min(0).default(0);

const limitsItemSchema = limitsSchema.extend({
  generation,
  /** The sub-limits of this generation, by shard; absent until all shards were closed for it. */
  plan: z.array(z.int().min(0)).optional(),
});

export const counterSchema = z.object({
  active: z.int(),
  limit: z.int().optional(),
  version: z.int(),
  /** Of a user's counter: until when its starts are worth (µs; start-rate.ts). */
  startsUntil: z.number().optional(),
});

const shardSchema = counterSchema
  .omit({ startsUntil: true })
  .required()
  .extend({
    /** Of the limits that it is open under, or closed for. */
    generation,
    /** The shard admits no session until it has its sub-limit of that generation; its limit is 0. */
    closed: z.boolean().default(false),
  });

export type Shard = z.infer<typeof shardSchema> & { readonly shard: number };
export type Capacity = {
  readonly limits: Limits;
  readonly generation: number;
  readonly plan: readonly number[] | undefined;
  readonly shards: readonly Shard[];
  readonly active: number;
  /** The limits' item as stored, for what else it holds. */
  readonly item: Item;
};

/** One counter up to 200; above, 8: one counter fails near 40 admissions a second (docs/performance.md). */
export const shardsFor = (globalLimit: number): number => (globalLimit > 200 ? 8 : 1);

/** From the items of the GLOBAL partition; undefined if they were never made. */
export const parseCapacity = (items: readonly Item[]): Capacity | undefined => {
  const limitsItem = items.find((item) => item.sk === limitsKey.sk);
  if (!limitsItem) return undefined;
  const shards = items.flatMap((item): Shard[] => {
    const sk = item.sk;
    if (typeof sk !== 'string' || !sk.startsWith(SHARD_PREFIX)) return [];
    const counter = shardSchema.parse(item);
    return [{ shard: Number(sk.slice(SHARD_PREFIX.length)), ...counter }];
  });
  const { generation, plan, ...limits } = limitsItemSchema.parse(limitsItem);
  return {
    limits,
    generation,
    plan,
    shards: shards.sort((a, b) => a.shard - b.shard),
    active: shards.reduce((sum, s) => sum + s.active, 0),
    item: limitsItem,
  };
};

/** Every shard is open under the limits as they stand: no change of limits is unfinished. */
export const isSettled = ({ limits, generation, shards }: Capacity): boolean =>
  shards.length >= limits.shards && shards.every((s) => s.generation === generation && !s.closed);

/**
 * Whether two reads, one after the other, show the same: then at the moment between them everything was as it was
 * read. One read does not show that, because it sees each shard at a different moment.
 */
export const isSameState = (a: Capacity, b: Capacity): boolean =>
  a.generation === b.generation &&
  a.shards.length === b.shards.length &&
  a.shards.every((shard, i) => shard.version === b.shards[i]?.version);

/**
 * A shard with room, drawn in proportion to its room: contenders that read the same counts spread out instead of all
 * meeting at the emptiest. `random` in [0, 1). Undefined: every shard is full.
 */
export const pickShard = <S extends Pick<Shard, 'active' | 'limit'>>(
  shards: readonly S[],
  random: number,
): S | undefined => {
  const withRoom = shards.filter((s) => s.active < s.limit);
  let ticket = random * withRoom.reduce((sum, s) => sum + s.limit - s.active, 0);
  for (const shard of withRoom) {
    ticket -= shard.limit - shard.active;
    if (ticket < 0) return shard;
  }
  return withRoom[0];
};

/**
 * Sub-limits for `limit` over at least `k` shards, given what each holds now. Room is spread evenly. Above the limit
 * nothing is handed out: with several shards a release in one would open a slot there while the sum is still too high.
 */
export const distribute = (limit: number, k: number, actives: readonly number[]): number[] => {
  const shards = Math.max(k, actives.length);
  const active = (i: number): number => Math.max(0, actives[i] ?? 0);
  const total = actives.reduce((sum, _, i) => sum + active(i), 0);
  if (shards === 1) return [limit];
  if (total > limit) return Array.from({ length: shards }, () => 0);
  const room = limit - total;
  return Array.from(
    { length: shards },
    (_, i) => active(i) + Math.floor(room / shards) + (i < room % shards ? 1 : 0),
  );
};
