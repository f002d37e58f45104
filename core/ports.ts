/** The ports of the rules, except the store. Adapters in functions/adapters; models in the simulation. */

import type { StandbyDepth } from '../contract/bodies/standby.ts';
import type { Size } from '../contract/size.ts';
import type { CommandFailure } from '../contract/worker/command-failures.ts';
import type { CommandName } from '../contract/worker/commands.ts';
import type { Assignment } from '../contract/worker/protocol.ts';
import type { DimensionValues, MetricName } from './observability/metrics.ts';

export type LaunchRequest = {
  readonly sessionId: string;
  readonly epoch: number;
  /** The same token for the same epoch: a repeat gets the same task. */
  readonly clientToken: string;
  readonly bootstrapToken: string;
  readonly size: Size;
  /** Hosts are not tried if other capacity is configured. */
  readonly avoidsHosts?: boolean;
  /** Any browser of the environment fits the session, so the worker may start one before it knows the settings. */
  readonly fitsAnyBrowser?: boolean;
};

/** A task that waits for a session. */
export type StandbyLaunch = {
  readonly standbyId: string;
  readonly clientToken: string;
  readonly standbyToken: string;
  readonly depth: StandbyDepth;
};

export type LaunchResult =
  /** `createdAt` as the engine says it (ms). */
  | { readonly ok: true; readonly taskArn: string; readonly createdAt?: number | undefined }
  /** No capacity now; nothing was started. */
  | { readonly ok: false; readonly retryable: boolean; readonly detail: string };

export type Task = {
  readonly taskArn: string;
  readonly sessionId: string | undefined;
  readonly epoch: number | undefined;
  /** Launched as a standby task; which session it serves is written in its item. */
  readonly standbyId?: string | undefined;
  readonly createdAt: number;
  /** ECS's lastStatus: PROVISIONING, PENDING, RUNNING, …, STOPPED. */
  readonly stopped: boolean;
  /** What it runs: the ARN of a revision of a task definition. */
  readonly revision?: string | undefined;
};

/** Throws TaskEngineUnavailable if the engine did not answer clearly. */
export interface TaskEngine {
  /** @param limitMs how long it may take; past it TaskEngineUnavailable is thrown, and a task may have been started */
  launch(request: LaunchRequest, limitMs: number): Promise<LaunchResult>;
  /** As `launch`, for a standby task. */
  launchStandby(request: StandbyLaunch, limitMs: number): Promise<LaunchResult>;
  /** The revision that a standby task is launched from now; it changes with each deployment that changes the task. */
  readonly revision: string;
  /** Idempotent; a task that is gone already is success. */
  stop(taskArn: string, reason: string): Promise<void>;
  /** Absent: the engine does not know it (any more). */
  describe(taskArn: string): Promise<Task | undefined>;
  /** The tasks of Berth that are not stopped: all, or those that were launched for one session or standby id. */
  list(launchedFor?: string): Promise<readonly Task[]>;
  /** The tasks on one host that are not stopped, by the host's ARN. */
  listOnHost(containerInstanceArn: string): Promise<readonly Task[]>;
  /** The revisions that launches use now, one for each kind of capacity. */
  newestRevisions(): readonly string[];
}
export class TaskEngineUnavailable extends Error {
  override readonly name = 'TaskEngineUnavailable';
}

type BegunUpload = {
  /** Absent: one PUT is the whole upload. */
  readonly uploadId?: string;
  readonly partBytes: number;
  readonly parts: string[];
  /** Of each PUT. */
  readonly headers?: Record<string, string>;
};

export interface AuthStorage {
  restoreUrl(key: string): Promise<string>;
  /** @param atOnce a small object may be put by one request, which storage takes only while it has none of the key */
  beginUpload(key: string, bytes: number, atOnce: boolean): Promise<BegunUpload>;
  /**
   * Idempotent: completing a completed upload is success. Returns the size stored.
   * @param uploadId with `etags`; undefined: one request was the whole upload
   */
  completeUpload(
    key: string,
    uploadId: string | undefined,
    etags: readonly string[] | undefined,
  ): Promise<{ bytes: number }>;
  remove(keys: readonly string[]): Promise<void>;
}

/** HTML of builds of WhatsApp Web, each under its own key. */
export interface BuildStorage {
  /** Stores the text and returns its size in bytes. */
  put(key: string, html: string): Promise<number>;
  remove(key: string): Promise<void>;
  /** A URL for one GET of it. */
  url(key: string): Promise<string>;
}

