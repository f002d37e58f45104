import { Problem } from '../../contract/errors.ts';
import type { Deps } from '../deps.ts';
import { type Capacity, isSameState } from './capacity.ts';
import { beginChange } from './read-capacity.ts';
import { secondsUntilRoom, secondsUntilUserRoom } from './retry-after.ts';
import { type CapacitySnapshot, readSnapshot, type UserCounter, userIsFull } from './room.ts';

type Needs = Pick<Deps, 'store' | 'clock' | 'ids' | 'settings' | 'metrics'>;

/**
 * The 429 if there was a moment without room; undefined: the admission is to be tried again. A snapshot reads each
 * counter at a different moment:
 *
 *   shard 1 read: full ── released there, admitted on shard 2 ── shard 2 read: full
 *
 * There was room at every moment. Two equal snapshots in a row prove a moment between them at which all was full. If they
 * differ, a counter changed, and the next attempt reads it again.
 */
export const confirmFull = async (
  deps: Needs,
  userId: string,
  seen: CapacitySnapshot,
): Promise<Problem | undefined> => {
  const again = await readSnapshot(deps, userId);
  if (!isSameState(seen.capacity, again.capacity) || seen.user.version !== again.user.version) return;
  if (userIsFull(seen)) return userLimitReached(deps, userId, seen.user);
  const { capacity } = seen;
  if (capacity.active >= capacity.limits.globalLimit) return globalLimitReached(deps, capacity);
  // The sub-limits date from a time with more active sessions than the limit allows: distribute the free room again.
  await beginChange(deps, capacity, capacity.limits);
  return;
};

export const userLimitReached = async (
  deps: Pick<Needs, 'store' | 'clock' | 'settings' | 'metrics'>,
  userId: string,
  { active, limit }: UserCounter,
): Promise<Problem> => {
  deps.metrics.count('AdmissionsRefused', 1, { Scope: 'user' });
  return new Problem(
    'too_many',
    `The limit of ${limit} concurrent sessions for user "${userId}" is reached (${active} active).`,
    { scope: 'user', limit, active, retryAfterSeconds: await secondsUntilUserRoom(deps, userId) },
  );
};

const globalLimitReached = async (deps: Needs, capacity: Capacity): Promise<Problem> => {
  const limit = capacity.limits.globalLimit;
  deps.metrics.count('AdmissionsRefused', 1, { Scope: 'global' });
  return new Problem(
    'too_many',
    `The limit of ${limit} concurrent sessions is reached (${capacity.active} active).`,
    { scope: 'global', limit, active: capacity.active, retryAfterSeconds: await secondsUntilRoom(deps) },
  );
};
