/**
 * The sweep of the standby tasks: keeps as many ready as the plan wants, and replaces those that are too old, silent or
 * of another revision. The base items decide; every act carries its own condition.
 */
import pMap from 'p-map';
import type { StandbyDepth } from '../../contract/bodies/standby.ts';
import type { Deps } from '../deps.ts';
import { findSessionById } from '../lifecycle/load.ts';
import { stopTask } from '../lifecycle/stop.ts';
import { absent, and, eq, exists, type Item } from '../store.ts';
import { launchStandby } from './launch-standby.ts';
import { freeSlots, type PlanItem, planIn, planOf, readPlan, wantedAt, writePlan } from './plan.ts';
import {
  findStandby,
  idOf,
  isFresh,
  isOpen,
  keyOf,
  readStandby,
  STILL_OPEN,
  type StandbyTask,
  tasksIn,
} from './task.ts';

type Needs = Pick<Deps, 'store' | 'tasks' | 'clock' | 'ids' | 'sha256' | 'settings' | 'metrics' | 'log'>;

/** Launches of one sweep, so that a bad revision costs a few tasks and not a hundred. */
const MOST_LAUNCHES = 5;
/** An item without a task whose launch has no answer: after this the list of tasks shows it, or there is none. */
const LAUNCH_SETTLED_MS = 60_000;
/** After the first failure, doubled with each: no launch for so long. */
const PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 30 * 60_000;
const CONCURRENCY = 8;
const NEVER_READY = 'the task did not become ready in time';
const MOST_FAILURE_LETTERS = 500;

type KeepReport = {
  readonly wanted: number;
  readonly ready: number;
  readonly launched: number;
  readonly retired: number;
};

/** One sweep. Throws if the database does not answer; completed steps stay. */
export const keepStandby = async (deps: Needs): Promise<KeepReport> => {
  const items = await readStandby(deps);
  const plan = planIn(items);
  const tasks = tasksIn(items);
  const now = deps.clock();
  const wanted = await wantedNow(deps, plan);
  const depth = planOf(deps, plan).depth;

  const bad = tasks.filter((task) => isOpen(task) && reasonToRetire(deps, task, depth) !== undefined);
  const good = tasks.filter((task) => isOpen(task) && !bad.includes(task));
  // Those that are not ready yet first, then the oldest: the others serve a session sooner.
  const surplus = [...good]
    .sort((a, b) => Number(a.readyAt !== undefined) - Number(b.readyAt !== undefined))
    .slice(0, Math.max(0, good.length - wanted));
  const kept = good.filter((task) => !surplus.includes(task));

  let retired = 0;
  const ending: StandbyTask[] = tasks.filter(({ retiredAt }) => retiredAt !== undefined);
  for (const task of [...bad, ...surplus]) {
    if (!(await retire(deps, task, depth))) continue;
    retired += 1;
    ending.push(task);
  }
  const neverReady = bad.filter((task) => FAILURES.includes(reasonToRetire(deps, task, depth) ?? '')).length;
  const works = kept.some((task) => task.readyAt !== undefined);
  if (neverReady > 0 || (works && plan.failures > 0))
    await note(deps, { failed: neverReady, detail: NEVER_READY });
  const spent = await pMap(
    tasks.filter(({ claimedBy }) => claimedBy !== undefined),
    async (task) => ((await isSpent(deps, task)) ? task : undefined),
    { concurrency: CONCURRENCY },
  );
  await pMap([...ending, ...spent.filter((task) => task !== undefined)], (task) => end(deps, task), {
    concurrency: CONCURRENCY,
  });

  const missing = (plan.pausedUntil ?? 0) > now ? 0 : Math.min(MOST_LAUNCHES, wanted - kept.length);
  let launched = 0;
  for (let i = 0; i < missing; i++) {
    const detail = await launchStandby(deps, depth);
    if (detail !== undefined) {
      await note(deps, { failed: 1, detail });
      break;
    }
    launched += 1;
  }
  const ready = kept.filter((task) => task.readyAt !== undefined).length;
  if (wanted > 0 || tasks.length > 0) {
    deps.metrics.count('StandbyReady', ready);
    deps.metrics.count('StandbyMissing', Math.max(0, wanted - ready));
  }
  return { wanted, ready, launched, retired };
};

/**
 * A claim orders its replacement. Best effort: the next sweep launches what is missing.
 *
 * @param items the standby items without the claimed task's, as the claim read them
 */
export const replaceClaimed = async (deps: Needs, items: readonly Item[]): Promise<void> => {
  try {
    const plan = planIn(items);
    if ((plan.pausedUntil ?? 0) > deps.clock()) return;
    const depth = planOf(deps, plan).depth;
    const open = tasksIn(items).filter(
      (task) => isOpen(task) && reasonToRetire(deps, task, depth) === undefined,
    );
    if (open.length < (await wantedNow(deps, plan))) await launchStandby(deps, depth);
  } catch (error) {
    deps.log.warn('the replacement of a standby task is left to the next sweep', { error: String(error) });
  }
};

const wantedNow = async (deps: Needs, item: PlanItem): Promise<number> =>
  wantedAt(planOf(deps, item), deps.clock(), {
    max: deps.settings.standby.max,
    freeSlots: await freeSlots(deps),
  });

