import { expect } from 'vitest';
import { counterSchema } from '../../../core/admission/capacity.ts';
import { type Slot, slotsOf } from '../../../core/admission/holders.ts';
import { readCapacity } from '../../../core/admission/read-capacity.ts';
import { sessionKey, userQuotaKey } from '../../../core/items.ts';
import { nameOf, parseSession, type Session, userOf } from '../../../core/lifecycle/session.ts';
import type { AdmissionDeps } from './deps.ts';

type Contender = { readonly userId: string; readonly name: string };

/** Everything that says who holds a slot, read while no contender runs. */
type Census = {
  readonly globalLimit: number;
  readonly shards: readonly { readonly shard: number; readonly active: number; readonly limit: number }[];
  readonly users: ReadonlyMap<string, number>;
  readonly slots: readonly Slot[];
  /** Of those contenders that have one. */
  readonly sessions: readonly Session[];
  readonly holders: readonly Session[];
};

export const takeCensus = async (
  { store }: AdmissionDeps,
  contenders: readonly Contender[],
): Promise<Census> => {
  const capacity = await readCapacity({ store });
  if (!capacity) throw new Error('The limits were never made.');
  const userIds = [...new Set(contenders.map(({ userId }) => userId))];
  const users = await Promise.all(
    userIds.map(async (userId): Promise<[string, number]> => {
      const quota = await store.get(userQuotaKey(userId));
      return [userId, quota ? counterSchema.parse(quota).active : 0];
    }),
  );
  const slots = await Promise.all(capacity.shards.map(({ shard }) => slotsOf({ store }, shard)));
  const items = await store.getMany(contenders.map(({ userId, name }) => sessionKey(userId, name)));
  const sessions = items.map(parseSession);
  return {
    globalLimit: capacity.limits.globalLimit,
    shards: capacity.shards,
    users: new Map(users),
    slots: slots.flat(),
    sessions,
    holders: sessions.filter(({ slotShard }) => slotShard !== undefined),
  };
};

/** Counters = slot items = sessions with a slot, for each shard and each user, and nothing above a limit. */
export const expectNothingOverOrLeaked = (census: Census, userLimit: number): void => {
  const { shards, users, slots, holders, sessions } = census;
  expect(slots.map(slotText).toSorted()).toEqual(holders.map(holderText).toSorted());
  for (const { shard, active, limit } of shards) {
    expect({ shard, active }).toEqual({ shard, active: slots.filter((s) => s.shard === shard).length });
    expect(active).toBeLessThanOrEqual(limit);
  }
  for (const [userId, active] of users) {
    expect({ userId, active }).toEqual({ userId, active: slots.filter((s) => s.userId === userId).length });
    expect(active).toBeLessThanOrEqual(userLimit);
  }
  expect(holders.length).toBeLessThanOrEqual(census.globalLimit);
  for (const { state, slotShard } of sessions) {
    expect([state, slotShard !== undefined]).toEqual([state, state === 'PENDING']);
  }
};

const slotText = ({ shard, userId, name, sessionId, epoch }: Slot): string =>
  [shard, userId, name, sessionId, epoch].join(' ');

const holderText = (session: Session): string =>
  [session.slotShard, userOf(session), nameOf(session), session.sessionId, session.epoch].join(' ');
