/**
 * The reconciler compares what is counted with who holds, and what runs with what should. Any read that fails aborts
 * the pass before anything is touched, and a pass stops or releases only so much, so that a bad read can't kill the
 * fleet.
 */
import { counterSchema } from '../admission/capacity.ts';
import { listHolders, type Slot, slotsOf } from '../admission/holders.ts';
import { readCapacity, settle } from '../admission/read-capacity.ts';
import type { Deps } from '../deps.ts';
import {
  ORPHANS_PARTITION,
  orphanKey,
  QUOTAS_LISTING,
  shardKey,
  TTL_ATTRIBUTE,
  userQuotaKey,
} from '../items.ts';
import { launchDueAt } from '../lifecycle/deadlines.ts';
import { findTask, taskArnOf } from '../lifecycle/find-task.ts';
import { findSessionsById } from '../lifecycle/load.ts';
import { release } from '../lifecycle/release.ts';
import type { Session } from '../lifecycle/session.ts';
import { stopTask } from '../lifecycle/stop.ts';
import { measureHeartbeats } from '../observability/measure.ts';
import type { Task } from '../ports.ts';
import { queryAll } from '../query-all.ts';
import { passCap } from '../reaping/brake.ts';
import { idOf, readStandby, tasksIn } from '../standby/task.ts';
import { eq, type Item, type Key } from '../store.ts';

type Needs = Pick<
  Deps,
  'store' | 'tasks' | 'events' | 'clock' | 'sleep' | 'ids' | 'sha256' | 'settings' | 'metrics' | 'log'
>;

export type ReconcileReport = {
  readonly drift: number;
  readonly orphansMarked: number;
  readonly orphansStopped: number;
  readonly released: number;
};

/** A task without a session is stopped only when it was seen as one this long ago as well. */
const SECOND_LOOK_MS = 30_000;

export const reconcile = async (deps: Needs): Promise<ReconcileReport> => {
  // Holders first: a session admitted after this read has a task that is then younger than any grace time, and its
  // absence here ends nothing.
  const since = deps.clock();
  const holders = await listHolders(deps);
  const tasks = await deps.tasks.list();
  const cap = passCap(tasks.length);
  const drift = await recount(deps);
  await finishChange(deps);
  const orphans = await handleOrphans(deps, tasks, { holders, since, cap });
  const released = await releaseTaskless(deps, holders, tasks, cap);
  measureHeartbeats(deps, holders);
  deps.metrics.count('CounterDrift', drift);
  deps.metrics.count('OrphanTasks', orphans.marked + orphans.stopped);
  return { drift, orphansMarked: orphans.marked, orphansStopped: orphans.stopped, released };
};

/** A change of limits whose function crashed, and which no admission has finished since. */
const finishChange = async (deps: Needs): Promise<void> => {
  const capacity = await readCapacity(deps);
  if (capacity) await settle(deps, capacity);
};

/**
 * Counts each counter's slots again. The counter is read before its slots and set only if its version is still the
 * one read: each admission and release moves it, so an unmoved version means that the count is exact. The users'
 * counters come before even the list of shards: a shard made in between would hold slots that are counted for a user
 * and looked for nowhere.
 */
const recount = async (deps: Needs): Promise<number> => {
  const quotas = await queryAll(deps, { index: 'ofUser', partition: QUOTAS_LISTING });
  const counters = await deps.store.getMany(
    quotas.flatMap(({ listName }) => (typeof listName === 'string' ? [userQuotaKey(listName)] : [])),
  );
  const capacity = await readCapacity(deps);
  if (!capacity) return 0;
  const slots = (await Promise.all(capacity.shards.map(({ shard }) => slotsOf(deps, shard)))).flat();

  let drift = 0;
  for (const shard of capacity.shards) {
    const held = slots.filter((slot) => slot.shard === shard.shard).length;
    drift += await correct(deps, shardKey(shard.shard), shard, held);
  }
  for (const item of counters) drift += await correctUser(deps, item, slots);
  return drift;
};

const correctUser = (deps: Needs, item: Item, slots: readonly Slot[]): Promise<number> => {
  const userId = String(item.listName);
  const held = slots.filter((slot) => slot.userId === userId).length;
  return correct(deps, userQuotaKey(userId), counterSchema.parse(item), held);
};

