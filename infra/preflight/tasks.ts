import { startRolloutRequestSchema } from '../../contract/bodies/rollout.ts';
import { highestTarget } from '../../contract/bodies/standby.ts';
import type { Environment } from '../environment-schema.ts';

type TasksAtMost = {
  readonly sessions: number;
  /** The highest target of the environment's plan. */
  readonly standby: number;
  /** One wave of a rollout of the default size: old tasks end while new ones start. */
  readonly rollout: number;
  readonly all: number;
};

/**
 * Tasks that may run at the same moment. Standby tasks hold no slot, and those that wait when the last slot is taken are
 * stopped by the next sweep.
 */
export const tasksAtMost = ({ settings }: Pick<Environment, 'settings'>): TasksAtMost => {
  const { globalLimit: sessions, standby: plan } = settings;
  const standby = highestTarget(plan);
  const rollout = Math.min(sessions, startRolloutRequestSchema.parse({}).wave);
  return { sessions, standby, rollout, all: sessions + standby + rollout };
};

/** `10 sessions, 2 standby tasks and 5 tasks of a rollout` */
export const taskWords = ({ sessions, standby, rollout }: TasksAtMost): string =>
  `${sessions} sessions, ${standby} standby tasks and ${rollout} tasks of a rollout`;
