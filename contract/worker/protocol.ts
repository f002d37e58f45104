/**
 * The protocol between a worker and the control plane.
 *
 * Worker → control plane: HTTPS to the worker API under `/worker/v1/`, the only thing a task talks to besides
 * WhatsApp and the presigned URLs it is given. The task starts with a single-use bootstrap token and exchanges it for
 * a secret that it makes itself, so that a repeated exchange (lost answer) is recognized and a stolen token is
 * worthless afterwards. Every later call carries `Authorization: Bearer <sessionId>.<epoch>.<workerSecret>`.
 *
 *   401  no or wrong credentials
 *   410  fenced: this epoch has ended. Kill the browser, save nothing, exit.
 *   4xx  a defect; give up the call
 *   429, 5xx, no answer: retry with full jitter; every call is idempotent
 *
 * A standby task starts with its own token, which is good for one thing: to wait (standbyReportSchema). It becomes
 * the worker of a session by the bootstrap token that the control plane sends it (assignmentSchema).
 *
 * Control plane → worker: HTTP to the command server at the address reported,
 * `Authorization: Bearer <commandSecret>`, `X-Berth-Epoch: <epoch>`; `POST /v1/commands/<name>` with the command's
 * JSON arguments.
 */
import * as z from 'zod';
import { standbyDepthSchema } from '../bodies/standby.ts';
import { reportedBuildsSchema } from '../builds/counts.ts';
import { buildVersionSchema } from '../builds/version.ts';
import { statusSchema, stopReasonSchema } from '../lifecycle.ts';
import { ignoreSchema } from '../whatsapp/ignore.ts';
import { statusDataSchema } from '../whatsapp/passkey.ts';
import { commandFailureSchema } from './command-failures.ts';
import { reportedStepsSchema } from './start-steps.ts';

const secret = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'must be 32 bytes in base64url');
const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hex');

/** Environment of the task; what RunTask and the task definition set. */
export const workerEnvironmentSchema = z.object({
  BERTH_WORKER_API_URL: z.url(),
  /** These three for a task of a session; those with STANDBY for a standby task. */
  BERTH_SESSION_ID: z.string().min(1).optional(),
  BERTH_EPOCH: z.coerce.number().int().positive().optional(),
  BERTH_BOOTSTRAP_TOKEN: secret.optional(),
  /** Of a task of a session that any browser fits: it is started before the control plane is asked for the session. */
  BERTH_BROWSER_AHEAD: z.literal('1').optional(),
  BERTH_STANDBY_ID: z.string().min(1).optional(),
  BERTH_STANDBY_TOKEN: secret.optional(),
  BERTH_STANDBY_DEPTH: standbyDepthSchema.default('browser'),
  /** 0: any free port (several workers on one machine). */
  BERTH_COMMAND_PORT: z.coerce.number().int().min(0).max(65535).default(8080),
  /** The address under which command functions reach this task; without it, read from the ECS task metadata. */
  BERTH_COMMAND_HOST: z.string().optional(),
  /** The task that this is; without it, read from the ECS task metadata. */
  BERTH_TASK_ARN: z.string().optional(),
  /** JSON array of further Chromium switches. */
  BERTH_BROWSER_ARGS: z.string().default('[]'),
  CHROMIUM_PATH: z.string().optional(),
  /** The folder of the profile; a temporary folder otherwise. */
  BERTH_WORK_DIR: z.string().optional(),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});

/** The linked account. `id` as `491701234567@c.us`. */
export const accountSchema = z.object({
  id: z.string().max(128),
  // WhatsApp allows 25 characters. Longer ones are cut: a report must not fail for the name's sake.
  pushName: z
    .string()
    .transform((name) => name.slice(0, 256))
    .optional(),
  lid: z.string().max(128).optional(),
});
export type Account = z.infer<typeof accountSchema>;

/** The account as callers and webhooks see it. `jid`: as the protocol of WhatsApp names it, `…@s.whatsapp.net`. */
export const shownAccountSchema = accountSchema.extend({ jid: z.string().optional() });
export const shownAccount = (account: Account): z.infer<typeof shownAccountSchema> => ({
  ...account,
  jid: account.id.replace(/@c\.us$/, '@s.whatsapp.net'),
});

