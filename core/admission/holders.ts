import * as z from 'zod';
import type { Control } from '../control.ts';
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
export const slotsOf = async (control: Pick<Control, 'store'>, shard: number): Promise<Slot[]> => {
  const items = await queryAll(control, { partition: slotsPartition(shard) });
  return items.map((item) => {
    const { sk, ...slot } = slotSchema.parse(item);
    return { shard, sessionId: sk, ...slot };
  });
};

/** Every session that holds a slot, each read consistently. */
export const listHolders = async (control: Pick<Control, 'store'>): Promise<Session[]> => {
  const capacity = await readCapacity(control);
  const slots = await Promise.all((capacity?.shards ?? []).map(({ shard }) => slotsOf(control, shard)));
  const items = await control.store.getMany(slots.flat().map(({ userId, name }) => sessionKey(userId, name)));
  return items.map(parseSession).filter((session) => session.slotShard !== undefined);
};