/** The bucket itself, for health checks. */
export interface StorageProbe {
  /** Throws if storage does not answer. */
  probe(): Promise<void>;
}

/** Deletes objects so that nothing of them can be read any more. */
export interface ObjectEraser {
  /** Every object under the prefix with all its versions. Idempotent. Returns how many versions there were. */
  erase(prefix: string): Promise<number>;
}

/** Received files, each under its own key. */
export interface MediaStorage {
  /** Takes one PUT of exactly so many bytes. */
  uploadUrl(key: string, bytes: number): Promise<string>;
  /** A link that needs no key; browsers save the file and do not open it. */
  link(
    key: string,
    file: { readonly mimetype: string; readonly filename: string; readonly seconds: number },
  ): Promise<string>;
}

/** An event of a session, as it happened. */
export type SessionEvent = {
  readonly id: string;
  readonly timestamp: number;
  readonly event: string;
  readonly payload?: unknown;
};

/** One event on its way to one webhook, named by its id (core/events/webhooks.ts): no URL, no key, in the queue. */
export type Delivery = SessionEvent & {
  readonly sessionId: string;
  readonly userId: string;
  readonly name: string;
  readonly me: unknown;
  readonly webhook: string;
  /** Of one that was given up on before: its position in the queue, and how often it was sent again. */
  readonly order?: string;
  readonly redrives?: number;
};

export interface EventQueue {
  /**
   * In order per session and webhook; a repeat of an event for a webhook within 5 minutes is recognized (SQS FIFO),
   * unless it is another redrive.
   * Durable when it returns.
   */
  send(deliveries: readonly Delivery[]): Promise<void>;
  /**
   * Has the connections of a topic served (core/live/fan-out.ts). One pass of a topic runs at a time. A repeat with the
   * same token within 5 minutes is recognized.
   */
  wake(topic: string, token: string): Promise<void>;
}

/**
 * The result of a post to a connection. `gone`: it is closed, or not open yet. `slow`: its client does not read as
 * fast as it is sent to. `unknown`: the gateway did not answer clearly; the message may have been sent.
 */
export type PostOutcome = 'sent' | 'gone' | 'slow' | 'unknown';

/** The connections of the WebSocket API. */
export interface LiveConnections {
  post(connectionId: string, message: string): Promise<PostOutcome>;
  /** Closes with code 1000. True: it is closed, by this call or before. */
  close(connectionId: string): Promise<boolean>;
}

/** One sample for CloudWatch; core/observability/metrics.ts says its unit and which dimensions it has. */
export interface Metrics {
  count<N extends MetricName>(name: N, value: number, ...dimensions: DimensionValues<N>): void;
}

export type CommandOutcome =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly failure: CommandFailure };

/**
 * The command server of one worker. Throws WorkerUnreachable if nothing was sent, WorkerTimeout if it may have been.
 */
export interface WorkerCommands {
  run(
    worker: { readonly address: string; readonly commandSecret: string; readonly epoch: number },
    command: CommandName,
    args: unknown,
    options: { readonly timeoutMs: number; readonly idempotencyKey?: string },
  ): Promise<CommandOutcome>;
}
/** The command server of a standby task. Throws as WorkerCommands does. */
export interface StandbyWorkers {
  /** Makes it the worker of a session. True: it serves it. False: it does not, and never will. */
  assign(
    task: { readonly address: string; readonly commandSecret: string },
    assignment: Assignment,
    options: { readonly timeoutMs: number },
  ): Promise<boolean>;
}
export class WorkerUnreachable extends Error {
  override readonly name = 'WorkerUnreachable';
}
export class WorkerTimeout extends Error {
  override readonly name = 'WorkerTimeout';
}

/** Random and time-ordered identifiers, injected so that the simulation can replay. */
export interface Ids {
  /** Opaque session id: `ses_<ulid>` in lower case. */
  sessionId(): string;
  eventId(): string;
  /** 32 random bytes in base64url. */
  secret(): string;
  /** A number in [0, 1). */
  random(): number;
}

/** For one transaction: a repeat with the same one has no second effect. At most 36 characters, says DynamoDB. */
export const transactionToken = (ids: Pick<Ids, 'secret'>): string => ids.secret().slice(0, 36);

/** SHA-256 in lower-case hex; a port so that core needs no crypto. */
export type Sha256 = (text: string) => string;

/** Waits; virtual in the simulation. */
export type { Sleep } from '../contract/poll.ts';
