/**
 * The reaper: each sweep looks at what is due and at nothing else. The index proposes; the item as read decides, and
 * every action carries its own condition. Workers end themselves on the second; this is for those that can't.
 */
import pMap from 'p-map';
import type { Control } from '../control.ts';
import { trimFeeds } from '../events/feed.ts';
import { sweepOutbox } from '../events/outbox.ts';
import { everyItem } from '../every.ts';
import { DUE_BUCKETS } from '../items.ts';
import { changeHolder } from '../lifecycle/change.ts';
import { type Deadline, deadlinesOf } from '../lifecycle/deadlines.ts';
import { findTask } from '../lifecycle/find-task.ts';
import { relaunch } from '../lifecycle/launch.ts';
import { findSession } from '../lifecycle/load.ts';
import { release } from '../lifecycle/release.ts';
import type { Session } from '../lifecycle/session.ts';
import { stopSession, stopTask } from '../lifecycle/stop.ts';
import { lastRun } from '../observability/health.ts';
import type { Use } from '../observability/history.ts';
import { measureUse } from '../observability/measure.ts';
import { TaskEngineUnavailable } from '../ports.ts';

type Needs = Pick<
  Control,
  'store' | 'tasks' | 'events' | 'clock' | 'sleep' | 'ids' | 'sha256' | 'settings' | 'metrics' | 'log'
>;

export type SweepReport = {
  readonly due: number;
  readonly acted: Readonly<Record<string, number>>;
  readonly failed: number;
  /** Once the sweep was made. */
  readonly use: Use;
};

/** Sessions at once; each is a few calls. */
const CONCURRENCY = 8;

/**
 * One sweep: what is due, and the events that others left over. A session that fails is logged and left for the next;
 * an index that can't be read aborts the sweep.
 */
export const reap = async (control: Needs): Promise<SweepReport> => {
  const acted: Record<string, number> = {};
  let failed = 0;
  let lastSweep: Promise<number | undefined> | undefined;
  const sweptAt = () => (lastSweep ??= lastRun(control, 'reaper'));
  const due = await dueSessions(control);
  await pMap(
    due,
    async ({ userId, name }) => {
      try {
        const session = await findSession(control, userId, name);
        if (!session || session.slotShard === undefined) return;
        const first = firstPassed(session, control);
        if (!first) {
          await refreshDue(control, session);
          return;
        }
        if (!(await act(control, session, first, sweptAt))) return;
        acted[first.reason] = (acted[first.reason] ?? 0) + 1;
        control.metrics.count('SessionsReaped', 1, { Reason: first.reason });
      } catch (error) {
        failed += 1;
        control.log.error('a due session could not be handled', { userId, name, error: String(error) });
      }
    },
    { concurrency: CONCURRENCY },
  );
  failed += await sweepOutbox(control);
  control.metrics.count('SweepFailures', failed);
  const use = await measureUse(control);
  await trimFeeds(control);
  return { due: due.length, acted, failed, use };
};

/** A launch that stays due must not hide that the start, or the whole session, has run out of time. */
const firstPassed = (session: Session, control: Needs): Deadline | undefined => {
  const passed = deadlinesOf(session, control.settings).filter((d) => d.at <= control.clock());
  return passed.find((d) => d.reason !== 'launch_due') ?? passed[0];
};

const dueSessions = async (control: Needs): Promise<{ userId: string; name: string }[]> => {
  const upTo = control.clock();
  const pages = await Promise.all(
    DUE_BUCKETS.map((partition) => everyItem(control, { index: 'due', partition, upTo })),
  );
  return pages
    .flat()
    .flatMap(({ listUser, listName }) =>
      typeof listUser === 'string' && typeof listName === 'string'
        ? [{ userId: listUser, name: listName }]
        : [],
    );
};

/** The settings changed since the item was written: it says due where nothing is. */
const refreshDue = (control: Needs, session: Session) => changeHolder(control, session, () => ({ set: {} }));

/** False: it is due and left for the next sweep. */
const act = async (
  control: Needs,
  session: Session,
  deadline: Deadline,
  sweptAt: () => Promise<number | undefined>,
): Promise<boolean> => {
  // A message or a heartbeat may come between the read and the write, and then nothing is due any more.
  const stillDue = (now: Session): boolean =>
    deadlinesOf(now, control.settings).some((d) => d.reason === deadline.reason && d.at <= control.clock());
  switch (deadline.reason) {
    case 'launch_due':
      await relaunch(control, session);
      return true;
    case 'start_timeout':
      // Not released outright: a worker may call for the first time just now.
      await stopSession(
        control,
        session,
        session.taskArn === undefined && session.workerSecretHash === undefined
          ? 'launch_failed'
          : 'start_timeout',
        stillDue,
      );
      return true;
    case 'qr_expired':
    case 'idle':
    case 'max_duration':
      await stopSession(control, session, deadline.reason, stillDue);
      return true;
    case 'heartbeat_lost':
      if (await taskIsGone(control, session)) {
        await release(control, session, 'heartbeat_lost', 'the task is gone');
        return true;
      }
      if (!wouldHaveHeard(control, session, await sweptAt())) return false;
      await stopSession(control, session, 'heartbeat_lost', stillDue);
      return true;
    case 'stop_grace':
      await forceStop(control, session);
      return true;
  }
};

/**
 * Whether the silence is the worker's. A sweep that came to its end proves that heartbeats could be written then:
 *
 *   heartbeat ── database refuses, sweeps fail, every heartbeat grows too old ── answers again ── sweep
 *
 * This sweep would end the whole fleet, healthy as it is. So the sweep before must have seen the silence already
 * (a heartbeat was due before it), and since then there was time for another.
 */
const wouldHaveHeard = (control: Needs, session: Session, sweptAt: number | undefined): boolean => {
  if (sweptAt === undefined) return true;
  const heartbeatMs = control.settings.heartbeatSeconds * 1000;
  return sweptAt > (session.lastHeartbeatAt ?? 0) + heartbeatMs && sweptAt <= control.clock() - heartbeatMs;
};

/** The slot is free only once the task is: a second task on the same auth state would tear it. */
const forceStop = async (control: Needs, session: Session): Promise<void> => {
  const reason = session.stopReason ?? 'crashed';
  const task = await findTask(control, session);
  await (task && !task.stopped ? stopTask(control, task.taskArn, reason) : release(control, session, reason));
};

/** False where the engine gives no clear answer. */
const taskIsGone = async (control: Needs, session: Session): Promise<boolean> => {
  try {
    const task = await findTask(control, session);
    return task === undefined || task.stopped;
  } catch (error) {
    if (error instanceof TaskEngineUnavailable) return false;
    throw error;
  }
};
