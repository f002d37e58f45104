/**
 * A session's configuration in its three shapes: as it is requested, as it is stored, and as it is shown.
 *
 *   asked for   secrets may be left out (kept), null (removed) or a mask (kept); checked strictly
 *   stored      complete; read leniently, so that a stricter rule never makes an old session unreadable
 *   shown       the stored shape with every secret masked
 *
 * core/lifecycle/session-config.ts turns one into the other.
 */
import * as z from 'zod';
import { isLocale } from '../locale.ts';
import { parseProxy } from '../proxy.ts';
import { restartConfigSchema } from '../restart.ts';
import { sizeSchema } from '../size.ts';
import { refusedHeader } from '../webhooks/headers.ts';
import { ignoreSchema } from '../whatsapp/ignore.ts';

export const WEBHOOK_EVENTS = [
  '*',
  'session.status',
  'session.admitted',
  'session.expiring',
  'session.restarting',
  'session.stopped',
  'session.code',
  'message',
  'message.any',
  'message.ack',
  'message.ack.group',
  'message.reaction',
  'message.revoked',
  'message.edited',
  'message.waiting',
  'group.v2.join',
  'group.v2.leave',
  'group.v2.update',
  'group.v2.participants',
  'chat.archive',
  'call.received',
  'call.rejected',
  'poll.vote',
  'presence.update',
  'label.upsert',
  'label.deleted',
  'label.chat.added',
  'label.chat.deleted',
  'engine.event',
  'state.change',
  'group.join',
  'group.leave',
] as const;

/** Raw events of the engine, and those that WAHA has deprecated: sent only to a webhook that names them. */
export const NOT_IN_ALL: readonly string[] = ['engine.event', 'state.change', 'group.join', 'group.leave'];

/** Events of WAHA that this engine has no occasion to send: accepted in a webhook's configuration. */
const OTHER_WAHA_EVENTS = [
  'poll.vote.failed',
  'call.accepted',
  'event.response',
  'event.response.failed',
] as const;
export const eventNameSchema = z.enum([...WEBHOOK_EVENTS, ...OTHER_WAHA_EVENTS]);

export const webhookIdSchema = z
  .string()
  .regex(/^[0-9a-f]{16}$/, "must be a webhook's id")
  .describe('Its id in dead letters and deliveries.');

const headerName = z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'must be letters, digits and "-"');
const headerValue = z.string().regex(/^[\x20-\x7e]{0,1024}$/, 'must be printable ASCII');
const hmacKey = z.string().min(1).max(256);

const webhookBase = {
  id: webhookIdSchema.optional(),
  url: z.url({ protocol: /^https?$/ }).max(2048),
  events: z.array(eventNameSchema).max(eventNameSchema.options.length),
  retries: z
    .strictObject({
      policy: z.enum(['constant', 'linear', 'exponential']).default('constant'),
      delaySeconds: z.int().min(0).max(900).default(2),
      attempts: z.int().min(0).max(30).default(15),
    })
    .optional(),
};

export const webhookSchema = z.strictObject({
  ...webhookBase,
  hmac: z.strictObject({ key: hmacKey }).optional(),
  customHeaders: z
    .array(z.strictObject({ name: headerName, value: headerValue }))
    .max(20)
    .optional(),
});
export type Webhook = z.infer<typeof webhookSchema>;

/** A header that a webhook may not set is refused with its name; so is one that is given twice. */
const requestedHeaders = z
  .array(
    z.strictObject({
      name: headerName,
      value: headerValue
        .nullish()
        .describe('Left out or masked: the stored value is kept. null: the header is removed.'),
    }),
  )
  .max(20)
  .superRefine((headers, context) => {
    const seen = new Set<string>();
    for (const [index, { name }] of headers.entries()) {
      const refused = refusedHeader(name);
      const message = refused ?? (seen.has(name.toLowerCase()) ? `${name} is given twice` : undefined);
      if (message !== undefined) context.addIssue({ code: 'custom', path: [index, 'name'], message });
      seen.add(name.toLowerCase());
    }
  });

