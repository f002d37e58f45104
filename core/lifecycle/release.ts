/**
 * The one way in which an epoch ends. Any number of callers (the worker's final report, ECS's event that the task
 * stopped, the reaper, an admin) may report the end: exactly one call has an effect. It frees the slot, or, if the
 * restart policy says so, begins the next epoch on the same slot in the same transaction:
 *
 *   epoch 3 RUNNING ── task lost ── one transaction: epoch 3 ends, epoch 4 PENDING, slot and counters unchanged
 *                                      └─ launch due at `restartAt` (restart-launch.ts)
 */

import { type StopReason, terminalState } from '../../contract/lifecycle.ts';
import { restartRuleOf } from '../../contract/restart.ts';
import { applyChange, toItem } from '../apply.ts';
import type { Deps } from '../deps.ts';
import { outboxWrite, publish } from '../events/outbox.ts';
import { sessionKey, shardKey, slotKey, userQuotaKey } from '../items.ts';
import { transactionToken } from '../ports.ts';
import { RETRY, retryTransient } from '../retry.ts';
import { and, type Change, eq, ge, type Key, StoreUnavailable, type Write } from '../store.ts';
import { dueAttributes, maxEndAt } from './deadlines.ts';
import { nextEpoch, slotWrite } from './epoch.ts';
import { findSession } from './load.ts';
import { type AfterLoss, afterLoss } from './restart.ts';
import { isLinked, nameOf, parseSession, type Session, userOf } from './session.ts';
import { statusAttributes } from './statuses.ts';

type Needs = Pick<
  Deps,
  'store' | 'events' | 'clock' | 'sleep' | 'ids' | 'sha256' | 'settings' | 'metrics' | 'log'
>;

const RELEASE_BUDGET_MS = 15_000;

/** The attributes that a session loses with its slot: everything that belonged to the task of this epoch. */
const TASK_ATTRIBUTES = [
  'slotShard',
  'dueBucket',
  'nextDeadlineAt',
  'expectedEndAt',
  'launching',
  'taskArn',
  'workerTaskArn',
  'standby',
  'bootstrapToken',
  'workerSecretHash',
  'commandSecret',
  'address',
  'page',
  'builds',
  'qrSince',
  'qrCodes',
  'passkeySince',
  'statusDataHash',
  'stoppingAt',
  'restartAt',
];

type Release = {
  readonly session: Session;
  /** false: this epoch had ended before. */
  readonly ended: boolean;
};

/**
 * Ends the session's epoch: frees its slot, or begins the next epoch on it by the restart policy. A stop that was
 * asked for keeps the reason it was asked for, except that `logged_out` outweighs it: the account is gone. The caller
 * must know that nothing of the epoch's task runs. Throws StoreUnavailable if the database does not answer.
 */
export const release = async (
  deps: Needs,
  session: Session,
  reason: StopReason,
  detail?: string,
): Promise<Release> => {
  const outcome = await endEpoch(deps, session, reason, detail);
  if (outcome.ended) await publish(deps, outcome.session);
  return outcome;
};

const endEpoch = async (
  deps: Omit<Needs, 'events'>,
  session: Session,
  reason: StopReason,
  detail?: string,
): Promise<Release> => {
  const { epoch, sessionId } = session;
  let drifted = new Set<string>();
  let next: AfterLoss = { kind: 'end' };

  const outcome = await retryTransient<Release>(
    deps,
    RELEASE_BUDGET_MS,
    async (n) => {
      // The cause of the earlier failure may have changed the session.
      const known = n === 0 ? session : await findSession(deps, userOf(session), nameOf(session));
      if (!known || known.sessionId !== sessionId) return { session, ended: false };
      if (known.epoch !== epoch || known.slotShard === undefined) return { session: known, ended: false };
      const stopReason = reasonOf(known, reason);
      next = afterLoss(known, stopReason, {
        now: deps.clock(),
        random: deps.ids.random(),
        isLinked: isLinked(known),
        maxAt: maxEndAt(known, deps.settings),
      });
      const change =
        next.kind === 'restart'
          ? restarting(deps, known, stopReason, next)
          : ending(deps, known, stopReason, detail, next);
      const ended = parseSession(applyChange(toItem(known), change));
      const writes =
        next.kind === 'restart'
          ? [
              sessionWrite(known, known.slotShard, change),
              slotWrite(ended, known.slotShard),
              restartingEvent(deps, ended, stopReason, detail),
            ]
          : [
              ...releaseWrites(known, known.slotShard, change).map((w) =>
                drifted.has(w.key.pk) ? touched(w.key) : w,
              ),
              stoppedEvent(deps, ended, detail, next),
            ];
      const result = await deps.store.transact(writes, transactionToken(deps.ids));
      if (result.ok) return { session: ended, ended: true };
      if (!result.failed[0]) {
        // A counter below one while a slot is held is drift; the slot must come back all the same. The reconciler counts
        // again, and must see that a slot was released.
        drifted = new Set(writes.filter((_, i) => i > 0 && result.failed[i]).map((w) => w.key.pk));
        deps.metrics.count('CounterDrift', 1);
      }
      return RETRY;
    },
    () => {
      throw new StoreUnavailable('the slot could not be released in time; the reaper will');
    },
  );

  if (outcome.ended) count(deps, outcome.session, reason, next);
  return outcome;
};

