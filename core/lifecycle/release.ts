/**
 * The one door through which a slot comes back. Whoever calls (the worker's last word, ECS's word that the task
 * stopped, the reaper, an admin), and however often: exactly one call has an effect.
 */

import { type StopReason, terminalState } from '../../contract/lifecycle.ts';
import { applyChange, toItem } from '../apply.ts';
import type { Control } from '../control.ts';
import { announce, outboxWrite } from '../events/outbox.ts';
import { sessionKey, shardKey, slotKey, userQuotaKey } from '../items.ts';
import { transactionToken } from '../ports.ts';
import { RETRY, retrying } from '../retry.ts';
import { and, type Change, eq, ge, type Key, StoreUnavailable, type Write } from '../store.ts';
import { findSession } from './load.ts';
import { nameOf, parseSession, type Session, userOf } from './session.ts';

type Needs = Pick<Control, 'store' | 'events' | 'clock' | 'sleep' | 'ids' | 'sha256' | 'metrics' | 'log'>;

const RELEASE_BUDGET_MS = 15_000;

/** What a session loses with its slot: everything that belonged to the task of this epoch. */
const TASK_ATTRIBUTES = [
  'slotShard',
  'dueBucket',
  'nextDeadlineAt',
  'expectedEndAt',
  'taskArn',
  'workerTaskArn',
  'bootstrapToken',
  'workerSecretHash',
  'commandSecret',
  'address',
  'page',
  'builds',
  'qrSince',
  'passkeySince',
  'statusDataHash',
  'stoppingAt',
];

export type Release = {
  readonly session: Session;
  /** false: this epoch's slot had been released before. */
  readonly released: boolean;
};

/**
 * Ends `epoch` of the session and frees its slot. A stop that was asked for keeps the reason it was asked for, except
 * that `logged_out` outweighs it: the account is gone. Throws StoreUnavailable where the database does not answer.
 */
export const release = async (
  control: Needs,
  session: Session,
  reason: StopReason,
  detail?: string,
): Promise<Release> => {
  const { epoch, sessionId } = session;
  let drifted = new Set<string>();

  const outcome = await retrying<Release>(
    control,
    RELEASE_BUDGET_MS,
    async (n) => {
      // Whatever made the attempt before fail may have changed the session.
      const known = n === 0 ? session : await findSession(control, userOf(session), nameOf(session));
      if (!known || known.sessionId !== sessionId) return { session, released: false };
      if (known.epoch !== epoch || known.slotShard === undefined) return { session: known, released: false };
      const change = ending(control, known, reason, detail);
      const ended = parseSession(applyChange(toItem(known), change));
      const writes = [
        ...releaseWrites(known, known.slotShard, change).map((w) =>
          drifted.has(w.key.pk) ? touched(w.key) : w,
        ),
        told(control, ended, detail),
      ];
      const result = await control.store.transact(writes, transactionToken(control.ids));
      if (result.ok) {
        return { session: ended, released: true };
      }
      if (!result.failed[0]) {
        // A counter below one while a slot is held is drift; the slot must come back all the same. The reconciler
        // counts anew, and must see that a holder went.
        drifted = new Set(writes.filter((_, i) => i > 0 && result.failed[i]).map((w) => w.key.pk));
        control.metrics.count('CounterDrift', 1);
      }
      return RETRY;
    },
    () => {
      throw new StoreUnavailable('the slot could not be released in time; the reaper will');
    },
  );

  if (outcome.released) {
    control.metrics.count('SessionsEnded', 1, { Reason: outcome.session.stopReason ?? reason });
    await announce(control, outcome.session);
  }
  return outcome;
};

const ending = (control: Needs, session: Session, reason: StopReason, detail: string | undefined): Change => {
  const stopReason =
    reason === 'logged_out' ? reason : session.state === 'STOPPING' ? (session.stopReason ?? reason) : reason;
  const state = terminalState(stopReason);
  return {
    set: {
      state,
      status: state,
      stopReason,
      stoppedAt: control.clock(),
      ...(detail === undefined ? {} : { detail }),
    },
    remove: TASK_ATTRIBUTES,
    add: { version: 1 },
  };
};

const releaseWrites = (session: Session, shard: number, change: Change): Write[] => [
  {
    kind: 'update',
    key: sessionKey(userOf(session), nameOf(session)),
    condition: and(
      eq('sessionId', session.sessionId),
      eq('epoch', session.epoch),
      eq('slotShard', shard),
      eq('version', session.version),
    ),
    ...change,
  },
  { kind: 'update', key: userQuotaKey(userOf(session)), condition: ge('active', 1), ...ONE_LESS },
  { kind: 'update', key: shardKey(shard), condition: ge('active', 1), ...ONE_LESS },
  { kind: 'delete', key: slotKey(shard, session.sessionId) },
];

const told = (control: Needs, ended: Session, detail: string | undefined): Write =>
  outboxWrite(control, ended, {
    event: 'session.stopped',
    payload: {
      ...(ended.stopReason === undefined ? {} : { stopReason: ended.stopReason }),
      state: ended.state,
      status: ended.status,
      ...(detail === undefined ? {} : { detail }),
    },
  });

const ONE_LESS: Change = { add: { active: -1, version: 1 } };

const touched = (key: Key): Write => ({ kind: 'update', key, add: { active: 0, version: 1 } });
