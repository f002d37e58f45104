import type { StopReason } from '../../contract/lifecycle.ts';
import type { Control } from '../control.ts';
import { taskArnOf } from './find-task.ts';
import { findSessionById } from './load.ts';
import { type Release, release } from './release.ts';

/**
 * ECS says that a task stopped. Where it was the task of the session's present epoch, its slot comes back, whether or
 * not the worker could say its last word. Events arrive late, twice and out of order: the epoch decides.
 */
export const taskStopped = async (
  control: Pick<Control, 'store' | 'events' | 'clock' | 'sleep' | 'ids' | 'sha256' | 'metrics' | 'log'>,
  task: {
    readonly taskArn: string;
    readonly sessionId: string;
    readonly epoch: number;
    readonly neverStarted: boolean;
    /** ECS's word for what stopped it. */
    readonly stopCode?: string | undefined;
    readonly detail: string;
  },
): Promise<Release | undefined> => {
  const session = await findSessionById(control, task.sessionId);
  if (!session || session.epoch !== task.epoch || session.slotShard === undefined) return undefined;
  const known = taskArnOf(session);
  if (known !== undefined && known !== task.taskArn) return undefined;
  return release(control, session, reasonOf(task), task.detail);
};

/** Somebody else took the task away: its capacity was taken back, or it was stopped by hand or by a deployment. */
const FROM_OUTSIDE: readonly (string | undefined)[] = [
  'ServiceSchedulerInitiated',
  'SpotInterruption',
  'TerminationNotice',
  'UserInitiated',
];

const reasonOf = (task: {
  readonly neverStarted: boolean;
  readonly stopCode?: string | undefined;
}): StopReason => {
  if (task.neverStarted) return 'launch_failed';
  return FROM_OUTSIDE.includes(task.stopCode) ? 'task_stopped' : 'crashed';
};
