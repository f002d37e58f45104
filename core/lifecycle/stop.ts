import { canTransition, isTerminal, type StopReason } from '../../contract/lifecycle.ts';
import type { Deps } from '../deps.ts';
import { TaskEngineUnavailable } from '../ports.ts';
import { updateActiveSession } from './change.ts';
import { mayHaveTask } from './launching.ts';
import { findSession } from './load.ts';
import { release } from './release.ts';
import { isLoss } from './restart.ts';
import { nameOf, type Session, userOf } from './session.ts';

type Needs = Pick<
  Deps,
  'store' | 'tasks' | 'events' | 'clock' | 'sleep' | 'ids' | 'sha256' | 'settings' | 'metrics' | 'log'
>;

/**
 * Asks a session to end. Graceful: its worker gets SIGTERM (and the word in the answer to its next report), saves
 * auth state, closes Chromium and sends its final report, which frees the slot. Idempotent; a session that ends
 * already keeps the first reason, unless that one is a loss that may be restarted: a stop that a caller asks for
 * prevents the restart. If `stillDue` no longer holds for the present session, nothing is changed.
 *
 *   session read: epoch 3 ── epoch 3 lost, restart: epoch 4 ── stop of epoch 3: no effect ── so epoch 4 is stopped
 *
 * A session that no worker has called from, no task is known of and no launch is under way for (launching.ts) is
 * released at once. Otherwise the slot is free only once the task is gone, or the launch has clearly started none.
 */
export const stopSession = async (
  deps: Needs,
  session: Session,
  reason: StopReason,
  stillDue: (now: Session) => boolean = () => true,
): Promise<Session> => {
  if (isTerminal(session.state)) return session;
  const changed = await updateActiveSession(deps, session, (now) => {
    if (!stillDue(now)) return undefined;
    if (canTransition(now.state, 'STOPPING'))
      return { set: { state: 'STOPPING', stopReason: reason, stoppingAt: deps.clock() } };
    return isLoss(now.stopReason) && !isLoss(reason) ? { set: { stopReason: reason } } : undefined;
  });
  if (!changed) {
    const now = await findSession(deps, userOf(session), nameOf(session));
    if (now?.sessionId !== session.sessionId) return session;
    if (now.epoch === session.epoch) return now;
    return stopSession(deps, now, reason, stillDue);
  }
  if (changed.session.state !== 'STOPPING') return changed.session;
  const { taskArn } = changed.session;
  if (!mayHaveTask(changed.session)) {
    return (await release(deps, changed.session, changed.session.stopReason ?? reason)).session;
  }
  // A launch that is under way stops its task itself. A worker whose task is not recorded learns of it with its next
  // report; the reaper looks for the task.
  if (taskArn !== undefined) await stopTask(deps, taskArn, changed.session.stopReason ?? reason);
  return changed.session;
};

/** Best effort: the answer to the worker's next report says the same, and the reaper repeats it after the grace time. */
export const stopTask = async (
  deps: Pick<Deps, 'tasks' | 'log'>,
  taskArn: string,
  reason: string,
): Promise<void> => {
  try {
    await deps.tasks.stop(taskArn, reason);
  } catch (error) {
    if (!(error instanceof TaskEngineUnavailable)) throw error;
    deps.log.warn('StopTask failed; the worker receives it with its next report', {
      taskArn,
      error: error.message,
    });
  }
};
