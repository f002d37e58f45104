import type { Deps } from '../deps.ts';
import type { Task } from '../ports.ts';
import type { Session } from './session.ts';

/**
 * The task that serves the session's epoch, as far as it is written down. With several capacity providers a repeated
 * launch can start a second one; the task whose worker exchanged the bootstrap token is the one:
 *
 *   launch ── spot: no capacity ── on-demand: task A ── answer lost
 *   launch again ── spot: task B ── written down
 *   A bootstraps and serves ── B is refused and stops ── that says nothing of A
 */
export const taskArnOf = (session: Pick<Session, 'taskArn' | 'workerTaskArn'>): string | undefined =>
  session.workerTaskArn ?? session.taskArn;

/**
 * The task of the session's epoch, as the engine knows it; undefined if it knows none (any more). The launcher may
 * have died before it recorded the task, and a worker may name a task that is not its own: then the task is found by
 * the session that it was launched for. Throws TaskEngineUnavailable.
 */
export const findTask = async (deps: Pick<Deps, 'tasks'>, session: Session): Promise<Task | undefined> => {
  // The session of a standby task is not part of its launch. The control plane recorded which standby task this epoch
  // claimed.
  const serves = (task: Task) =>
    (task.sessionId === session.sessionId && task.epoch === session.epoch) ||
    (task.standbyId !== undefined && task.taskArn === session.standby?.taskArn);
  const taskArn = taskArnOf(session);
  const named = taskArn === undefined ? undefined : await deps.tasks.describe(taskArn);
  if (taskArn !== undefined && (!named || serves(named))) return named;
  const launched = (await deps.tasks.list(session.sessionId)).find(serves);
  if (launched || session.standby === undefined || session.workerSecretHash === undefined) return launched;
  return deps.tasks.describe(session.standby.taskArn);
};
