import * as z from 'zod';
import { highestTarget, MOST_STANDBY_TASKS, standbyPlanSchema } from '../contract/bodies/standby.ts';
import { BOUNDS, type BoundName, boundsSchema } from '../contract/bounds.ts';
import { sizeSchema } from '../contract/size.ts';

const boundOf = (name: BoundName) => boundsSchema.shape[name].default(BOUNDS[name].default);

const duration = (defaultSeconds: number) => z.int().positive().default(defaultSeconds);

/**
 * The settings of an environment, passed to every function as the JSON of `BERTH_SETTINGS`. Durations in seconds. The
 * limits here only seed the counters of a new table; afterwards they live in the items and change at run time.
 */
export const settingsSchema = z.strictObject({
  environment: z.string().default('local'),
  /** Sessions at once, all users. */
  globalLimit: z.int().min(0).default(50),
  /** Sessions at once for a user without their own limit. */
  userLimit: z.int().min(0).default(5),
  /** A session that is not linked within this time ends; a scan that leads to a passkey starts it once more. */
  qrTimeoutSeconds: duration(300),
  /** Without an outgoing command or an incoming message. */
  idleTimeoutSeconds: duration(900),
  /** From admission, in every case. */
  maxDurationSeconds: duration(7200),
  /** From admission until the client reports a QR code or a linked account. A cold Fargate start takes 30 to 70 s. */
  startTimeoutSeconds: duration(240),
  /** Of the task of a session that names no size. */
  size: sizeSchema.default('standard'),
  heartbeatSeconds: duration(20),
  /** A worker silent for this long is taken for dead. */
  heartbeatTimeoutSeconds: duration(90),
  /** After this the function that admitted is taken for dead; the reaper looks for its task, or launches one. */
  launchRetrySeconds: duration(30),
  /** For the worker to save auth state and send its final report; Fargate's stopTimeout allows 120 s. */
  stopGraceSeconds: duration(150),
  /** Between the auth-state snapshots of a linked session. */
  snapshotIntervalSeconds: duration(600),
  /** Between a worker's reports of activity. */
  activitySeconds: duration(30),
  /** A task younger than this is never taken for one without a session. */
  orphanGraceSeconds: duration(120),
  /** Standby tasks: the plan of the environment, which the API can replace, and its bounds. */
  standby: standbyPlanSchema
    .extend({
      target: standbyPlanSchema.shape.target.default(0),
      /** The largest target that may be set. Each takes a task's vCPU of the account's quota. */
      max: z.int().min(0).max(MOST_STANDBY_TASKS).default(10),
      /** One that waits longer than this is replaced. */
      maxAgeSeconds: duration(6 * 3600),
    })
    .superRefine((standby, context) => {
      const highest = highestTarget(standby);
      if (highest > standby.max)
        context.addIssue({
          code: 'custom',
          path: ['target'],
          message: `${highest} standby tasks are more than max, which is ${standby.max}`,
        });
    })
    .prefault({}),
  /** Sessions of one user, stopped ones included. It and the other bounds of a user (contract/bounds.ts) change at run time. */
  storedSessionsPerUser: boundOf('stored'),
  /** Session starts of one user in a minute; 0: any number. */
  startsPerMinute: boundOf('starts'),
  /** Requests of one user in a minute, and a thirtieth of it at once; 0: any number. Half of the API's throttle. */
  requestsPerMinute: z.int().min(0).max(60_000).default(3_000),
  /** Of a session's config. */
  configBytes: boundOf('configBytes'),
  /** How long the audit log keeps an entry. */
  auditDays: z.int().positive().default(365),
  /** Attempts to deliver one user's events to webhooks that may be under way at once. */
  deliveriesPerUser: boundOf('deliveries'),
  /** No run-time value gives a user more. Set by the deployment: half of the deliverer's concurrency. */
  mostDeliveriesPerUser: z.int().min(1).default(BOUNDS.deliveries.most),
  /** WhatsApp backend: `live` or `simulator`. Local mode only. */
  whatsapp: z.string().optional(),
  /** Webhooks to loopback addresses; local mode only. */
  allowLoopbackWebhooks: z.boolean().default(false),
  /** Files by URL from loopback addresses, and proxies there; local mode only. */
  allowLoopbackMedia: z.boolean().default(false),
  /** Loopback ports that no webhook, file or proxy may lead to although loopback is allowed; local mode only. */
  refusedPorts: z.array(z.int()).default([]),
  /**
   * Messages that came while a session was not running are delivered when it works again: at most this number, 0 for
   * none.
   */
  lateMessagesMax: z.int().min(0).max(10_000).default(1000),
  /** Older ones are not delivered. */
  lateMessagesMaxAgeSeconds: duration(7 * 24 * 3600),
  /** Requests of one user that wait at once (long polls). Each holds one execution of a function for up to 25 s. */
  openWaitsPerUser: boundOf('waits'),
  /** WebSocket connections of one user that are open at once. */
  connectionsPerUser: z.int().min(1).max(1000).default(40),
  /** Of a file by URL and of a received one. It passes through the worker's memory and the browser's. */
  mediaMaxBytes: z
    .int()
    .positive()
    .default(32 * 1024 * 1024),
  /** The bytes that a session may store in each hour of an epoch: account snapshots, and received files. */
  uploadMiBPerHour: z.int().min(1).default(2048),
  /** How long the link to a received file is good; no longer than the file is kept (`mediaDays`). */
  mediaLinkSeconds: duration(6 * 3600),
});
export type Settings = z.infer<typeof settingsSchema>;