const count = (deps: Pick<Deps, 'metrics'>, session: Session, reason: StopReason, next: AfterLoss): void => {
  if (next.kind === 'restart') {
    deps.metrics.count('SessionsRestarted', 1, { Reason: session.restartReason ?? reason });
    return;
  }
  deps.metrics.count('SessionsEnded', 1, { Reason: session.stopReason ?? reason });
  if (next.kind === 'gave_up') deps.metrics.count('RestartsGivenUp', 1);
};

const reasonOf = (session: Session, reason: StopReason): StopReason =>
  reason === 'logged_out' ? reason : session.state === 'STOPPING' ? (session.stopReason ?? reason) : reason;

const ending = (
  deps: Pick<Deps, 'clock'>,
  session: Session,
  stopReason: StopReason,
  detail: string | undefined,
  next: AfterLoss,
): Change => {
  const state = next.kind === 'gave_up' ? 'FAILED' : terminalState(stopReason);
  const gaveUp = next.kind === 'gave_up' ? `given up after ${next.attempts} restarts` : undefined;
  const words = [gaveUp, detail].filter((part) => part !== undefined).join(': ');
  return {
    set: {
      state,
      ...statusAttributes(session, state, deps.clock()),
      stopReason,
      stoppedAt: deps.clock(),
      ...(words === '' ? {} : { detail: words }),
    },
    remove: TASK_ATTRIBUTES,
    add: { version: 1 },
  };
};

/** The next epoch on the same slot. The account, the slot and the time of the admission stay. */
const restarting = (
  deps: Pick<Deps, 'ids' | 'settings' | 'clock'>,
  session: Session,
  restartReason: StopReason,
  { at, restarts }: Extract<AfterLoss, { kind: 'restart' }>,
): Change => {
  const { set, remove } = nextEpoch(deps, session, restartReason);
  const fresh = { ...set, restartAt: at, restarts: [...restarts], restartReason };
  const { startedAt, config } = session;
  const timed = { ...fresh, config, ...(startedAt === undefined ? {} : { startedAt }) };
  return {
    set: { ...fresh, ...dueAttributes(timed, deps.settings) },
    remove,
    add: { version: 1 },
  };
};

const sessionWrite = (session: Session, shard: number, change: Change): Write => ({
  kind: 'update',
  key: sessionKey(userOf(session), nameOf(session)),
  condition: and(
    eq('sessionId', session.sessionId),
    eq('epoch', session.epoch),
    eq('slotShard', shard),
    eq('version', session.version),
  ),
  ...change,
});

const releaseWrites = (session: Session, shard: number, change: Change): Write[] => [
  sessionWrite(session, shard, change),
  { kind: 'update', key: userQuotaKey(userOf(session)), condition: ge('active', 1), ...ONE_LESS },
  { kind: 'update', key: shardKey(shard), condition: ge('active', 1), ...ONE_LESS },
  { kind: 'delete', key: slotKey(shard, session.sessionId) },
];

const stoppedEvent = (deps: EventDeps, ended: Session, detail: string | undefined, next: AfterLoss): Write =>
  outboxWrite(deps, ended, {
    event: 'session.stopped',
    payload: {
      ...(ended.stopReason === undefined ? {} : { stopReason: ended.stopReason }),
      state: ended.state,
      status: ended.status,
      ...(detail === undefined ? {} : { detail }),
      ...(next.kind === 'gave_up' ? { restarts: next.attempts } : {}),
    },
  });

type EventDeps = Pick<Deps, 'clock' | 'ids'>;

const restartingEvent = (
  deps: EventDeps,
  after: Session,
  reason: StopReason,
  detail: string | undefined,
): Write =>
  outboxWrite(deps, after, {
    event: 'session.restarting',
    payload: {
      epoch: after.epoch,
      reason,
      status: after.status,
      attempt: after.restarts?.length ?? 0,
      maxAttempts: restartRuleOf(after.config).maxAttempts,
      nextAttemptAt: after.restartAt ?? deps.clock(),
      ...(detail === undefined ? {} : { detail }),
    },
  });

const ONE_LESS: Change = { add: { active: -1, version: 1 } };

const touched = (key: Key): Write => ({ kind: 'update', key, add: { active: 0, version: 1 } });