export const webhookRequestSchema = z.strictObject({
  ...webhookBase,
  id: webhookIdSchema
    .optional()
    .describe('The id as read: it stays the same webhook when its URL changes. An unknown id is ignored.'),
  hmac: z
    .strictObject({ key: hmacKey.nullish() })
    .nullish()
    .describe('Left out or masked: the stored key is kept. null: it is removed.'),
  customHeaders: requestedHeaders
    .nullish()
    .describe('Left out: the stored headers are kept. null or []: they are removed.'),
});
export type WebhookRequest = z.infer<typeof webhookRequestSchema>;

const configBase = {
  metadata: z
    .record(z.string().max(64), z.string().max(512))
    .refine((m) => Object.keys(m).length <= 32, 'at most 32 entries')
    .optional(),
  client: z
    .strictObject({
      deviceName: z.string().min(1).max(64).optional(),
      browserName: z.string().min(1).max(64).optional(),
      locale: z
        .string()
        .max(64)
        .refine(isLocale, 'must be a language tag such as en-US')
        .optional()
        .describe("The browser's language (BCP 47); without it, the environment's."),
    })
    .optional(),
  ignore: ignoreSchema
    .optional()
    .describe(
      'Kinds of chats whose events are dropped. Status and channels never keep a session from being idle, ignored or not.',
    ),
  sendSeen: z
    .boolean()
    .optional()
    .describe(
      'Mark a chat as read before each message to it; best effort. Takes effect with the next start.',
    ),
  /** Never above the environment's. */
  idleTimeoutSeconds: z.int().min(10).optional(),
  maxDurationSeconds: z.int().min(60).optional(),
  /** Neither idle nor maximum duration end the session; admin only. */
  keepAlive: z.boolean().optional(),
  size: sizeSchema
    .optional()
    .describe(
      "CPU and memory of its task, from the next start on. Without it, the environment's. `large`: admin keys.",
    ),
  restart: restartConfigSchema
    .optional()
    .describe('The reaction to the loss of the task. Without it: `always` with `keepAlive`, else `never`.'),
};

const proxyServer = z
  .string()
  .min(1)
  .max(1024)
  .regex(/^[\x21-\x7e]+$/, 'must be host:port or a URL');

export const sessionConfigSchema = z.strictObject({
  ...configBase,
  webhooks: z.array(webhookSchema).max(10).optional(),
  proxy: z
    .strictObject({
      server: proxyServer,
      username: z.string().max(256).optional(),
      password: z.string().max(256).optional(),
    })
    .optional(),
});
export type SessionConfig = z.infer<typeof sessionConfigSchema>;

const proxyRequestSchema = z
  .strictObject({
    server: proxyServer.describe(
      'host:port or a URL (http, https, socks4, socks5). A login in it is split off.',
    ),
    username: z.string().max(256).nullish(),
    password: z
      .string()
      .max(256)
      .nullish()
      .describe(
        'Left out or masked: the stored one is kept for the same server and user. null: it is removed.',
      ),
  })
  .superRefine((proxy, context) => {
    const issue = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    const parsed = parseProxy(proxy.server);
    if (!parsed) return issue('server', 'must be host:port, or a URL with http, https, socks4 or socks5');
    const named = parsed.username ?? proxy.username ?? undefined;
    if (parsed.username !== undefined && (proxy.username != null || proxy.password != null))
      return issue('server', 'has a login, and username or password is also set: use only one');
    if (typeof proxy.password === 'string' && named === undefined)
      return issue('username', 'is missing: a password needs a user name');
    if (parsed.socks && named !== undefined)
      issue(
        parsed.username === undefined ? 'username' : 'server',
        'Chromium cannot log in to a SOCKS proxy. Use an HTTP proxy, or a SOCKS proxy that allows access by address.',
      );
  });

export const sessionConfigRequestSchema = z.strictObject({
  ...configBase,
  webhooks: z.array(webhookRequestSchema).max(10).optional(),
  proxy: proxyRequestSchema.nullish(),
});
export type SessionConfigRequest = z.infer<typeof sessionConfigRequestSchema>;