const correct = async (
  deps: Needs,
  key: Key,
  counter: { readonly active: number; readonly version: number },
  held: number,
): Promise<number> => {
  if (counter.active === held) return 0;
  const written = await deps.store.write({
    kind: 'update',
    key,
    set: { active: held },
    add: { version: 1 },
    condition: eq('version', counter.version),
  });
  // Moved meanwhile: there may be no drift at all. The next pass looks again.
  if (!written.ok) return 0;
  deps.log.error('a counter had drifted and was set', { counter: key.pk, counted: counter.active, held });
  return Math.abs(counter.active - held);
};

/**
 * Tasks without a session. The slots that were read at the beginning of the pass identify nearly all tasks, without a
 * read for each. A task is judged by its age at `since`, when that read began: its session, admitted before it, then
 * has one of these slots or has ended. For the remaining tasks the database is read before anything is done.
 */
const handleOrphans = async (
  deps: Needs,
  tasks: readonly Task[],
  {
    holders,
    since,
    cap,
  }: { readonly holders: readonly Session[]; readonly since: number; readonly cap: number },
): Promise<{ marked: number; stopped: number }> => {
  const now = deps.clock();
  const held = new Map(holders.map((session) => [session.sessionId, session]));
  const waiting = await standbyIds(deps, tasks);
  const suspects = tasks.filter(
    (task) =>
      !(task.standbyId !== undefined && waiting.has(task.standbyId)) &&
      since - task.createdAt >= deps.settings.orphanGraceSeconds * 1000 &&
      !(task.sessionId !== undefined && owns(held.get(task.sessionId), task)),
  );
  if (suspects.length === 0) return { marked: 0, stopped: 0 };
  const sessions = await findSessionsById(
    deps,
    suspects.flatMap(({ sessionId }) => sessionId ?? []),
  );
  const marks = new Map(
    (await queryAll(deps, { partition: ORPHANS_PARTITION })).map((item) => [
      String(item.sk),
      Number(item.seenAt),
    ]),
  );
  let marked = 0;
  let stopped = 0;
  for (const task of suspects) {
    if (task.sessionId !== undefined && owns(sessions.get(task.sessionId), task)) continue;
    const seenAt = marks.get(task.taskArn);
    if (seenAt === undefined) {
      const key = orphanKey(task.taskArn);
      await deps.store.write({
        kind: 'put',
        key,
        item: { ...key, seenAt: now, [TTL_ATTRIBUTE]: Math.floor(now / 1000) + 24 * 3600 },
      });
      marked += 1;
    } else if (now - seenAt >= SECOND_LOOK_MS && stopped < cap) {
      deps.log.warn('stopping a task without a session', {
        taskArn: task.taskArn,
        sessionId: task.sessionId,
      });
      await stopTask(deps, task.taskArn, 'no session owns this task');
      stopped += 1;
    }
  }
  return { marked, stopped };
};

/** Standby tasks that are known, open or claimed: their own sweep ends them (core/standby/keep.ts). */
const standbyIds = async (deps: Needs, tasks: readonly Task[]): Promise<ReadonlySet<string>> =>
  new Set(
    tasks.some(({ standbyId }) => standbyId !== undefined) ? tasksIn(await readStandby(deps)).map(idOf) : [],
  );

/** A task belongs only to the session whose present epoch it serves; if there are two, one of them serves it. */
const owns = (session: Session | undefined, task: Task): boolean => {
  if (session?.slotShard === undefined || session.epoch !== task.epoch) return false;
  return session.workerTaskArn === undefined || session.workerTaskArn === task.taskArn;
};

const releaseTaskless = async (
  deps: Needs,
  holders: readonly Session[],
  tasks: readonly Task[],
  cap: number,
): Promise<number> => {
  const running = new Set(tasks.map((task) => task.taskArn));
  let released = 0;
  for (const session of holders) {
    const taskArn = taskArnOf(session);
    if (taskArn === undefined || running.has(taskArn) || released >= cap) continue;
    if (deps.clock() - launchDueAt(session) < deps.settings.orphanGraceSeconds * 1000) continue;
    const task = await findTask(deps, session);
    if (task && !task.stopped) continue;
    const outcome = await release(deps, session, 'crashed', 'its task is gone');
    if (outcome.ended) released += 1;
  }
  return released;
};
