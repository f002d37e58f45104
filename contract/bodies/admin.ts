import * as z from 'zod';
import { boundsChangeSchema, boundsSchema } from '../bounds.ts';
import { stateSchema, stopReasonSchema } from '../lifecycle.ts';
import { rateSchema } from '../rate.ts';
import { scopeSchema } from '../scopes.ts';
import { sessionNameSchema, userIdSchema } from './sessions.ts';

export const roleSchema = z.enum(['admin', 'user']);
export type Role = z.infer<typeof roleSchema>;

export const limitsViewSchema = z.object({
  global: z.object({ limit: z.int(), active: z.int() }),
  userDefault: z.int(),
  /** The caller's own, or that of the user asked for. */
  user: z.object({
    userId: z.string(),
    limit: z.int(),
    active: z.int(),
    own: z.boolean(),
    /** Requests a minute that are in force for this user; null: not limited. */
    rate: rateSchema.nullable(),
    ownRate: z.boolean(),
    /** The value in force for this user. */
    bounds: boundsSchema,
    /** Those of them that are the user's own. */
    ownBounds: boundsSchema.partial(),
  }),
  /** Of users without their own. */
  rateDefault: rateSchema.nullable(),
  /** Of users without their own. */
  bounds: boundsSchema,
});
export type LimitsView = z.infer<typeof limitsViewSchema>;

const limit = z.int().min(0).max(100_000);
export const changeLimitsRequestSchema = z
  .strictObject({
    global: limit.optional(),
    userDefault: limit.optional(),
    /** `null` takes the limit of requests away. Changes count within seconds. */
    rateDefault: rateSchema.nullable().optional(),
    /** `null` takes a user's own limit away. */
    user: z
      .strictObject({
        userId: userIdSchema,
        limit: limit.nullable().optional(),
        rate: rateSchema.nullable().optional(),
        /** `null` takes a user's own bound away. */
        bounds: boundsChangeSchema.optional(),
      })
      .refine(
        (u) => u.limit !== undefined || u.rate !== undefined || u.bounds !== undefined,
        'name at least one of limit, rate, bounds',
      )
      .optional(),
    /** Of users without their own. `null`: back to the environment's setting. */
    bounds: boundsChangeSchema.optional(),
  })
  .refine(
    (r) => Object.keys(r).length > 0,
    'name at least one of global, userDefault, rateDefault, bounds, user',
  );

export const healthViewSchema = z.object({
  status: z.enum(['ok', 'degraded']),
  activeSessions: z.int().optional(),
  maxSessions: z.int().optional(),
  checks: z.record(z.string(), z.object({ ok: z.boolean(), detail: z.string() })).optional(),
});
export type HealthView = z.infer<typeof healthViewSchema>;

/** By step (contract/worker/start-steps.ts). */
const stepMeansSchema = z.record(z.string(), z.object({ count: z.int(), meanMs: z.int() }));

export const statsViewSchema = z.object({
  active: z.int(),
  limit: z.int(),
  /** Admins only. Shares of the limit, in percent, at which the alarms stand. */
  alarmPercents: z.object({ warning: z.number(), critical: z.number() }).optional(),
  byState: z.record(z.string(), z.int()),
  byStatus: z.record(z.string(), z.int()),
  /** Admins only. */
  byUser: z.record(z.string(), z.object({ active: z.int(), limit: z.int() })).optional(),
  oldest: z.object({ userId: z.string(), name: z.string(), startedAt: z.iso.datetime() }).nullable(),
  /** Admins only. Counts of the last 24 hours, by whole hours; best effort. */
  lastDay: z
    .object({
      since: z.iso.datetime(),
      admitted: z.int(),
      /** By scope: `global`, `user`. */
      refused: z.record(z.string(), z.int()),
      /** By stop reason, whichever party ended them. */
      ended: z.record(z.string(), z.int()),
      /** By why the task was lost: restarts by the sessions' policies. */
      restarted: z.record(z.string(), z.int()),
      /** By deadline: what the reaper ended because no worker did. */
      reaped: z.record(z.string(), z.int()),
      /** By how much counters were off their holders; healthy is 0. */
      drift: z.int(),
      /** From admission to the first QR code, each at most so many ms (in steps of 30 %); null if none was shown. */
      createToQr: z.object({ count: z.int(), p50Ms: z.int(), p95Ms: z.int() }).nullable(),
      /** Mean time from admission to each step of a start, with a new task and with a standby task. */
      startSteps: z.object({ own: stepMeansSchema, standby: stepMeansSchema }),
      /** Deliveries to webhooks. */
      webhooks: z.object({
        /** Attempts by result: `delivered`, `retry` (it is repeated later), `dead` (given up). */
        attempts: z.record(z.string(), z.int()),
        /** From the event to its delivery, each at most so many ms (in steps of 2); null if none was delivered. */
        age: z.object({ count: z.int(), p50Ms: z.int(), p95Ms: z.int() }).nullable(),
      }),
    })
    .optional(),
});
export type StatsView = z.infer<typeof statsViewSchema>;

