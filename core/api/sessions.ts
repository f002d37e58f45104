import * as z from 'zod';
import { stateSchema, statusSchema, stopReasonSchema } from '../lifecycle.ts';
import { accountSchema } from '../worker-protocol.ts';

/** A session's name is unique within its owner and safe in a path. */
export const sessionNameSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/,
    'must be 1 to 64 letters, digits, "_" or "-", not starting with "_" or "-"',
  );

export const userIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}$/, 'must be 1 to 64 letters, digits, "_", ".", "@" or "-"');

export const WEBHOOK_EVENTS = [
  '*',
  'session.status',
  'session.admitted',
  'session.expiring',
  'session.stopped',
  'message',
  'message.any',
  'message.ack',
  'message.reaction',
  'message.revoked',
  'group.v2.join',
  'group.v2.leave',
  'group.v2.update',
  'call.received',
  'poll.vote',
  'engine.event',
] as const;

const headerName = z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'must be letters, digits and "-"');
const headerValue = z.string().regex(/^[\x20-\x7e]{0,1024}$/, 'must be printable ASCII');

export const webhookSchema = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).max(2048),
  events: z.array(z.enum(WEBHOOK_EVENTS)).min(1).max(WEBHOOK_EVENTS.length),
  hmac: z.strictObject({ key: z.string().min(1).max(256) }).optional(),
  retries: z
    .strictObject({
      policy: z.enum(['constant', 'linear', 'exponential']).default('exponential'),
      delaySeconds: z.int().min(1).max(900).default(2),
      attempts: z.int().min(1).max(30).default(15),
    })
    .optional(),
  customHeaders: z
    .array(z.strictObject({ name: headerName, value: headerValue }))
    .max(20)
    .optional(),
});
export type Webhook = z.infer<typeof webhookSchema>;

export const sessionConfigSchema = z.strictObject({
  metadata: z
    .record(z.string().max(64), z.string().max(512))
    .refine((m) => Object.keys(m).length <= 32, 'at most 32 entries')
    .optional(),
  webhooks: z.array(webhookSchema).max(10).optional(),
  proxy: z
    .strictObject({
      server: z
        .string()
        .min(1)
        .max(256)
        .regex(/^[\x21-\x7e]+$/, 'must be host:port or a URL'),
      username: z.string().max(256).optional(),
      password: z.string().max(256).optional(),
    })
    .optional(),
  client: z
    .strictObject({
      deviceName: z.string().min(1).max(64).optional(),
      browserName: z.string().min(1).max(64).optional(),
    })
    .optional(),
  /** Never above the environment's. */
  idleTimeoutSeconds: z.int().min(10).optional(),
  maxDurationSeconds: z.int().min(60).optional(),
  /** Neither idle nor maximum duration end the session; admin only. */
  keepAlive: z.boolean().optional(),
});
export type SessionConfig = z.infer<typeof sessionConfigSchema>;

export const createSessionRequestSchema = z.strictObject({
  name: sessionNameSchema.optional(),
  start: z.boolean().default(true),
  config: sessionConfigSchema.optional(),
});
export type CreateSessionRequest = z.infer<typeof createSessionRequestSchema>;

export const updateSessionRequestSchema = z.strictObject({ config: sessionConfigSchema });

/** A session as callers see it. Times in ISO 8601 except `timestamps`, which follow WAHA (ms). */
export const sessionViewSchema = z.object({
  name: z.string(),
  status: statusSchema,
  config: sessionConfigSchema,
  me: accountSchema.nullable(),
  engine: z.object({ engine: z.literal('WEBJS') }),
  timestamps: z.object({ activity: z.int().nullable() }),
  userId: z.string(),
  state: stateSchema,
  stopReason: stopReasonSchema.nullable(),
  /** What went wrong or why a QR code is asked for again, in words. */
  detail: z.string().nullable(),
  epoch: z.int(),
  /** A saved auth state exists: starting needs no QR code. */
  linked: z.boolean(),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  /** When the session will be ended because nobody scanned a code; null while it shows none. */
  qrExpiresAt: z.iso.datetime().nullable(),
  /** When the session will be ended for being idle / at the latest; null while not running or never. */
  idleAt: z.iso.datetime().nullable(),
  expiresAt: z.iso.datetime().nullable(),
  authState: z.object({ savedAt: z.iso.datetime(), bytes: z.int(), chromiumBuild: z.string() }).nullable(),
});
export type SessionView = z.infer<typeof sessionViewSchema>;
