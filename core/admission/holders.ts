import * as z from 'zod';
import type { Deps } from '../deps.ts';
import { sessionKey, slotsPartition } from '../items.ts';
import { parseSession, type Session } from '../lifecycle/session.ts';
import { queryAll } from '../query-all.ts';
import { readCapacity } from './read-capacity.ts';

const slotSchema = z.object({ sk: z.string(), userId: z.string(), name: z.string(), epoch: z.int() });

export type Slot = {
  readonly shard: number;
  readonly sessionId: string;
  readonly userId: string;
  readonly name: string;
  readonly epoch: number;
};

/** The slots held in one shard, read consistently. */
export const slotsOf = async (deps: Pick<Deps, 'store'>, shard: number): Promise<Slot[]> => {
  const items = await queryAll(deps, { partition: slotsPartition(shard) });
  return items.map((item) => {
    const { sk, ...slot } = slotSchema.parse(item);
    return { shard, sessionId: sk, ...slot };
  });
};

/** Every session that holds a slot, each read consistently. */
export const listHolders = async (deps: Pick<Deps, 'store'>): Promise<Session[]> => {
  const capacity = await readCapacity(deps);
  const slots = await Promise.all((capacity?.shards ?? []).map(({ shard }) => slotsOf(deps, shard)));
  const items = await deps.store.getMany(slots.flat().map(({ userId, name }) => sessionKey(userId, name)));
  return items.map(parseSession).filter((session) => session.slotShard !== undefined);
};
