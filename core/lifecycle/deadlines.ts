import { isLinkingStatus, type StopReason } from '../../contract/lifecycle.ts';
import type { WorkerDeadlines } from '../../contract/worker/protocol.ts';
import type { Settings } from '../settings.ts';
import { isTaskKnown } from './launching.ts';
import type { Session } from './session.ts';

/**
 * The latest time (ms) for something, and why the session ends when it passes. Three end nothing by themselves:
 * `launch_due` repeats a launch of which no task is known, `restart_due` makes that of a restart, `stop_grace` forces a
 * stop that hangs.
 */
export type Deadline = {
  readonly at: number;
  readonly reason:
    | Extract<StopReason, 'qr_expired' | 'idle' | 'max_duration' | 'start_timeout' | 'heartbeat_lost'>
    | LaunchDeadline
    | 'stop_grace';
};

type LaunchDeadline = 'launch_due' | 'restart_due';

/** Whether a task is to be launched when it passes; nothing ends by it. */
export const isLaunchDeadline = (reason: Deadline['reason']): reason is LaunchDeadline =>
  reason === 'launch_due' || reason === 'restart_due';

type Timed = Pick<
  Session,
  | 'state'
  | 'status'
  | 'config'
  | 'taskArn'
  | 'workerSecretHash'
  | 'startedAt'
  | 'restartAt'
  | 'lastActivityAt'
  | 'lastHeartbeatAt'
  | 'qrSince'
  | 'passkeySince'
  | 'stoppingAt'
>;

/** A session's own policy, never above the environment's. Absent: never. */
const policyOf = (config: Session['config'], settings: Settings) => ({
  idleMs: config.keepAlive
    ? undefined
    : Math.min(config.idleTimeoutSeconds ?? Number.POSITIVE_INFINITY, settings.idleTimeoutSeconds) * 1000,
  maxDurationMs: config.keepAlive
    ? undefined
    : Math.min(config.maxDurationSeconds ?? Number.POSITIVE_INFINITY, settings.maxDurationSeconds) * 1000,
});

/** When the launch of the present epoch was due (ms): at its admission, or later by a restart. */
export const launchDueAt = ({ restartAt, startedAt = 0 }: Pick<Session, 'restartAt' | 'startedAt'>): number =>
  restartAt ?? startedAt;

/** When the session ends at the latest (ms)in every case; undefined: never. Restarts do not move it. */
export const maxEndAt = (
  { config, startedAt = 0 }: Pick<Session, 'config' | 'startedAt'>,
  settings: Settings,
): number | undefined => {
  const { maxDurationMs } = policyOf(config, settings);
  return maxDurationMs === undefined ? undefined : startedAt + maxDurationMs;
};

/**
 * All deadlines of a session that holds a slot, earliest first.
 *
 * Idle and QR deadlines bind only while the client is in the status that they speak of; a worker's silence and the
 * maximum duration bind always. The reaper adds its own delay: the worker ends itself on the second.
 */
export const deadlinesOf = (session: Timed, settings: Settings): Deadline[] => {
  const { idleMs } = policyOf(session.config, settings);
  const maxAt = maxEndAt(session, settings);
  const startedAt = session.startedAt ?? 0;
  const launchAt = launchDueAt(session);
  const deadlines: Deadline[] = [];
  const add = (reason: Deadline['reason'], at: number) => deadlines.push({ at, reason });

  if (session.state === 'STOPPING') {
    // Without a worker there is nothing to save: the launch has ended by then, and the sweep asks the engine for its task.
    const graceSeconds = isTaskKnown(session) ? settings.stopGraceSeconds : settings.launchRetrySeconds;
    add('stop_grace', (session.stoppingAt ?? startedAt) + graceSeconds * 1000);
  } else {
    if (maxAt !== undefined) add('max_duration', maxAt);
    if (session.taskArn === undefined) {
      if (session.restartAt !== undefined) add('restart_due', launchAt);
      else add('launch_due', launchAt + settings.launchRetrySeconds * 1000);
    }
    if (session.state === 'PENDING' || session.state === 'STARTING') {
      add('start_timeout', launchAt + settings.startTimeoutSeconds * 1000);
    }
    if (session.state === 'RUNNING' && isLinkingStatus(session.status)) {
      // A scan that led to a passkey starts the time for linking once more, and only once.
      const since = session.passkeySince ?? session.qrSince ?? startedAt;
      add('qr_expired', since + settings.qrTimeoutSeconds * 1000);
    }
    if (session.state === 'RUNNING' && session.status === 'WORKING' && idleMs !== undefined) {
      add('idle', (session.lastActivityAt ?? startedAt) + idleMs);
    }
    if (session.lastHeartbeatAt !== undefined) {
      add('heartbeat_lost', session.lastHeartbeatAt + settings.heartbeatTimeoutSeconds * 1000);
    }
  }
  return deadlines.sort((a, b) => a.at - b.at);
};

