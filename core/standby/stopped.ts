import { taskArnOf } from '../lifecycle/find-task.ts';
import { launch } from '../lifecycle/launch.ts';
import { findSessionById } from '../lifecycle/load.ts';
import type { Session } from '../lifecycle/session.ts';
import { type StoppedTask, taskStopped } from '../lifecycle/task-stopped.ts';
import { forgetClaimed, standbyStopped } from './keep.ts';

/**
 * ECS reports that a standby task stopped. If it served a session, that ends as with any other task. If it was
 * claimed and died before it served, the session gets a new task at once: its end costs no session.
 */
export const standbyTaskStopped = async (
  deps: Parameters<typeof taskStopped>[0],
  { standbyId, ...task }: Omit<StoppedTask, 'sessionId' | 'epoch'> & { readonly standbyId: string },
): Promise<Session | undefined> => {
  const claimedBy = await standbyStopped(deps, standbyId);
  if (!claimedBy) return undefined;
  const after = await endOrLaunch(deps, task, claimedBy);
  await forgetClaimed(deps, standbyId, claimedBy.sessionId);
  return after;
};

const endOrLaunch = async (
  deps: Parameters<typeof taskStopped>[0],
  task: Omit<StoppedTask, 'sessionId' | 'epoch'>,
  claimedBy: { readonly sessionId: string; readonly epoch: number },
): Promise<Session | undefined> => {
  const session = await findSessionById(deps, claimedBy.sessionId);
  if (!session) return undefined;
  const isNow = session.epoch === claimedBy.epoch;
  // A restart that follows this epoch is launched by taskStopped.
  if (!isNow) return taskStopped(deps, { ...task, ...claimedBy });
  const serving = taskArnOf(session);
  if (serving !== undefined)
    return serving === task.taskArn ? taskStopped(deps, { ...task, ...claimedBy }) : undefined;
  return session.state === 'PENDING' && session.workerSecretHash === undefined
    ? launch(deps, session)
    : undefined;
};
