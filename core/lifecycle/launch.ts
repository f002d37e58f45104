import { fullJitter } from '../../contract/jitter.ts';
import { toItem } from '../apply.ts';
import type { Deps } from '../deps.ts';
import { type LaunchResult, TaskEngineUnavailable } from '../ports.ts';
import { claimStandby } from '../standby/claim.ts';
import { replaceClaimed } from '../standby/keep.ts';
import { updateActiveSession } from './change.ts';
import { findTask } from './find-task.ts';
import { isTaskKnown, mayHaveTask } from './launching.ts';
import { findSession } from './load.ts';
import { release } from './release.ts';
import { nameOf, type Session, userOf } from './session.ts';
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
 * Launches the task of a PENDING session. The client token is a digest of session and epoch, so however often this is
 * called (a lost answer, the reaper after a crash), the epoch has one task.
 *
 *   admitted ── launch ── taskArn written ── worker bootstraps
 *                  └─ a stop may come in between: the slot waits for this launch (launching.ts), and the task just born
 *                     is stopped here
 *
 * If a standby task is ready, it becomes the task of the epoch and nothing is launched (core/standby/claim.ts).
 *
 * A burst is admitted faster than ECS launches (RunTask for Fargate: 20 a second). A session whose launch is
 * throttled, finds no capacity or is not answered by `until` (ms, by the clock) stays PENDING with its slot: its
 * launch is due from `launchRetrySeconds` on, and each sweep of the reaper launches those that are due.
 */
export const launch = async (
  deps: Needs,
  session: Session,
  until: number = deps.clock() + LAUNCH_MS,
): Promise<Session> => {
  const launching = deps.ids.eventId();
  const marked = await markLaunch(deps, session, launching);
  return marked.marked ? launchMarked(deps, marked.session, launching, until) : marked.session;
};

/** As `launch`, for a session as its admission wrote it: that left the mark of this launch. */
export const launchAdmitted = async (deps: Needs, session: Session, until: number): Promise<Session> =>
  session.launching === undefined ? session : launchMarked(deps, session, session.launching, until);

const launchMarked = async (
  deps: Needs,
  session: Session,
  launching: string,
  until: number,
): Promise<Session> => {
  const { bootstrapToken } = session;
  if (bootstrapToken === undefined) return session;
  const request = { bootstrapToken, launching };
  // Beside the question to the standby task: a caller waits for both.
  let replacing: Promise<void> | undefined;
  const claimed = await claimStandby(deps, session, until - ADOPT_MS - LEAST_TRY_MS, (others) => {
    replacing = replaceClaimed(deps, others);
  });
  const { taskArn } = claimed;
  const [launched] = await Promise.all([
    taskArn === undefined
      ? launchTask(deps, claimed.session, request, until)
      : adopt(deps, claimed.session, { taskArn }, Math.max(ADOPT_MS, until - deps.clock())),
    replacing,
  ]);
  return launched;
};

const launchTask = async (
  deps: Needs,
  session: Session,
  { bootstrapToken, launching }: { readonly bootstrapToken: string; readonly launching: string },
  until: number,
): Promise<Session> => {
  const { result, unclear } = await runTask(deps, session, bootstrapToken, until - ADOPT_MS);
  if (!result.ok) {
    deps.metrics.count('LaunchFailures', 1);
    deps.log.warn('launch failed', {
      sessionId: session.sessionId,
      epoch: session.epoch,
      detail: result.detail,
    });
    // A task may have been started that is not known: the mark stays, and the sweep looks for it.
    if (result.retryable) return unclear ? session : nothingStarted(deps, session, launching);
    return (await release(deps, session, 'launch_failed', result.detail)).session;
  }

  return adopt(deps, session, result, Math.max(ADOPT_MS, until - deps.clock()));
};