/** Dialogs that WhatsApp Web put over its page: how many were closed, and how many unknown ones are open. */
export const dialogsSchema = z.object({ closed: z.int().min(0), unknown: z.int().min(0) });
export type Dialogs = z.infer<typeof dialogsSchema>;

/** One saved auth state, as kept in the session item. */
export const authStateSchema = z.object({
  key: z.string(),
  sha256: sha256Hex,
  bytes: z.int().positive(),
  /** A profile made by another Chromium build can fail to restore. */
  chromiumBuild: z.string(),
  /** ms since the epoch */
  savedAt: z.int(),
});
export type AuthState = z.infer<typeof authStateSchema>;

/** An auth state to restore: one GET on `url`. */
export const restorableSchema = authStateSchema.extend({ url: z.url() });

/** The actions of the client host and their times (ms since the epoch, control plane's clock); absent: never. */
const workerDeadlinesSchema = z.object({
  qrTimeoutMs: z.int(),
  idleTimeoutMs: z.int().optional(),
  maxAt: z.int().optional(),
  startBy: z.int(),
});
export type WorkerDeadlines = z.infer<typeof workerDeadlinesSchema>;

const clientOptionsSchema = z.object({
  proxy: z
    .object({ server: z.string(), username: z.string().optional(), password: z.string().optional() })
    .optional(),
  deviceName: z.string().optional(),
  browserName: z.string().optional(),
  /** BCP 47 */
  locale: z.string().optional(),
});

/**
 * The messages that were delivered up to now. Every message of `account` from `since` on that is not among `ids` was
 * not delivered; none before `since` is delivered any more. `at` and `since` in seconds, as WhatsApp has its times.
 */
export const forwardedMarkSchema = z.object({
  account: z.string().max(128),
  since: z.int(),
  ids: z.array(z.object({ id: z.string().max(300), at: z.int() })).max(200),
});
export type ForwardedMark = z.infer<typeof forwardedMarkSchema>;

/** `http://<private or loopback IPv4>:<port>` of a worker's command server. */
const commandAddressSchema = z.string().regex(/^http:\/\/(\d{1,3}\.){3}\d{1,3}:\d{1,5}$/);

/** POST /worker/v1/bootstrap, without Authorization. 409: another process exchanged the token: exit. */
export const bootstrapRequestSchema = z.strictObject({
  sessionId: z.string().max(128),
  epoch: z.int().positive(),
  bootstrapToken: secret,
  workerSecret: secret,
  commandSecret: secret,
  address: commandAddressSchema,
  chromiumBuild: z.string().max(100),
  /** The task that the worker runs as; absent on a machine that knows of no tasks. */
  taskArn: z.string().max(512).optional(),
});
export const bootstrapResponseSchema = z.object({
  now: z.int(),
  deadlines: workerDeadlinesSchema,
  heartbeatSeconds: z.int(),
  activitySeconds: z.int(),
  snapshotIntervalSeconds: z.int(),
  stopGraceSeconds: z.int(),
  client: clientOptionsSchema,
  /** Kinds of chats whose events are not delivered. */
  ignore: ignoreSchema.default({}),
  /** Mark a chat as read before each message to it. */
  sendSeen: z.boolean().default(false),
  /** Of files sent by URL and of received ones. The rules of addresses are those of the proxy as well. */
  media: z
    .object({
      maxBytes: z.int(),
      allowLoopback: z.boolean(),
      refusedPorts: z.array(z.int()).default([]),
    })
    .default({ maxBytes: 32 * 1024 * 1024, allowLoopback: false, refusedPorts: [] }),
  /** The HTML to load in place of what WhatsApp serves; absent: the live build. */
  page: z.object({ version: z.string(), url: z.url(), sha256: sha256Hex }).optional(),
  /** The messages that earlier workers delivered; absent: none. */
  told: forwardedMarkSchema.optional(),
  /** Whether the worker may ask to be linked. A restart may not: without a usable saved account it ends. */
  mayLink: z.boolean().default(true),
  /** How many messages that came meanwhile are delivered, and how old they may be. */
  late: z
    .object({ max: z.int(), maxAgeSeconds: z.int() })
    .default({ max: 1000, maxAgeSeconds: 7 * 24 * 3600 }),
  /** Newest first; empty: never linked, show a QR code. Try each in turn before falling to a QR code. */
  authStates: z.array(restorableSchema),
});

