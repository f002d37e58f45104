/** How many standby tasks are kept ready: the plan of the environment, or the one that an administrator set. */
import * as z from 'zod';
import {
  type ChangeStandbyRequest,
  highestTarget,
  type StandbyPlan,
  standbyDepthSchema,
  standbyPlanSchema,
} from '../../contract/bodies/standby.ts';
import { Problem } from '../../contract/errors.ts';
import { readCapacity } from '../admission/read-capacity.ts';
import { toItem } from '../apply.ts';
import type { Deps } from '../deps.ts';
import { standbyPlanKey } from '../items.ts';
import { RETRY, retryTransient } from '../retry.ts';
import { absent, eq, type Item } from '../store.ts';

const planItemSchema = z.object({
  /** Absent: the environment's. An earlier release reads it and refuses what it does not know there: nothing is added. */
  plan: z.object(standbyPlanSchema.shape).omit({ depth: true }).optional(),
  /** Of the plan. */
  depth: standbyDepthSchema.default('browser'),
  /** Standby tasks that never became ready, since one last did. */
  failures: z.int().default(0),
  /** No launch before then (ms). */
  pausedUntil: z.int().optional(),
  /** Why the last launch gave no ready task. */
  failure: z.string().optional(),
  version: z.int(),
});
export type PlanItem = z.infer<typeof planItemSchema>;

const NO_PLAN: PlanItem = { depth: 'browser', failures: 0, version: 0 };

/** The plan's item as read from the partition of standby tasks. */
export const planIn = (items: readonly Item[]): PlanItem => {
  const found = items.find(({ sk }) => sk === standbyPlanKey.sk);
  return found ? planItemSchema.parse(found) : NO_PLAN;
};

const ownPlan = ({ settings }: Pick<Deps, 'settings'>): StandbyPlan => ({
  target: settings.standby.target,
  hours: settings.standby.hours,
  depth: settings.standby.depth,
});

/** The plan in force: the one that was set, else the environment's. */
export const planOf = (deps: Pick<Deps, 'settings'>, { plan, depth }: PlanItem): StandbyPlan =>
  plan ? { ...plan, depth } : ownPlan(deps);

/** The target of a plan at a time (ms). The first range of hours that holds counts. */
export const targetAt = ({ target, hours }: Pick<StandbyPlan, 'target' | 'hours'>, at: number): number => {
  const hour = new Date(at).getUTCHours();
  const holds = ({ from, to }: { from: number; to: number }) =>
    from < to ? from <= hour && hour < to : hour >= from || hour < to;
  return hours.find(holds)?.target ?? target;
};

/**
 * How many to keep ready. Each needs a slot to be of use: if none is free, nothing is kept waiting for it. The plan
 * may have been set under other settings or limits: the bounds of now hold.
 */
export const wantedAt = (
  plan: Pick<StandbyPlan, 'target' | 'hours'>,
  at: number,
  { max, freeSlots }: { readonly max: number; readonly freeSlots: number },
): number => Math.max(0, Math.min(targetAt(plan, at), max, freeSlots));

/** Slots that are free now, of all users. */
export const freeSlots = async (deps: Pick<Deps, 'store' | 'settings'>): Promise<number> => {
  const capacity = await readCapacity(deps);
  if (!capacity) return deps.settings.globalLimit;
  return capacity.limits.globalLimit - capacity.active;
};

type Writes = Pick<Deps, 'store' | 'clock' | 'sleep' | 'ids' | 'settings'>;

/** Sets the plan, or returns to the environment's. Throws 422 for more than the environment or the limit allows. */
export const changePlan = async (deps: Writes, request: ChangeStandbyRequest): Promise<void> => {
  const { max } = deps.settings.standby;
  const capacity = await readCapacity(deps);
  const limit = capacity?.limits.globalLimit ?? deps.settings.globalLimit;
  await retryTransient<void>(
    deps,
    CHANGE_BUDGET_MS,
    async () => {
      const found = await readPlan(deps);
      const before = planOf(deps, found);
      const plan =
        request.target === null
          ? undefined
          : { target: request.target ?? before.target, hours: request.hours ?? before.hours };
      if (plan) refuseTooMany(plan, max, limit);
      const { pausedUntil: _over, failure: _why, plan: _before, ...kept } = found;
      const written = await writePlan(deps, found, {
        ...kept,
        failures: 0,
        depth: request.depth ?? before.depth,
        ...(plan === undefined ? {} : { plan }),
      });
      return written ? undefined : RETRY;
    },
    () => {
      throw new Problem('unavailable', 'The database is too busy to change the standby plan; try again.', {
        retryAfterSeconds: 2,
      });
    },
  );
};

const CHANGE_BUDGET_MS = 8_000;

const refuseTooMany = (plan: Pick<StandbyPlan, 'target' | 'hours'>, max: number, limit: number): void => {
  const highest = highestTarget(plan);
  if (highest > max)
    throw new Problem(
      'unprocessable',
      `${highest} standby tasks are more than this environment allows: ${max} (settings.standby.max). Each one takes a ` +
        "task's share of the vCPU quota of the AWS account.",
    );
  if (highest > limit)
    throw new Problem(
      'unprocessable',
      `${highest} standby tasks are more than sessions can run at once: the global limit is ${limit}.`,
    );
};

export const readPlan = async (deps: Pick<Deps, 'store'>): Promise<PlanItem> => {
  const item = await deps.store.get(standbyPlanKey);
  return item ? planItemSchema.parse(item) : NO_PLAN;
};

/** False: it was changed meanwhile. */
export const writePlan = async (
  deps: Pick<Deps, 'store'>,
  before: PlanItem,
  after: PlanItem,
): Promise<boolean> => {
  const written = await deps.store.write({
    kind: 'put',
    key: standbyPlanKey,
    item: toItem({ ...standbyPlanKey, ...after, version: before.version + 1 }),
    condition: before.version === 0 ? absent('pk') : eq('version', before.version),
  });
  return written.ok;
};