/** Parses `BERTH_SETTINGS`; throws with the path of the first bad value. */
export const parseSettings = (json: string | undefined): Settings =>
  settingsSchema.parse(json === undefined ? {} : JSON.parse(json));

/** A task that was asked to stop is killed after this time: the longest stopTimeout that Fargate has. */
export const TASK_STOP_SECONDS = 120;

/**
 * The environment of the functions, as infra sets it; the table of needs decides which of them a function gets.
 *
 * BERTH_TABLE                  table name
 * BERTH_SETTINGS               JSON of `Settings`
 * BERTH_AUTH_BUCKET            bucket of the auth states
 * BERTH_MEDIA_BUCKET           bucket of received files
 * BERTH_BUILDS_BUCKET          bucket of the stored builds of WhatsApp Web
 * BERTH_EVENTS_QUEUE_URL       FIFO queue of events on their way to webhooks
 * BERTH_DEAD_LETTER_QUEUE_URL  FIFO queue of the events that never arrived
 * BERTH_LIVE_QUEUE_URL         FIFO queue of topics whose WebSocket connections have something to be sent
 * BERTH_LIVE_URL               address of the WebSocket API, for its clients and for posts to its connections
 * BERTH_CLUSTER                cluster ARN
 * BERTH_TASK_DEFINITION        task definition ARN (family and revision)
 * BERTH_SIZES                  JSON: CPU units and MiB of a task, by size; the task definition has those of `standard`
 * BERTH_HOSTS_PROVIDER         capacity provider of the operator's own hosts; it and the next two only if there are any
 * BERTH_HOSTS_TASK_DEFINITION  ARN of the task definition for them
 * BERTH_HOSTS_SESSION_MIB      memory that a session of the size `standard` is placed with there
 * BERTH_SUBNETS                comma-separated
 * BERTH_SECURITY_GROUPS        comma-separated
 * BERTH_CAPACITY               comma-separated capacity providers in order of preference (FARGATE_SPOT,FARGATE)
 * BERTH_ALARM_PERCENTS         comma-separated: shares of the global limit at which the alarms stand, warning first
 * BERTH_API_URL                address of the API that callers use, for links to it
 * BERTH_WORKER_CALL            name of the function inside the network that hands commands to workers
 *
 * The task definition's container has BERTH_WORKER_API_URL (the API's own URL) and BERTH_COMMAND_PORT; RunTask adds
 * BERTH_SESSION_ID, BERTH_EPOCH and BERTH_BOOTSTRAP_TOKEN as overrides of the container named WORKER_CONTAINER, or,
 * for a standby task, BERTH_STANDBY_ID and BERTH_STANDBY_TOKEN.
 */
export const WORKER_CONTAINER = 'worker';