/**
 * POST /worker/v1/report: heartbeat, and at once whenever status, account or activity changes. `seq` grows by one
 * with each new report (not with a repeat); an older one than seen changes nothing.
 */
export const reportRequestSchema = z.strictObject({
  seq: z.int().positive(),
  status: statusSchema,
  me: accountSchema.optional(),
  /** ms since the epoch by the control plane's clock (offset from bootstrap's `now`) */
  lastActivityAt: z.int().optional(),
  /** Why the client fell to a QR code although an auth state existed. */
  qrReason: z
    .enum(['auth_state_corrupt', 'auth_state_foreign', 'revoked', 'logged_out', 'never_linked'])
    .optional(),
  /** How many QR codes this worker has shown: each new one causes an event. */
  qrCodes: z.int().min(0).optional(),
  /** Of PASSKEY_REQUIRED and PASSKEY_CONFIRMATION_REQUIRED: for the webhooks, kept nowhere. */
  statusData: statusDataSchema.optional(),
  memoryBytes: z.int().optional(),
  /** Since this worker started. */
  dialogs: dialogsSchema.optional(),
  /** The build of WhatsApp Web in use, once the page has reported it. */
  build: buildVersionSchema.optional(),
  /** Counts by build since this worker began. */
  builds: reportedBuildsSchema.optional(),
  /** Steps of the start that no report has contained yet. Times in ms, by the control plane's clock. */
  start: reportedStepsSchema.optional(),
});
export const reportResponseSchema = z.object({
  now: z.int(),
  deadlines: workerDeadlinesSchema,
  /** As configured now. */
  ignore: ignoreSchema.default({}),
  /** Set: end gracefully for this reason (save, close, final report). */
  stop: stopReasonSchema.optional(),
});

/** The library's events on their way to the webhooks; durable when 202 came back. */
const workerEventSchema = z.object({
  id: z
    .string()
    .regex(/^evt_[0-9A-HJKMNP-TV-Z]{26}$/i)
    .toLowerCase(),
  timestamp: z.int(),
  event: z.string().max(64),
  payload: z.unknown(),
});
export type WorkerEvent = z.infer<typeof workerEventSchema>;
/**
 * POST /worker/v1/events: kept in the order given; repeats with the same id are recognized. `told`: the messages that
 * are delivered with these events, recorded after them; its `seq` grows by one with each call of the worker (not with
 * a repeat).
 */
export const eventsRequestSchema = z
  .strictObject({
    events: z.array(workerEventSchema).max(10),
    told: forwardedMarkSchema.extend({ seq: z.int().positive() }).optional(),
  })
  .refine(({ events, told }) => events.length > 0 || told !== undefined, 'must have `events` or `told`');

/**
 * POST /worker/v1/auth-state/upload: where to put a snapshot. Parts of `partBytes` (the last one shorter), or the whole at
 * once if it is small.
 */
export const uploadRequestSchema = z.strictObject({
  bytes: z
    .int()
    .positive()
    .max(512 * 1024 * 1024),
  sha256: sha256Hex,
  /** The worker can put the whole at once. Workers of earlier releases do not say so. */
  atOnce: z.boolean().optional(),
});
export const uploadResponseSchema = z.object({
  key: z.string(),
  /** Absent: one PUT is the whole upload. Storage takes it once; 412 says that it has it. */
  uploadId: z.string().optional(),
  partBytes: z.int(),
  /** Each PUT needs these headers: they are signed. */
  headers: z.record(z.string(), z.string()).optional(),
  /** PUT the bytes of part i + 1 to parts[i]; keep the ETag header of each answer. */
  parts: z.array(z.url()).min(1),
});

