/**
 * The reaper: each sweep looks at what is due and at nothing else. The index proposes; the item as read decides, and
 * every action carries its own condition. Workers end themselves on the second; this is for those that can't.
 */
import pMap from 'p-map';
import { listHolders } from '../admission/holders.ts';
import type { Deps } from '../deps.ts';
import { trimFeeds } from '../events/feed.ts';
import { sweepOutbox } from '../events/outbox.ts';
import { DUE_BUCKETS } from '../items.ts';
import { updateActiveSession } from '../lifecycle/change.ts';
import { type Deadline, deadlinesOf, isLaunchDeadline } from '../lifecycle/deadlines.ts';
import { findTask } from '../lifecycle/find-task.ts';
import { relaunch } from '../lifecycle/launch.ts';
import { findSession } from '../lifecycle/load.ts';
import { release } from '../lifecycle/release.ts';
import { waitsForRestart } from '../lifecycle/restart.ts';
import { launchRestarts } from '../lifecycle/restart-launch.ts';
import type { Session } from '../lifecycle/session.ts';
import { stopSession, stopTask } from '../lifecycle/stop.ts';
import { lastRunOf } from '../observability/health.ts';
import type { Use } from '../observability/history.ts';
import { measureUse } from '../observability/measure.ts';
import { TaskEngineUnavailable } from '../ports.ts';
import { queryAll } from '../query-all.ts';
import { isBraked, isLate, passCap } from './brake.ts';
import { clearSweeps, hadTimeForHeartbeat } from './sweeps.ts';

type Needs = Pick<
  Deps,
  'store' | 'tasks' | 'events' | 'clock' | 'sleep' | 'ids' | 'sha256' | 'settings' | 'metrics' | 'log'
>;

export type SweepReport = {
  readonly due: number;
  readonly acted: Readonly<Record<string, number>>;
  readonly failed: number;
  /** Too many workers were silent at once: none was stopped for it. */
  readonly braked: boolean;
  /** When the sweeps before came to their end, as far as the next one needs to know (sweeps.ts). */
  readonly sweepsBefore: readonly number[];
  /** Once the sweep was made. */
  readonly use: Use;
};

/** Sessions at once; each is a few calls. */
const CONCURRENCY = 8;

/**
 * One sweep: what is due, and the events that others left over. A session that fails is logged and left for the next;
 * an index that can't be read aborts the sweep. Silent sessions come last: whether their silence is their own shows only
 * beside all others (brake.ts).
 */
export const reap = async (deps: Needs): Promise<SweepReport> => {
  const acted: Record<string, number> = {};
  const silent: Session[] = [];
  let failed = 0;
  const restarting: Session[] = [];
  const last = await lastRunOf(deps, 'reaper');
  const sweeps = last && clearSweeps(last);
  const each = <T>(items: readonly T[], handle: (item: T) => Promise<void>, nameOf: (item: T) => Named) =>
    pMap(
      items,
      async (item) => {
        try {
          await handle(item);
        } catch (error) {
          failed += 1;
          const { userId, name } = nameOf(item);
          deps.log.error('a due session could not be handled', { userId, name, error: String(error) });
        }
      },
      { concurrency: CONCURRENCY },
    );
  const end = async (session: Session, deadline: Deadline): Promise<void> => {
    const after = await act(deps, session, deadline, sweeps);
    if (after === LEFT) return;
    if (after && after.epoch !== session.epoch && waitsForRestart(after)) restarting.push(after);
    acted[deadline.reason] = (acted[deadline.reason] ?? 0) + 1;
    deps.metrics.count('SessionsReaped', 1, { Reason: deadline.reason });
  };

  const due = await dueSessions(deps);
  await each(
    due,
    async ({ userId, name }) => {
      const session = await findSession(deps, userId, name);
      if (!session || session.slotShard === undefined) return;
      const passed = passedOf(session, deps);
      if (passed.length === 0) {
        await refreshDue(deps, session);
        return;
      }
      const counted = countedOf(session, passed, deps);
      const first = firstOf(counted);
      if (counted.some(isSilence)) silent.push(session);
      else if (first) await end(session, first);
    },
    (named) => named,
  );
  const braked = silent.length > 0 && (await mustBrake(deps));
  await each(
    silent,
    async (session) => {
      const counted = countedOf(session, passedOf(session, deps), deps);
      const deadline = braked ? await dueWhileBraked(deps, session, counted) : firstOf(counted);
      if (deadline) await end(session, deadline);
    },
    ({ listUser, listName }) => ({ userId: listUser, name: listName }),
  );
  deps.metrics.count('ReaperBraked', braked ? 1 : 0);
  await launchRestarts(deps, restarting);
  failed += await sweepOutbox(deps);
  deps.metrics.count('SweepFailures', failed);
  const use = await measureUse(deps);
  await trimFeeds(deps);
  return { due: due.length, acted, failed, braked, sweepsBefore: sweeps ?? [], use };
};

type Named = { readonly userId: string; readonly name: string };

const isSilence = ({ reason }: Deadline): boolean => reason === 'heartbeat_lost';

const passedOf = (session: Session, deps: Needs): Deadline[] =>
  deadlinesOf(session, deps.settings).filter((d) => d.at <= deps.clock());

/** They rest on what the worker reported: since then, the session may have been used or linked. */
const OF_REPORTS: readonly Deadline['reason'][] = ['idle', 'qr_expired'];

/**
 * Of the deadlines that have passed, those that a sweep may act on. What rests on reports counts once one has come since,
 * and while the worker is not late: activity may be as old as a heartbeat before it is reported.
 *
 *   last activity known ──────────── a message ── idle, as far as is known ── sweep ── report: used since
 *
 * A worker that can work ends itself on the second; one that cannot is silent soon.
 */
