/**
 * A host is to go: it was drained by hand, it reached its lifetime, or ECS removes it. ECS leaves tasks that belong to no
 * service running on it, so Berth stops them: each session saves its account, and starts again elsewhere by its policy.
 *
 *   host DRAINING ── its sessions STOPPING (`task_stopped`), accounts saved ── host empty, ECS lets it go
 */
import pMap from 'p-map';
import type { Deps } from '../deps.ts';
import type { Task } from '../ports.ts';
import { taskArnOf } from './find-task.ts';
import { findSessionById } from './load.ts';
import { stopSession, stopTask } from './stop.ts';

type Needs = Pick<
  Deps,
  'store' | 'tasks' | 'events' | 'clock' | 'sleep' | 'ids' | 'sha256' | 'settings' | 'metrics' | 'log'
>;

const CONCURRENCY = 8;
/** ECS lists a task some seconds after it placed it. */
const LISTED_MS = 6_000;

/**
 * Stops everything that runs on a host. Repeatable. Throws TaskEngineUnavailable if ECS does not list its tasks, and
 * the first error of a session once all were tried, so that the event is handed over again.
 *
 *   task placed ── host DRAINING ── first look: the task is not listed yet ── second look: it is
 *
 * A host that drains gets no further task, so two looks are enough.
 *
 * @returns how many tasks were found
 */
export const drainHost = async (deps: Needs, host: string): Promise<number> => {
  const seen = new Set(await stopAllOn(deps, host));
  await deps.sleep(LISTED_MS);
  for (const taskArn of await stopAllOn(deps, host)) seen.add(taskArn);
  deps.log.info('a host is drained', { host, tasks: seen.size });
  return seen.size;
};

const stopAllOn = async (deps: Needs, host: string): Promise<string[]> => {
  const tasks = await deps.tasks.listOnHost(host);
  const failures: unknown[] = [];
  await pMap(
    tasks,
    async (task) => {
      try {
        await stopOnHost(deps, task);
      } catch (error) {
        failures.push(error);
      }
    },
    { concurrency: CONCURRENCY },
  );
  if (failures.length > 0) throw failures[0];
  return tasks.map(({ taskArn }) => taskArn);
};

const stopOnHost = async (deps: Needs, task: Task): Promise<void> => {
  const session = task.sessionId === undefined ? undefined : await findSessionById(deps, task.sessionId);
  const { epoch } = session ?? {};
  const serves = (now: NonNullable<typeof session>) =>
    now.epoch === task.epoch && (taskArnOf(now) ?? task.taskArn) === task.taskArn;
  if (session && epoch === task.epoch && serves(session))
    await stopSession(deps, session, 'task_stopped', serves);
  // Tasks without a session: a standby task, a lost one, or one of an epoch that has ended.
  else await stopTask(deps, task.taskArn, 'its host is drained');
};