/** POST /worker/v1/auth-state/commit: makes the uploaded snapshot the session's auth state. */
export const commitRequestSchema = z.strictObject({
  key: z.string().max(1024),
  /** With `etags`: of an upload in parts. */
  uploadId: z.string().max(2048).optional(),
  etags: z.array(z.string().max(128)).min(1).max(10_000).optional(),
  sha256: sha256Hex,
  bytes: z.int().positive(),
  chromiumBuild: z.string().max(100),
});

/** POST /worker/v1/media/upload: where to put a received file, and the link under which it is then found. */
export const mediaUploadRequestSchema = z.strictObject({
  bytes: z.int().positive(),
  mimetype: z.string().max(256),
  filename: z.string().max(255).nullable(),
});
export const mediaUploadResponseSchema = z.object({
  /** PUT exactly so many bytes, once. */
  uploadUrl: z.url(),
  /** GET, without a key, for some hours. */
  url: z.url(),
});

/** POST /worker/v1/auth-state/discard: the account was unlinked by the phone; what is saved is dead. */
export const discardRequestSchema = z.strictObject({ reason: z.enum(['logged_out', 'revoked']) });

/**
 * POST /worker/v1/commands/claim, when the client works: the next command that waited for it, or null. The same one
 * again until its result is posted (the answer may have been lost): the worker runs each id once.
 */
export const claimRequestSchema = z.strictObject({});
export const claimResponseSchema = z.object({
  command: z
    .object({
      id: z.string(),
      name: z.string(),
      /** The JSON of the arguments as a command function would send it. */
      args: z.string(),
      /** As the header `Idempotency-Key` of the command server. */
      idempotencyKey: z.string(),
    })
    .nullable(),
});
/** POST /worker/v1/commands/result: the outcome of a claimed command. */
export const commandResultRequestSchema = z.strictObject({
  id: z.string().max(128),
  outcome: z.discriminatedUnion('ok', [
    z.object({ ok: z.literal(true), result: z.unknown() }),
    z.object({ ok: z.literal(false), failure: commandFailureSchema }),
  ]),
});

/** POST /worker/v1/last-word: auth state is saved (or there is none), Chromium is gone; frees the slot. */
export const finalReportRequestSchema = z.strictObject({
  reason: stopReasonSchema,
  /** For people; no secrets. */
  detail: z.string().max(500).optional(),
  /** As in a report: what no report has said yet counts, too. */
  builds: reportedBuildsSchema.optional(),
});

/**
 * POST /worker/v1/standby, without Authorization: a standby task is ready, and again with each heartbeat. The first call
 * exchanges the single-use standby token for the secret that the worker made. 409: another worker exchanged it. 410: this
 * standby task is not wanted any more: exit.
 */
export const standbyReportSchema = z.strictObject({
  standbyId: z.string().max(64),
  standbyToken: secret,
  workerSecret: secret,
  /** Authorizes the one assignment that the control plane sends. */
  commandSecret: secret,
  address: commandAddressSchema,
  chromiumBuild: z.string().max(100),
});
export type StandbyReport = z.infer<typeof standbyReportSchema>;
export const standbyAnswerSchema = z.object({ heartbeatSeconds: z.int() });

/**
 * Control plane → standby task: POST /v1/standby at its command server. 200: it has exchanged the bootstrap token and
 * serves the session. 503: it does not, and never will.
 */
export const assignmentSchema = z.strictObject({
  sessionId: z.string(),
  epoch: z.int().positive(),
  bootstrapToken: secret,
  /** An account is saved: the browser has to start over its profile. */
  isLinked: z.boolean(),
});
export type Assignment = z.infer<typeof assignmentSchema>;
export const STANDBY_PATH = '/v1/standby';

export const WORKER_API = {
  standby: '/worker/v1/standby',
  bootstrap: '/worker/v1/bootstrap',
  report: '/worker/v1/report',
  events: '/worker/v1/events',
  upload: '/worker/v1/auth-state/upload',
  commit: '/worker/v1/auth-state/commit',
  discard: '/worker/v1/auth-state/discard',
  mediaUpload: '/worker/v1/media/upload',
  claim: '/worker/v1/commands/claim',
  commandResult: '/worker/v1/commands/result',
  /** The path keeps its first name: workers of an earlier deployment call it. */
  finalReport: '/worker/v1/last-word',
} as const;
