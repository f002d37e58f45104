import * as z from 'zod';

/** Standby tasks at once, at the most, in every environment. */
export const MOST_STANDBY_TASKS = 100;

const count = z.int().min(0).max(MOST_STANDBY_TASKS);

/** Another target between two hours of the day (UTC): from `from` until `to`, which may be past midnight. */
export const standbyHoursSchema = z
  .strictObject({
    from: z.int().min(0).max(23).describe('The first hour (UTC), 0 to 23.'),
    to: z
      .int()
      .min(0)
      .max(24)
      .describe('The hour (UTC) at which it ends, 0 to 24. Lower than `from`: past midnight.'),
    target: count.describe('Standby tasks to keep ready in these hours.'),
  })
  .refine(({ from, to }) => from !== to, 'must end at another hour than it begins');
export type StandbyHours = z.infer<typeof standbyHoursSchema>;

/** How far standby tasks start ahead of their session. */
export const standbyDepthSchema = z.enum(['browser', 'page']);
export type StandbyDepth = z.infer<typeof standbyDepthSchema>;
const depth = standbyDepthSchema.describe(
  '`browser`: they launch it and load nothing. `page`: they load WhatsApp Web too, so that a new session has its code at ' +
    'once; each then shows WhatsApp an unlinked page for as long as it waits.',
);

/** How many standby tasks to keep ready. The first of `hours` that holds counts, else `target`. */
export const standbyPlanSchema = z.strictObject({
  target: count.describe('Standby tasks to keep ready.'),
  hours: z
    .array(standbyHoursSchema)
    .max(24)
    .default([])
    .describe('Other targets by the hour of the day (UTC).'),
  depth: depth.default('browser'),
});
export type StandbyPlan = z.infer<typeof standbyPlanSchema>;

/** At any hour. */
export const highestTarget = ({ target, hours }: Pick<StandbyPlan, 'target' | 'hours'>): number =>
  Math.max(target, ...hours.map((range) => range.target));

const standbyTaskSchema = z.object({
  id: z.string(),
  /** `ending`: it is being stopped, or was claimed and does not serve its session. */
  state: z.enum(['starting', 'ready', 'claimed', 'ending']),
  createdAt: z.iso.datetime(),
  readyAt: z.iso.datetime().nullable(),
  heartbeatAt: z.iso.datetime().nullable(),
  depth: standbyDepthSchema.default('browser'),
  /** The build of its browser. */
  chromiumBuild: z.string().nullable(),
  /** The session that it serves. */
  sessionId: z.string().nullable(),
});

export const standbyViewSchema = z.object({
  // An answer may have more than this release knows of.
  plan: z.object(standbyPlanSchema.shape),
  /** `settings`: of the environment. `api`: set at run time. */
  planBy: z.enum(['settings', 'api']),
  /** The largest target that the environment allows. */
  max: z.int(),
  /** By the plan, at this hour. */
  target: z.int(),
  /** The number that is kept ready now: not more than there are free slots. */
  wanted: z.int(),
  ready: z.int(),
  starting: z.int(),
  claimed: z.int(),
  /** No standby task is launched until then, because the last ones did not become ready. */
  pausedUntil: z.iso.datetime().nullable(),
  /** Why the last launch gave no ready task, for example a quota that is used up; null while launches work. */
  failure: z.string().nullable(),
  tasks: z.array(standbyTaskSchema),
});
export type StandbyView = z.infer<typeof standbyViewSchema>;

export const changeStandbyRequestSchema = z
  .strictObject({
    target: count
      .nullable()
      .optional()
      .describe("Standby tasks to keep ready; null: back to the environment's plan."),
    hours: z
      .array(standbyHoursSchema)
      .max(24)
      .optional()
      .describe('Other targets by the hour of the day (UTC).'),
    depth: depth.optional(),
  })
  .refine(
    ({ target, hours, depth }) => target !== undefined || hours !== undefined || depth !== undefined,
    'must have target, hours or depth',
  )
  .refine(
    ({ target, hours, depth }) => target !== null || (hours === undefined && depth === undefined),
    'null takes neither hours nor depth',
  )
  .meta({ examples: [{ target: 2 }] });
export type ChangeStandbyRequest = z.infer<typeof changeStandbyRequestSchema>;
