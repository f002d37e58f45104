import type { Control } from '../control.ts';
import type { Task } from '../ports.ts';
import type { Session } from '../session.ts';

/**
 * The task of the session's epoch, as the engine knows it; undefined where it knows none (any more). Who launched it
 * may have died before it wrote down which task it is: then the task is found by what it was launched for.
 * Throws TaskEngineUnavailable.
 */
export const findTask = async (
  control: Pick<Control, 'tasks'>,
  session: Session,
): Promise<Task | undefined> => {
  if (session.taskArn !== undefined) return control.tasks.describe(session.taskArn);
  const tasks = await control.tasks.list();
  return tasks.find((task) => task.sessionId === session.sessionId && task.epoch === session.epoch);
};