type DueEntry = { readonly nextDeadlineAt: number; readonly expectedEndAt: number };

/**
 * The session's entry in the due index: when the reaper must look at it next, and when its slot is expected back
 * (ms), which leaves out the deadlines that only a fault lets pass.
 */
export const dueAttributes = (session: Timed, settings: Settings): DueEntry => {
  const deadlines = deadlinesOf(session, settings);
  const horizon = (session.startedAt ?? 0) + settings.maxDurationSeconds * 1000;
  const expected = deadlines.find((d) => !FAULT_DEADLINES.includes(d.reason));
  return { nextDeadlineAt: deadlines[0]?.at ?? horizon, expectedEndAt: expected?.at ?? horizon };
};

/** Ends that are further away than this are all the same to what reads the index (Retry-After). */
export const FORESEEN_MS = 60_000;

/**
 * The entry after a change of the session. Each heartbeat puts its deadline off, and an entry that moves costs more than
 * the item: so one that is early enough stays, and is moved by the last heartbeat before it.
 *
 *   heartbeat ── +60 s: stays ── +120 s: stays ── +180 s, as the entry is due: moves to +360 s
 *
 * It is never later than the deadline. A sweep that finds one that is early looks at the session, ends nothing, and moves
 * the entry.
 *
 * @param session with its entry before
 * @param now ms
 */
export const dueAfterChange = (session: Entered, settings: Settings, now: number): DueEntry => {
  const due = dueAttributes(session, settings);
  const { nextDeadlineAt, expectedEndAt } = session;
  if (nextDeadlineAt === undefined || expectedEndAt === undefined) return due;
  // The next heartbeat comes about as the entry is due: a sweep between the two is rare, and does no harm.
  const nextReportAt = now + 900 * settings.heartbeatSeconds;
  const mayStay = nextDeadlineAt <= due.nextDeadlineAt && nextDeadlineAt >= nextReportAt;
  const isForeseen =
    expectedEndAt === due.expectedEndAt ||
    (expectedEndAt < due.expectedEndAt && expectedEndAt >= nextReportAt + FORESEEN_MS);
  return mayStay && isForeseen ? { nextDeadlineAt, expectedEndAt } : due;
};

type Entered = Timed & Pick<Session, 'nextDeadlineAt' | 'expectedEndAt'>;

const FAULT_DEADLINES: readonly Deadline['reason'][] = [
  'launch_due',
  'restart_due',
  'start_timeout',
  'heartbeat_lost',
];

/** The deadlines that the worker needs to end itself in time. */
export const workerDeadlines = (session: Timed, settings: Settings): WorkerDeadlines => {
  const { idleMs } = policyOf(session.config, settings);
  const maxAt = maxEndAt(session, settings);
  return {
    qrTimeoutMs: settings.qrTimeoutSeconds * 1000,
    ...(idleMs === undefined ? {} : { idleTimeoutMs: idleMs }),
    ...(maxAt === undefined ? {} : { maxAt }),
    startBy: launchDueAt(session) + settings.startTimeoutSeconds * 1000,
  };
};
