/**
 * Admission: one transaction takes a slot from the global limit and from the user's, and makes the session PENDING
 * under a new epoch. Either all of it happened or none of it.
 */
import { applyChange, toItem } from '../apply.ts';
import type { Deps } from '../deps.ts';
import { outboxWrite } from '../events/outbox.ts';
import { DUE_BUCKETS, quotaListing, shardKey, userQuotaKey } from '../items.ts';
import { type Admitted, commit } from '../lifecycle/commit.ts';
import { dueAttributes } from '../lifecycle/deadlines.ts';
import { nextEpoch, slotWrite } from '../lifecycle/epoch.ts';
import { parseSession, type Session, userOf } from '../lifecycle/session.ts';
import { RETRY } from '../retry.ts';
import { and, type Change, ltAttr, type Write } from '../store.ts';
import { isSettled } from './capacity.ts';
import { isOfGeneration, settle } from './read-capacity.ts';
import { rejectIfFull } from './reject-if-full.ts';
import { readSnapshot, roomFor, userHasRoom } from './room.ts';

type Needs = Pick<Deps, 'store' | 'clock' | 'sleep' | 'ids' | 'settings' | 'metrics'>;

/**
 * Admits the session. `sessionWrites` are those of the session itself; `mine` and `refused` are those of `commit`.
 * Throws 429 where a limit is reached, and what `commit` throws.
 */
export const admit = (
  deps: Needs,
  session: Session,
  sessionWrites: (admitted: Session, change: Change) => Write[],
  isThisAdmission: (found: Session | undefined) => boolean,
  refused: () => Promise<Admitted>,
): Promise<Admitted> => {
  const userId = userOf(session);
  return commit(
    deps,
    async (attempt) => {
      const seen = await readSnapshot(deps, userId);
      const { capacity } = seen;
      if (!isSettled(capacity)) {
        // Another caller is applying new limits. If it crashed, a waiting caller finishes its work.
        if (attempt % HELP_EVERY === HELP_EVERY - 1) await settle(deps, capacity);
        return RETRY;
      }
      const shard = roomFor(seen, deps.ids.random());
      if (!shard) return rejectIfFull(deps, userId, seen);
      const change = admission(deps, session, shard.shard);
      const admitted = parseSession(applyChange(toItem(session), change));
      return {
        session: admitted,
        writes: [
          ...sessionWrites(admitted, change),
          slotWrite(admitted, shard.shard),
          outboxWrite(deps, admitted, { event: 'session.admitted', payload: { epoch: admitted.epoch } }),
          {
            kind: 'update',
            key: userQuotaKey(userId),
            condition: userHasRoom(capacity),
            set: quotaListing(userId),
            ...ONE_MORE,
          },
          {
            kind: 'update',
            key: shardKey(shard.shard),
            // The user's condition uses the default limit as it was read; the generation proves that it is still current.
            condition: and(ltAttr('active', 'limit'), isOfGeneration(capacity.generation)),
            ...ONE_MORE,
          },
        ],
      };
    },
    isThisAdmission,
    refused,
  );
};

/** Attempts that wait for a change of limits before one of them helps. */
const HELP_EVERY = 4;

/** What the session item becomes under a new epoch. */
const admission = (deps: Needs, session: Session, shard: number): Change => {
  const now = deps.clock();
  const { set, remove } = nextEpoch(deps, session);
  const fresh = {
    ...set,
    slotShard: shard,
    startedAt: now,
    dueBucket: DUE_BUCKETS[Math.floor(deps.ids.random() * DUE_BUCKETS.length)] ?? DUE_BUCKETS[0],
  };
  return {
    set: { ...fresh, ...dueAttributes({ ...fresh, config: session.config }, deps.settings) },
    add: { version: 1 },
    remove: [...remove, 'restartAt', 'restarts', 'restartReason'],
  };
};

const ONE_MORE: Change = { add: { active: 1, version: 1 } };