/** A stop that came while the launch was under way left the slot to it. */
const nothingStarted = async (deps: Needs, session: Session, launching: string): Promise<Session> => {
  const now = await unmarkLaunch(deps, session, launching);
  if (now?.state !== 'STOPPING' || mayHaveTask(now)) return now ?? session;
  return (await release(deps, now, now.stopReason ?? 'user')).session;
};

/**
 * For a session without a recorded task, long after its launch. Its task may run and only not be recorded. A task is
 * launched only if there is none.
 */
export const relaunch = async (deps: Needs, session: Session): Promise<Session> => {
  const task = await findTask(deps, session);
  return task ? adopt(deps, session, task) : launch(deps, session);
};

/**
 * Marks a PENDING session whose launch begins now. Not marked: there is nothing to launch (any more). It
 * ended or is stopping, or its task is known.
 */
const markLaunch = async (
  deps: Pick<Needs, 'store' | 'clock' | 'sleep' | 'ids' | 'settings'>,
  session: Session,
  launching: string,
): Promise<{ readonly session: Session; readonly marked: boolean }> => {
  const changed = await updateActiveSession(deps, session, (now) =>
    now.state === 'PENDING' && !isTaskKnown(now) ? { set: { launching } } : undefined,
  );
  if (changed) return { session: changed.session, marked: changed.changed };
  const now = await findSession(deps, userOf(session), nameOf(session));
  return { session: now?.sessionId === session.sessionId ? now : session, marked: false };
};

/** Removes the mark of a launch that started nothing, unless it is another launch's by now. */
const unmarkLaunch = async (
  deps: Pick<Needs, 'store' | 'clock' | 'sleep' | 'ids' | 'settings'>,
  session: Session,
  launching: string,
): Promise<Session | undefined> => {
  const changed = await updateActiveSession(deps, session, (now) =>
    now.launching === launching && !isTaskKnown(now) ? { remove: ['launching'] } : undefined,
  );
  return changed?.session;
};

const adopt = async (
  deps: Needs,
  session: Session,
  { taskArn, createdAt: taskCreated }: { readonly taskArn: string; readonly createdAt?: number | undefined },
  budgetMs?: number,
): Promise<Session> => {
  const isAnothers = ({ workerTaskArn }: Session) => workerTaskArn !== undefined && workerTaskArn !== taskArn;
  const changed = await updateActiveSession(
    deps,
    session,
    (now) => {
      if (now.taskArn === taskArn || isAnothers(now)) return undefined;
      return {
        set: {
          taskArn,
          ...(now.state === 'PENDING' ? { state: 'STARTING' } : {}),
          ...(taskCreated ? { startSteps: toItem({ ...now.startSteps, taskCreated }) } : {}),
        },
      };
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
): Promise<{ readonly result: LaunchResult; readonly unclear: boolean }> => {
  const { sessionId, epoch, avoidsHosts = false } = session;
  const clientToken = deps.sha256(`${sessionId}:${epoch}`);
  const size = session.config.size ?? deps.settings.size;
  let result: LaunchResult = { ok: false, retryable: true, detail: 'not tried' };
  let unclear = false;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt > 0) {
      const wait = fullJitter(attempt, deps.ids.random(), 200, 1_500);
      if (deps.clock() + wait + LEAST_TRY_MS > until) break;
      await deps.sleep(wait);
    }
    try {
      const limitMs = Math.max(LEAST_TRY_MS, until - deps.clock());
      const request = { sessionId, size, epoch, clientToken, bootstrapToken, avoidsHosts };
      result = await deps.tasks.launch({ ...request, fitsAnyBrowser: fitsAnyBrowser(session) }, limitMs);
    } catch (error) {
      if (!(error instanceof TaskEngineUnavailable)) throw error;
      result = { ok: false, retryable: true, detail: error.message };
      unclear = true;
    }
    if (result.ok || !result.retryable) break;
  }
  return { result, unclear };
};

/** A proxy and a language are options of the launch. */
const fitsAnyBrowser = (session: Session): boolean =>
  !session.config.proxy && session.config.client?.locale === undefined;
