import * as z from 'zod';
import { stateSchema, statusSchema, stopReasonSchema } from '../lifecycle.ts';
import { sessionNameSchema } from '../names.ts';
import { restartConfigSchema } from '../restart.ts';
import { dialogsSchema, shownAccountSchema } from '../worker/protocol.ts';
import { startStepsSchema } from '../worker/start-steps.ts';
import { sessionConfigRequestSchema, sessionConfigSchema } from './session-config.ts';

export { sessionNameSchema, userIdSchema } from '../names.ts';

export const createSessionRequestSchema = z.strictObject({
  name: sessionNameSchema.optional(),
  start: z.boolean().default(true),
  config: sessionConfigRequestSchema.optional(),
});

export const updateSessionRequestSchema = z.strictObject({
  config: sessionConfigRequestSchema.optional().describe('Left out: the config stays as it is.'),
});

/** A session as callers see it. Times in ISO 8601 except `timestamps`, which follow WAHA (ms). */
export const sessionViewSchema = z.object({
  name: z.string(),
  status: statusSchema,
  config: sessionConfigSchema,
  me: shownAccountSchema.nullable(),
  /**
   * Dialogs that WhatsApp Web put over its page since the session started: how many were closed, and how many are open
   * that Berth does not know. Null while it does not run.
   */
  dialogs: dialogsSchema.nullable(),
  /** `build`: the version of WhatsApp Web that the session met last. */
  engine: z.object({ engine: z.literal('WEBJS'), build: z.string().nullable() }),
  timestamps: z.object({ activity: z.int().nullable() }),
  userId: z.string(),
  state: stateSchema,
  stopReason: stopReasonSchema.nullable(),
  /** The error, or the reason why a QR code is shown again, as text. */
  detail: z.string().nullable(),
  epoch: z.int(),
  /** A saved auth state exists: starting needs no QR code. */
  linked: z.boolean(),
  /** The restart policy in force, and what it did since the session was started. */
  restart: restartConfigSchema.required().extend({
    /** Restarts, as far as they were in the window at the last one. */
    attempts: z.int(),
    /** Why the last task was lost; null if none was. */
    reason: stopReasonSchema.nullable(),
    lastAt: z.iso.datetime().nullable(),
    /** The session waits for its next start until then; null while it does not wait. */
    nextAttemptAt: z.iso.datetime().nullable(),
  }),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  /** The time line of its last start; null before the first step is known, and in lists. */
  start: z
    .object({
      /** When it was admitted, or when its restart was due. */
      at: z.iso.datetime(),
      /** A standby task serves it: the steps before `bootstrapped` were done while that task waited. */
      standby: z.boolean(),
      /** Milliseconds from `at` until each step, as far as they are reached. */
      steps: startStepsSchema,
    })
    .nullable(),
  /** When the session will be ended because it was not linked; null while it does not wait to be linked. */
  qrExpiresAt: z.iso.datetime().nullable(),
  /** When the session will be ended for being idle / at the latest; null while not running or never. */
  idleAt: z.iso.datetime().nullable(),
  expiresAt: z.iso.datetime().nullable(),
  authState: z.object({ savedAt: z.iso.datetime(), bytes: z.int(), chromiumBuild: z.string() }).nullable(),
});
export type SessionView = z.infer<typeof sessionViewSchema>;

/** A session that was created or started, with its QR code if the caller waited for it. */
export const startedSessionSchema = sessionViewSchema.extend({
  qr: z
    .object({
      value: z
        .string()
        .describe('The text of the code, to be drawn. Equivalent to a password until it is renewed.'),
      expiresAt: z.iso.datetime().describe('When WhatsApp is expected to replace it.'),
    })
    .optional()
    .describe('With `wait`, if the session needs a code and it came in time.'),
});
export type StartedSession = z.infer<typeof startedSessionSchema>;
