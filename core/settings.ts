import { z } from 'zod';

const duration = (defaultSeconds: number) => z.int().positive().default(defaultSeconds);

/**
 * What an environment sets, handed to every function as the JSON of `BERTH_SETTINGS`. Durations in seconds.
 * The limits here only seed the counters of a new table; afterwards they live in the items and change at run time.
 */
export const settingsSchema = z.strictObject({
  environment: z.string().default('local'),
  /** Sessions at once, over all users. */
  globalLimit: z.int().min(0).default(50),
  /** Sessions at once for a user without a limit of their own. */
  userLimit: z.int().min(0).default(5),
  /** A QR code that nobody scanned ends the session after this. */
  qrTimeoutSeconds: duration(300),
  /** Without an outgoing command or an incoming message. */
  idleTimeoutSeconds: duration(900),
  /** From admission, whatever happens. */
  maxDurationSeconds: duration(7200),
  /** From admission until the client reports a QR code or a linked account. A cold Fargate start takes 30 to 70 s. */
  startTimeoutSeconds: duration(240),
  heartbeatSeconds: duration(20),
  /** A worker silent for this long is taken for dead. */
  heartbeatTimeoutSeconds: duration(90),
  /** For the worker to save auth state and say its last word; Fargate's stopTimeout allows 120 s. */
  stopGraceSeconds: duration(150),
  /** Between the auth-state snapshots of a linked session. */
  snapshotIntervalSeconds: duration(600),
  /** Between a worker's reports of activity. */
  activitySeconds: duration(30),
  /** A task younger than this is never called an orphan. */
  orphanGraceSeconds: duration(120),
  /** Webhooks to loopback addresses; local mode only. */
  allowLoopbackWebhooks: z.boolean().default(false),
});
export type Settings = z.infer<typeof settingsSchema>;

/** Parses `BERTH_SETTINGS`; throws with the path of the first bad value. */
export const parseSettings = (json: string | undefined): Settings =>
  settingsSchema.parse(json === undefined ? {} : JSON.parse(json));
