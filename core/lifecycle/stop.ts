import { canTransition, isTerminal, type StopReason } from '../../contract/lifecycle.ts';
import type { Control } from '../control.ts';
import { TaskEngineUnavailable } from '../ports.ts';
import { changeHolder } from './change.ts';
import { release } from './release.ts';
import type { Session } from './session.ts';

type Needs = Pick<
  Control,
  'store' | 'tasks' | 'events' | 'clock' | 'sleep' | 'ids' | 'sha256' | 'settings' | 'metrics' | 'log'
>;

/**
 * Asks a session to end. Graceful: its worker gets SIGTERM (and the word in the answer to its next report), saves
 * auth state, closes Chromium and says its last word, which frees the slot. Idempotent; a session that ends already
 * keeps the first reason. Where `stillDue` no longer holds of the session as it stands, it is left alone.
 *
 * A session that no worker has called from and no task is known of is released at once: should its launch still come
 * through, the worker finds its epoch over and exits. With a worker, the slot is free only once that worker is gone.
 */
export const stopSession = async (
  control: Needs,
  session: Session,
  reason: StopReason,
  stillDue: (now: Session) => boolean = () => true,
): Promise<Session> => {
  if (isTerminal(session.state)) return session;
  const changed = await changeHolder(control, session, (now) =>
    canTransition(now.state, 'STOPPING') && stillDue(now)
      ? { set: { state: 'STOPPING', stopReason: reason, stoppingAt: control.clock() } }
      : undefined,
  );
  if (!changed) return session;
  if (changed.session.state !== 'STOPPING') return changed.session;
  const { taskArn, workerSecretHash } = changed.session;
  if (taskArn === undefined && workerSecretHash === undefined) {
    return (await release(control, changed.session, changed.session.stopReason ?? reason)).session;
  }
  // A worker whose task nobody wrote down hears of it with its next report; the reaper looks for the task.
  if (taskArn !== undefined) await stopTask(control, taskArn, changed.session.stopReason ?? reason);
  return changed.session;
};

/** Best effort: the answer to the worker's next report says the same, and the reaper repeats it after the grace time. */
export const stopTask = async (
  control: Pick<Control, 'tasks' | 'log'>,
  taskArn: string,
  reason: string,
): Promise<void> => {
  try {
    await control.tasks.stop(taskArn, reason);
  } catch (error) {
    if (!(error instanceof TaskEngineUnavailable)) throw error;
    control.log.warn('StopTask failed; the worker hears of it with its next report', {
      taskArn,
      error: error.message,
    });
  }
};
