import type { StopReason } from '../../contract/lifecycle.ts';
import type { Deps } from '../deps.ts';
import { taskArnOf } from './find-task.ts';
import { findSessionById } from './load.ts';
import { release } from './release.ts';
import { waitsForRestart } from './restart.ts';
import { launchRestart } from './restart-launch.ts';
import type { Session } from './session.ts';

export type StoppedTask = {
  readonly taskArn: string;
  readonly sessionId: string;
  readonly epoch: number;
  readonly neverStarted: boolean;
  /** ECS's word for what stopped it. */
  readonly stopCode?: string | undefined;
  readonly detail: string;
};

/**
 * ECS reports that a task stopped. If it was the task of the session's present epoch, the epoch ends, whether or not
 * the worker could send its final report: the slot comes back, or the session restarts. A worker that sent its final
 * report has ended the epoch before this event; then this event launches the restart. Events arrive late, twice and
 * out of order: the epoch decides.
 *
 * Returns the session as it is then; undefined if the event changes nothing.
 */
export const taskStopped = async (
  deps: Pick<
    Deps,
    'store' | 'tasks' | 'events' | 'clock' | 'sleep' | 'ids' | 'sha256' | 'settings' | 'metrics' | 'log'
  >,
  task: StoppedTask,
): Promise<Session | undefined> => {
  const session = await findSessionById(deps, task.sessionId);
  if (session && follows(session, task.epoch)) return launchRestart(deps, session);
  if (!session || session.epoch !== task.epoch || session.slotShard === undefined) return undefined;
  const known = taskArnOf(session);
  if (known !== undefined && known !== task.taskArn) return undefined;
  const ended = await release(deps, session, reasonOf(task), task.detail);
  return follows(ended.session, task.epoch) ? launchRestart(deps, ended.session) : ended.session;
};

/** The session waits for the restart that follows this epoch. */
const follows = (session: Session, epoch: number): boolean =>
  session.epoch === epoch + 1 && waitsForRestart(session);

/** The task was stopped from outside: its capacity was reclaimed, or an operator or a deployment stopped it. */
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
