/**
 * Counter shards are escrow: K items, each with its own sub-limit. Whoever admits adds one to a shard that is below
 * its sub-limit, so the sum can never pass the limit, whatever happens at the same time on other shards.
 *
 * The promise rests on one inequality, which every change of sub-limits must keep:
 *     sum over shards of max(active, sub-limit)  <=  max(limit, active in all)
 */
import * as z from 'zod';
import { limitsKey, SHARD_PREFIX } from './items.ts';
import type { Item } from './store.ts';

export const limitsSchema = z.object({
  globalLimit: z.int().min(0),
  /** For users without a limit of their own. Each shard's item has it as well: an admission is held to it there. */
  userLimit: z.int().min(0),
  shards: z.int().min(1),
});
export type Limits = z.infer<typeof limitsSchema>;

export const counterSchema = z.object({ active: z.int(), limit: z.int().optional(), version: z.int() });
const shardSchema = counterSchema.required();

export type Shard = {
  readonly shard: number;
  readonly active: number;
  readonly limit: number;
  readonly version: number;
};
export type Capacity = {
  readonly limits: Limits;
  readonly shards: readonly Shard[];
  readonly active: number;
};

/** One counter up to 200; above, 8: one counter fails near 40 admissions a second (docs/performance.md). */
export const shardsFor = (globalLimit: number): number => (globalLimit > 200 ? 8 : 1);

/** From the items of the GLOBAL partition; undefined where they were never made. */
export const parseCapacity = (items: readonly Item[]): Capacity | undefined => {
  const limitsItem = items.find((item) => item.sk === limitsKey.sk);
  if (!limitsItem) return undefined;
  const shards = items.flatMap((item): Shard[] => {
    const sk = item.sk;
    if (typeof sk !== 'string' || !sk.startsWith(SHARD_PREFIX)) return [];
    const counter = shardSchema.parse(item);
    return [{ shard: Number(sk.slice(SHARD_PREFIX.length)), ...counter }];
  });
  return {
    limits: limitsSchema.parse(limitsItem),
    shards: shards.sort((a, b) => a.shard - b.shard),
    active: shards.reduce((sum, s) => sum + s.active, 0),
  };
};

/**
 * A shard with room, drawn in proportion to its room: contenders that read the same counts spread out instead of all
 * meeting at the emptiest. `random` in [0, 1). Undefined: every shard is full.
 */
export const pickShard = (capacity: Capacity, random: number): Shard | undefined => {
  const withRoom = capacity.shards.filter((s) => s.active < s.limit);
  let ticket = random * withRoom.reduce((sum, s) => sum + s.limit - s.active, 0);
  for (const shard of withRoom) {
    ticket -= shard.limit - shard.active;
    if (ticket < 0) return shard;
  }
  return withRoom[0];
};

/**
 * Sub-limits for `limit` over `k` shards, given what each holds now (`actives` may be longer than k after a limit was
 * lowered: those shards only drain). Room is spread evenly. Above the limit nothing is handed out: with several
 * shards a release in one would open a slot there while the sum is still too high.
 */
export const distribute = (limit: number, k: number, actives: readonly number[]): number[] => {
  const shards = Math.max(k, actives.length);
  const active = (i: number): number => Math.max(0, actives[i] ?? 0);
  const total = actives.reduce((sum, _, i) => sum + active(i), 0);
  if (shards === 1) return [limit];
  if (total > limit) return Array.from({ length: shards }, () => 0);
  const room = limit - total;
  return Array.from({ length: shards }, (_, i) =>
    i < k ? active(i) + Math.floor(room / k) + (i < room % k ? 1 : 0) : active(i),
  );
};