const countedOf = (session: Session, passed: readonly Deadline[], { clock, settings }: Needs): Deadline[] => {
  const reportedAt = session.lastHeartbeatAt ?? Number.POSITIVE_INFINITY;
  const late = isLate(session, settings.heartbeatSeconds, clock());
  return passed.filter(({ reason, at }) => !OF_REPORTS.includes(reason) || (reportedAt >= at && !late));
};

/** A launch that stays due must not hide that the start, or the whole session, has run out of time. */
const firstOf = (passed: readonly Deadline[]): Deadline | undefined =>
  passed.find((d) => !isLaunchDeadline(d.reason)) ?? passed[0];

/**
 * Whether too many workers are late at once while their tasks run. If the engine does not report the running tasks:
 * yes.
 */
const mustBrake = async (deps: Needs): Promise<boolean> => {
  const { clock, log, settings } = deps;
  const holders = await listHolders(deps);
  const late = holders.filter((session) => isLate(session, settings.heartbeatSeconds, clock()));
  if (!isBraked(late.length, holders.length)) return false;
  const running = await runningTasks(deps);
  const alive = running ? late.filter((session) => running.has(taskOf(session))) : late;
  const braked = isBraked(alive.length, holders.length);
  if (braked)
    log.error('too many workers are silent at once; none is stopped for it', {
      silent: alive.length,
      sessions: holders.length,
      allowed: passCap(holders.length),
    });
  return braked;
};

const taskOf = ({
  sessionId,
  epoch,
}: {
  readonly sessionId?: string | undefined;
  readonly epoch?: number | undefined;
}) => `${sessionId}:${epoch}`;

/** The running tasks, by session and epoch; undefined if the engine gives no clear answer. */
const runningTasks = async (deps: Needs): Promise<ReadonlySet<string> | undefined> => {
  try {
    return new Set((await deps.tasks.list()).map(taskOf));
  } catch (error) {
    if (error instanceof TaskEngineUnavailable) return undefined;
    throw error;
  }
};

/** The reasons that end a silent session all the same: its task is gone, or it has had its time. */
const dueWhileBraked = async (
  deps: Needs,
  session: Session,
  counted: readonly Deadline[],
): Promise<Deadline | undefined> =>
  (await taskIsGone(deps, session))
    ? counted.find(isSilence)
    : counted.find(({ reason }) => reason === 'max_duration');

const dueSessions = async (deps: Needs): Promise<{ userId: string; name: string }[]> => {
  const upTo = deps.clock();
  const pages = await Promise.all(
    DUE_BUCKETS.map((partition) => queryAll(deps, { index: 'due', partition, upTo })),
  );
  return pages
    .flat()
    .flatMap(({ listUser, listName }) =>
      typeof listUser === 'string' && typeof listName === 'string'
        ? [{ userId: listUser, name: listName }]
        : [],
    );
};

/** No deadline has passed: the entry was left early (dueAfterChange), or the settings changed since the item was written. */
const refreshDue = (deps: Needs, session: Session) => updateActiveSession(deps, session, () => ({ set: {} }));

const timesOf = ({ clock, settings }: Needs) => ({
  now: clock(),
  heartbeatMs: settings.heartbeatSeconds * 1000,
});

/** It is due and left for the next sweep. */
const LEFT = Symbol('left');

/** Returns the session if its epoch was ended. */
const act = async (
  deps: Needs,
  session: Session,
  deadline: Deadline,
  sweeps: readonly number[] | undefined,
): Promise<Session | undefined | typeof LEFT> => {
  // A message or a heartbeat may come between the read and the write, and then nothing is due any more.
  const stillDue = (now: Session): boolean =>
    deadlinesOf(now, deps.settings).some((d) => d.reason === deadline.reason && d.at <= deps.clock());
  switch (deadline.reason) {
    case 'launch_due':
    case 'restart_due':
      await relaunch(deps, session);
      return undefined;
    case 'start_timeout':
      // Not released outright: a worker may call for the first time just now.
      await stopSession(
        deps,
        session,
        session.taskArn === undefined && session.workerSecretHash === undefined
          ? 'launch_failed'
          : 'start_timeout',
        stillDue,
      );
      return undefined;
    case 'qr_expired':
    case 'idle':
    case 'max_duration':
      await stopSession(deps, session, deadline.reason, stillDue);
      return undefined;
    case 'heartbeat_lost':
      if (await taskIsGone(deps, session)) {
        return (await release(deps, session, 'heartbeat_lost', 'the task is gone')).session;
      }
      if (!hadTimeForHeartbeat(sweeps, deadline.at, timesOf(deps))) return LEFT;
      await stopSession(deps, session, 'heartbeat_lost', stillDue);
      return undefined;
    case 'stop_grace':
      return forceStop(deps, session);
  }
};

/** The slot is free only once the task is: a second task on the same auth state would tear it. */
const forceStop = async (deps: Needs, session: Session): Promise<Session | undefined> => {
  const reason = session.stopReason ?? 'crashed';
  const task = await findTask(deps, session);
  if (!task || task.stopped) return (await release(deps, session, reason)).session;
  await stopTask(deps, task.taskArn, reason);
  return undefined;
};

/** False if the engine gives no clear answer. */
const taskIsGone = async (deps: Needs, session: Session): Promise<boolean> => {
  try {
    const task = await findTask(deps, session);
    return task === undefined || task.stopped;
  } catch (error) {
    if (error instanceof TaskEngineUnavailable) return false;
    throw error;
  }
};
