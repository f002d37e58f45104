import { fullJitter } from '../../contract/jitter.ts';
import type { Deps } from '../deps.ts';
import { type LaunchResult, TaskEngineUnavailable } from '../ports.ts';
import { claimStandby } from '../standby/claim.ts';
import { replaceClaimed } from '../standby/keep.ts';
import { updateActiveSession } from './change.ts';
import { findTask } from './find-task.ts';
import { release } from './release.ts';
import type { Session } from './session.ts';
import { stopTask } from './stop.ts';

type Needs = Pick<
  Deps,
  | 'store'
  | 'tasks'
  | 'events'
  | 'clock'
  | 'sleep'
  | 'ids'
  | 'sha256'
  | 'settings'
  | 'metrics'
  | 'log'
  | 'standby'
>;

/** Tries within one call; what is not launched by then stays PENDING, and the reaper tries again. */
const ATTEMPTS = 3;
/** For all of them. A caller that waits for an answer gives less. */
const LAUNCH_MS = 12_000;
/** The least that one try gets: a RunTask that is cut off has to be found or repeated. */
const LEAST_TRY_MS = 1_000;
/** Of the time for a launch: for writing down which task it is. */
const ADOPT_MS = 2_000;

/**
 * Launches the task of a PENDING session. The client token is a digest of session and epoch, so however often this
 * is called (a lost answer, the reaper after a crash), the epoch has one task.
 *
 *   admitted ── launch ── taskArn written ── worker bootstraps
 *                  └─ a stop or a release may come in between: then the task just born is stopped here, and the
 *                     worker finds its epoch over when it bootstraps
 *
 * Where a standby task is ready, it becomes the task of the epoch and nothing is launched (core/standby/claim.ts).
 *
 * A burst is admitted faster than ECS launches (RunTask for Fargate: 20 a second). What is throttled, finds no capacity
 * or is not answered by `until` (ms, by the clock) stays PENDING with its slot: its launch is due from
 * `launchRetrySeconds` on, and each sweep of the reaper launches what is due.
 */
export const launch = async (
  deps: Needs,
  session: Session,
  until: number = deps.clock() + LAUNCH_MS,
): Promise<Session> => {
  const { bootstrapToken } = session;
  if (bootstrapToken === undefined) return session;
  const claimed = await claimStandby(deps, session, until - ADOPT_MS - LEAST_TRY_MS);
  if (!claimed.took) return launchTask(deps, claimed.session, bootstrapToken, until);
  const { taskArn } = claimed;
  const [launched] = await Promise.all([
    taskArn === undefined
      ? launchTask(deps, claimed.session, bootstrapToken, until)
      : adopt(deps, claimed.session, taskArn, Math.max(ADOPT_MS, until - deps.clock())),
    replaceClaimed(deps),
  ]);
  return launched;
};

const launchTask = async (
  deps: Needs,
  session: Session,
  bootstrapToken: string,
  until: number,
): Promise<Session> => {
  const result = await runTask(deps, session, bootstrapToken, until - ADOPT_MS);
  if (!result.ok) {
    deps.metrics.count('LaunchFailures', 1);
    deps.log.warn('launch failed', {
      sessionId: session.sessionId,
      epoch: session.epoch,
      detail: result.detail,
    });
    if (result.retryable) return session;
    return (await release(deps, session, 'launch_failed', result.detail)).session;
  }

  return adopt(deps, session, result.taskArn, Math.max(ADOPT_MS, until - deps.clock()));
};

/**
 * For a session without a recorded task, long after its launch. Its task may run and only not be recorded. A task is
 * launched only if there is none.
 */
export const relaunch = async (deps: Needs, session: Session): Promise<Session> => {
  const task = await findTask(deps, session);
  return task ? adopt(deps, session, task.taskArn) : launch(deps, session);
};

const adopt = async (deps: Needs, session: Session, taskArn: string, budgetMs?: number): Promise<Session> => {
  const isAnothers = ({ workerTaskArn }: Session) => workerTaskArn !== undefined && workerTaskArn !== taskArn;
  const changed = await updateActiveSession(
    deps,
    session,
    (now) => {
      if (now.taskArn === taskArn || isAnothers(now)) return undefined;
      return { set: { taskArn, ...(now.state === 'PENDING' ? { state: 'STARTING' } : {}) } };
    },
    undefined,
    budgetMs,
  );
  if (!changed || changed.session.state === 'STOPPING') {
    await stopTask(deps, taskArn, 'the session ended while its task was launched');
  } else if (isAnothers(changed.session)) {
    await stopTask(deps, taskArn, 'another task serves the session');
  }
  return changed?.session ?? session;
};

const runTask = async (
  deps: Needs,
  session: Session,
  bootstrapToken: string,
  until: number,
): Promise<LaunchResult> => {
  const { sessionId, epoch } = session;
  const clientToken = deps.sha256(`${sessionId}:${epoch}`);
  const size = session.config.size ?? deps.settings.size;
  let result: LaunchResult = { ok: false, retryable: true, detail: 'not tried' };
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt > 0) {
      const wait = fullJitter(attempt, deps.ids.random(), 200, 1_500);
      if (deps.clock() + wait + LEAST_TRY_MS > until) break;
      await deps.sleep(wait);
    }
    try {
      const limitMs = Math.max(LEAST_TRY_MS, until - deps.clock());
      result = await deps.tasks.launch({ sessionId, size, epoch, clientToken, bootstrapToken }, limitMs);
    } catch (error) {
      if (!(error instanceof TaskEngineUnavailable)) throw error;
      result = { ok: false, retryable: true, detail: error.message };
    }
    if (result.ok || !result.retryable) return result;
  }
  return result;
};