export const cleanupRequestSchema = z.strictObject({
  mode: z.enum(['regular', 'emergency']).default('regular'),
  dryRun: z.boolean().default(false),
  filter: z
    .strictObject({
      olderThanSeconds: z.int().min(0).optional(),
      userId: userIdSchema.optional(),
      state: stateSchema.optional(),
    })
    .default({}),
});
export const cleanupReportSchema = z.object({
  mode: z.enum(['regular', 'emergency']),
  dryRun: z.boolean(),
  sessions: z.array(
    z.object({
      userId: z.string(),
      name: z.string(),
      state: stateSchema,
      startedAt: z.iso.datetime().nullable(),
      reason: stopReasonSchema,
      /** The action that was taken, or would be. */
      action: z.enum(['would_stop', 'stopping', 'released', 'failed']),
      detail: z.string().optional(),
    }),
  ),
  active: z.int(),
});
export type CleanupReport = z.infer<typeof cleanupReportSchema>;

export const drainRequestSchema = z.strictObject({
  dryRun: z.boolean().default(false).describe('Only counts what runs.'),
});
export const drainReportSchema = z.object({
  dryRun: z.boolean(),
  limitBefore: z.int().describe('The global limit before this call. Set it again to allow starts.'),
  active: z.int().describe('Sessions that hold a slot.'),
  tasks: z.int().describe('Tasks that ECS has not stopped yet.'),
  failed: z.int().describe('Sessions that could not be stopped; the next call tries again.'),
  drained: z.boolean().describe('No session runs and none can start.'),
});
export type DrainReport = z.infer<typeof drainReportSchema>;

/** A key's permissions in its session, in WAHA's form; `app` and `setting` are not separate scopes here. */
const actionsSchema = z.strictObject({
  read: z.boolean().optional(),
  send: z.boolean().optional(),
  control: z.boolean().optional(),
  setting: z.boolean().optional(),
  app: z.boolean().optional(),
  delete: z.boolean().optional(),
});

const keyFields = {
  /** The caller's own without it. */
  userId: userIdSchema.optional(),
  role: roleSchema.default('user'),
  /** Its permissions; without them all that its role allows. */
  scopes: z.array(scopeSchema).min(1).max(scopeSchema.options.length).optional(),
  /** Only these sessions; without it all of the user's. */
  sessions: z.array(sessionNameSchema).min(1).max(100).optional(),
  label: z.string().max(100).optional(),
  expiresInSeconds: z
    .int()
    .min(60)
    .max(10 * 366 * 86_400)
    .optional(),
  /** Counted for this key alone, in place of its user's. */
  rate: rateSchema.optional(),
  isAdmin: z.boolean().optional().describe('As `role` is `admin`, in WAHA’s words.'),
  session: sessionNameSchema.optional().describe('As `sessions` with one name, in WAHA’s words.'),
  isActive: z.boolean().optional().describe('False: the key exists and is refused until it is made active.'),
  actions: actionsSchema.optional().describe('As `scopes`, in WAHA’s words.'),
};

type Actions = z.infer<typeof actionsSchema>;

const roleOf = ({ isAdmin, role }: { isAdmin?: boolean | undefined; role: Role }): Role =>
  isAdmin ? 'admin' : role;