const NO_ANSWER = 'its launch had no answer';
const NOT_READY = 'never became ready';
/** What a task did not do by itself; a plan or a revision that changed is no failure of a task that is starting. */
const FAILURES: readonly string[] = [NO_ANSWER, NOT_READY];

/** Why an open task is replaced, by the depth of the plan; undefined: it is good. */
const reasonToRetire = (deps: Needs, task: StandbyTask, depth: StandbyDepth): string | undefined => {
  const { settings } = deps;
  const age = deps.clock() - task.createdAt;
  if (task.taskArn === undefined && age > LAUNCH_SETTLED_MS) return NO_ANSWER;
  if (task.revision !== deps.tasks.revision) return 'another revision';
  if (task.depth !== depth) return 'the plan has another depth';
  if (age > settings.standby.maxAgeSeconds * 1000) return 'too old';
  if (task.readyAt === undefined) return age > settings.startTimeoutSeconds * 1000 ? NOT_READY : undefined;
  return isFresh(task, deps) ? undefined : 'silent';
};

/** False: a session claimed it meanwhile, or it is gone. */
const retire = async (deps: Needs, task: StandbyTask, depth: StandbyDepth): Promise<boolean> => {
  const written = await deps.store.write({
    kind: 'update',
    key: keyOf(task),
    condition: STILL_OPEN,
    set: { retiredAt: deps.clock() },
  });
  if (written.ok)
    deps.log.info('a standby task is replaced', {
      standbyId: idOf(task),
      reason: reasonToRetire(deps, task, depth) ?? 'more than are wanted',
    });
  return written.ok;
};

/** A claimed task whose epoch has ended, or is served by another task: nothing of the session runs in it. */
const isSpent = async (deps: Needs, { claimedBy, taskArn, sk }: StandbyTask): Promise<boolean> => {
  if (claimedBy === undefined) return false;
  const session = await findSessionById(deps, claimedBy.sessionId);
  if (session?.epoch !== claimedBy.epoch || session.slotShard === undefined) return true;
  if (session.standby?.id !== idOf({ sk })) return true;
  return session.workerTaskArn !== undefined && session.workerTaskArn !== taskArn;
};

/** Stops the task; removes the item once the task is gone. */
const end = async (deps: Needs, task: StandbyTask): Promise<void> => {
  const running =
    task.taskArn === undefined ? await launchedAs(deps, task) : await deps.tasks.describe(task.taskArn);
  if (running === 'unknown') return;
  if (running && !running.stopped) {
    await stopTask(deps, running.taskArn, 'the standby task is not needed any more');
    return;
  }
  await deps.store.write({ kind: 'delete', key: keyOf(task) });
};

const launchedAs = async (deps: Needs, task: StandbyTask) => {
  const [found] = await deps.tasks.list(idOf(task));
  return found ?? (deps.clock() - task.createdAt < LAUNCH_SETTLED_MS ? ('unknown' as const) : undefined);
};

/** Counts launches that gave no ready task; each makes the pause before the next one longer. 0: one works again. */
const note = async (
  deps: Needs,
  { failed, detail }: { readonly failed: number; readonly detail: string },
): Promise<void> => {
  if (failed > 0) deps.metrics.count('StandbyFailures', failed);
  const before = await readPlan(deps);
  const failures = failed === 0 ? 0 : before.failures + failed;
  const { pausedUntil: _until, failure: _why, ...kept } = before;
  const pause = Math.min(LONGEST_PAUSE_MS, PAUSE_MS * 2 ** (failures - 1));
  await writePlan(deps, before, {
    ...kept,
    failures,
    ...(failures === 0
      ? {}
      : { pausedUntil: deps.clock() + pause, failure: detail.slice(0, MOST_FAILURE_LETTERS) }),
  });
};

/**
 * ECS reports that a standby task stopped. Returns the epoch that claimed it, if any. An open one is removed, and
 * counts as a failure if it never became ready.
 */
export const standbyStopped = async (
  deps: Needs,
  id: string,
): Promise<{ readonly sessionId: string; readonly epoch: number } | undefined> => {
  const task = await findStandby(deps, id);
  if (!task) return undefined;
  if (task.claimedBy) return task.claimedBy;
  const removed = await deps.store.write({
    kind: 'delete',
    key: keyOf(task),
    condition: and(exists('pk'), absent('claimedBy')),
  });
  if (!removed.ok) return (await findStandby(deps, id))?.claimedBy;
  if (task.retiredAt === undefined && task.readyAt === undefined)
    await note(deps, {
      failed: 1,
      detail:
        task.taskArn === undefined ? NEVER_READY : `the task stopped before it was ready: ${task.taskArn}`,
    });
  return undefined;
};

/** The claimed task is gone and its end was handled. */
export const forgetClaimed = async (deps: Needs, id: string, sessionId: string): Promise<void> => {
  const task = await findStandby(deps, id);
  if (task?.claimedBy?.sessionId !== sessionId) return;
  await deps.store.write({ kind: 'delete', key: keyOf(task), condition: eq('tokenHash', task.tokenHash) });
};
