/**
 * Bounds on one user's use of shared resources. One row per bound: the limits operation, the command line, the
 * dashboard and the defaults of an environment follow from this table. Concurrent sessions and requests a minute are
 * separate limits (contract/bodies/admin.ts, contract/rate.ts).
 */
import * as z from 'zod';

export const BOUNDS = {
  waits: { says: 'requests that wait at once (long polls)', least: 1, most: 500, default: 40 },
  deliveries: { says: 'webhook deliveries at once', least: 1, most: 100, default: 5 },
  starts: {
    says: 'session starts a minute, at once twice the sessions that the user may run, 10 at least (0: any number)',
    least: 0,
    most: 60_000,
    default: 60,
  },
  stored: { says: 'stored sessions, stopped ones included', least: 1, most: 100_000, default: 500 },
  configBytes: { says: 'bytes of a session’s config', least: 1024, most: 131_072, default: 32_768 },
} as const;
export type BoundName = keyof typeof BOUNDS;

const boundOf = <N extends BoundName>(name: N) => {
  const { says, least, most } = BOUNDS[name];
  return z
    .int()
    .min(least)
    .max(most)
    .describe(`${says[0]?.toUpperCase()}${says.slice(1)}.`);
};

/** The value of each bound. */
export const boundsSchema = z.object({
  waits: boundOf('waits'),
  deliveries: boundOf('deliveries'),
  starts: boundOf('starts'),
  stored: boundOf('stored'),
  configBytes: boundOf('configBytes'),
} satisfies Record<BoundName, z.ZodType>);
export type Bounds = Readonly<z.infer<typeof boundsSchema>>;

export const BOUND_NAMES = boundsSchema.keyof().options;

/** A change of some of them. `null`: back to the default. */
export const boundsChangeSchema = z.strictObject({
  waits: boundOf('waits').nullable().optional(),
  deliveries: boundOf('deliveries').nullable().optional(),
  starts: boundOf('starts').nullable().optional(),
  stored: boundOf('stored').nullable().optional(),
  configBytes: boundOf('configBytes').nullable().optional(),
} satisfies Record<BoundName, z.ZodType>);
export type BoundsChange = Readonly<z.infer<typeof boundsChangeSchema>>;