const scopesOf = ({
  read,
  send,
  control,
  setting,
  delete: remove,
}: Actions): z.infer<typeof scopeSchema>[] => [
  ...(read ? (['sessions:read', 'messages:read'] as const) : []),
  ...(send ? (['messages:send'] as const) : []),
  ...(control || setting || remove ? (['sessions:write'] as const) : []),
];

/** WAHA's documentation makes such a key for links to files. */
const NOTHING_ALLOWED =
  'allow nothing: at least one of read, send, control, setting, delete must be true (links to received files need no key)';

export const createKeyRequestSchema = z
  .strictObject(keyFields)
  .refine((r) => roleOf(r) === 'admin' || !r.scopes?.includes('admin'), {
    path: ['scopes'],
    error: 'the scope admin needs the role admin',
  })
  .refine((r) => roleOf(r) === 'user' || !(r.sessions ?? r.session), {
    path: ['sessions'],
    error: "go with the role user: an admin's key could make any other",
  })
  .refine((r) => !r.actions || scopesOf(r.actions).length > 0, {
    path: ['actions'],
    error: NOTHING_ALLOWED,
  })
  // What WAHA's words say becomes Berth's own.
  .transform(({ isAdmin, session, actions, isActive, ...own }) => ({
    ...own,
    role: roleOf({ isAdmin, role: own.role }),
    scopes: own.scopes ?? (actions && scopesOf(actions)),
    sessions: own.sessions ?? (session === undefined ? undefined : [session]),
    active: isActive,
  }));

/** Null is a value that was given. */
const givenOr = <T>(given: T | undefined, other: T): T => (given === undefined ? other : given);

/** The changes of a key, in Berth's or in WAHA's fields; omitted fields stay, and `null` takes a restriction away. */
export const updateKeyRequestSchema = z
  .strictObject({
    role: roleSchema.optional(),
    scopes: keyFields.scopes.unwrap().nullish(),
    sessions: keyFields.sessions.unwrap().nullish(),
    rate: rateSchema.nullish(),
    expiresInSeconds: keyFields.expiresInSeconds.unwrap().nullish().describe('From now; `null`: never.'),
    label: z.string().max(100).optional(),
    isAdmin: z.boolean().optional(),
    session: sessionNameSchema.nullish(),
    isActive: z.boolean().optional(),
    actions: actionsSchema.nullish(),
  })
  .refine((r) => !r.actions || scopesOf(r.actions).length > 0, {
    path: ['actions'],
    error: NOTHING_ALLOWED,
  })
  .transform(({ isAdmin, session, isActive, actions, ...own }) => ({
    ...own,
    role: own.role ?? (isAdmin === undefined ? undefined : roleOf({ isAdmin, role: 'user' })),
    sessions: givenOr(own.sessions, session == null ? session : [session]),
    scopes: givenOr(own.scopes, actions == null ? actions : scopesOf(actions)),
    active: isActive,
  }));

/** `POST /api/keys/media` and `…/control`. */
export const sessionKeyRequestSchema = z.strictObject({ session: sessionNameSchema });
export const keyViewSchema = z.object({
  id: z.string(),
  userId: z.string(),
  role: roleSchema,
  /** null: all that the role allows. */
  scopes: z.array(scopeSchema).nullable(),
  /** null: all of the user's. */
  sessions: z.array(z.string()).nullable(),
  label: z.string().nullable(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
  /** null: its user's. */
  rate: rateSchema.nullable(),
  /** The same in WAHA's words. */
  isAdmin: z.boolean().optional(),
  isActive: z.boolean().optional(),
  session: z.string().nullable().optional(),
  actions: actionsSchema.required().nullable().optional(),
});
export type KeyView = z.infer<typeof keyViewSchema>;
/** Shown once. */
export const createdKeySchema = keyViewSchema.extend({ key: z.string() });

export const sessionEventViewSchema = z.object({
  id: z.string(),
  timestamp: z.int(),
  event: z.string(),
  epoch: z.int(),
  payload: z.record(z.string(), z.unknown()),
});
