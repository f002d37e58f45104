import * as z from 'zod';

/** Sessions of one wave at most: one step asks all of them to stop. */
const MAX_WAVE = 200;

export const startRolloutRequestSchema = z.strictObject({
  wave: z.int().min(1).max(MAX_WAVE).default(5).describe('Sessions that are moved at the same time.'),
  pauseSeconds: z
    .int()
    .min(0)
    .max(3600)
    .default(30)
    .describe('How long the sessions of a wave must work before the next wave begins.'),
  dryRun: z.boolean().default(false).describe('Only counts: nothing is started.'),
});

export const rolloutStateSchema = z.enum(['running', 'completed', 'stopped', 'canceled']);
export type RolloutState = z.infer<typeof rolloutStateSchema>;

/** How far a session of the present wave is. */
const standingSchema = z.enum(['waiting', 'moving', 'works', 'left', 'failed']);
export type Standing = z.infer<typeof standingSchema>;

const rolloutSchema = z.object({
  id: z.string(),
  state: rolloutStateSchema.describe(
    '`stopped`: a wave did not work again, see `detail`. `completed`: no session is left to move.',
  ),
  wave: z.int(),
  pauseSeconds: z.int(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
  waves: z.int().describe('Waves that have ended.'),
  moved: z.int().describe('Sessions of these waves that work with the newest version.'),
  remaining: z
    .int()
    .nullable()
    .describe('Sessions still to move after the present wave, counted when it began. null: not counted yet.'),
  left: z
    .int()
    .nullable()
    .describe(
      'Sessions with an older version that are not moved: no restart policy `always`, or not linked.',
    ),
  members: z
    .array(z.object({ userId: z.string(), name: z.string(), standing: standingSchema }))
    .describe('The present wave, or the one at which the rollout ended.'),
  detail: z.string().nullable(),
});
export type RolloutView = z.infer<typeof rolloutSchema>;

export const rolloutReportSchema = z.object({
  rollout: rolloutSchema.nullable().describe('The one that runs, or the last one. null: there was none.'),
  plan: z
    .object({
      move: z.int().describe('Sessions that a rollout would move now.'),
      left: z.int().describe('Sessions with an older version that it would leave.'),
      newest: z.int().describe('Sessions with the newest version.'),
      unknown: z.int().describe('Sessions that start or end just now, or whose task is not known yet.'),
    })
    .nullable()
    .describe('Only with `dryRun`.'),
});
export type RolloutReport = z.infer<typeof rolloutReportSchema>;
