import type { StandbyView } from '../../contract/bodies/standby.ts';
import type { Deps } from '../deps.ts';
import { freeSlots, planIn, planOf, targetAt, wantedAt } from './plan.ts';
import { idOf, readStandby, type StandbyTask, tasksIn } from './task.ts';

/** The plan and the standby tasks, as they are written down. */
export const standbyView = async (deps: Pick<Deps, 'store' | 'clock' | 'settings'>): Promise<StandbyView> => {
  const items = await readStandby(deps);
  const item = planIn(items);
  const { plan: set, pausedUntil = 0, failure } = item;
  const plan = planOf(deps, item);
  const now = deps.clock();
  const { max } = deps.settings.standby;
  const tasks = tasksIn(items).map(taskView);
  const count = (state: string) => tasks.filter((task) => task.state === state).length;
  return {
    plan,
    planBy: set ? 'api' : 'settings',
    max,
    target: targetAt(plan, now),
    wanted: wantedAt(plan, now, { max, freeSlots: await freeSlots(deps) }),
    ready: count('ready'),
    starting: count('starting'),
    claimed: count('claimed'),
    failure: failure ?? null,
    pausedUntil: pausedUntil > now ? new Date(pausedUntil).toISOString() : null,
    tasks,
  };
};

const taskView = (task: StandbyTask): StandbyView['tasks'][number] => ({
  id: idOf(task),
  state: stateOf(task),
  createdAt: new Date(task.createdAt).toISOString(),
  readyAt: timeOf(task.readyAt),
  heartbeatAt: timeOf(task.heartbeatAt),
  depth: task.depth,
  chromiumBuild: task.chromiumBuild ?? null,
  sessionId: task.claimedBy?.sessionId ?? null,
});

const stateOf = ({ retiredAt, claimedBy, readyAt }: StandbyTask) => {
  if (retiredAt !== undefined) return 'ending';
  if (claimedBy !== undefined) return 'claimed';
  return readyAt === undefined ? 'starting' : 'ready';
};

const timeOf = (at: number | undefined): string | null =>
  at === undefined ? null : new Date(at).toISOString();
