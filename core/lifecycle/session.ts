import * as z from 'zod';
import { sessionConfigSchema } from '../../contract/bodies/session-config.ts';
import { reportedBuildsSchema } from '../../contract/builds/counts.ts';
import { stateSchema, statusSchema, stopReasonSchema } from '../../contract/lifecycle.ts';
import { accountSchema, authStateSchema, dialogsSchema } from '../../contract/worker/protocol.ts';
import { startStepsSchema } from '../../contract/worker/start-steps.ts';

/** The session item as stored. Times in ms since the epoch. */
const sessionSchema = z.object({
  pk: z.string(),
  sk: z.string(),
  listUser: z.string(),
  listName: z.string(),
  sessionId: z.string(),
  config: sessionConfigSchema,
  createdAt: z.int(),
  /** Grows with every change of state; for ordering what callers see. */
  version: z.int(),

  state: stateSchema,
  status: statusSchema,
  /** The last statuses and when each began (ms), oldest first. */
  statuses: z.array(z.object({ status: statusSchema, timestamp: z.int() })).optional(),
  stopReason: stopReasonSchema.optional(),
  detail: z.string().optional(),
  epoch: z.int(),
  /** The call that admitted this epoch, or created the session; absent in an epoch that a restart began. */
  admissionId: z.string().optional(),
  /** The shard whose slot is held; absent: no slot is held. */
  slotShard: z.int().optional(),

  dueBucket: z.string().optional(),
  nextDeadlineAt: z.int().optional(),
  expectedEndAt: z.int().optional(),

  /** When it was admitted. Restarts keep it: the longest duration counts from it. */
  startedAt: z.int().optional(),
  /** Of an epoch that a restart began: when its launch is due. */
  restartAt: z.int().optional(),
  /** Times of the restarts since the admission, as far as they were in the window at the last one. */
  restarts: z.array(z.int()).optional(),
  /** Why the task was lost for which the last restart was made. */
  restartReason: stopReasonSchema.optional(),
  /** The launch of this epoch's task that is under way, or crashed (launching.ts). Means nothing once a task is known. */
  launching: z.string().optional(),
  /** The start before timed out: this one's task is launched on other capacity than hosts, if there is other. */
  avoidsHosts: z.boolean().optional(),
  taskArn: z.string().optional(),
  /** The task that the worker says it is. It may be wrong: nothing is stopped by it that is not this session's. */
  workerTaskArn: z.string().optional(),
  /** The standby task that this epoch claimed: at most one. */
  standby: z.object({ id: z.string(), taskArn: z.string() }).optional(),
  /** Single-use: worthless once `workerSecretHash` is set, except to the worker that made that secret. */
  bootstrapToken: z.string().optional(),
  workerSecretHash: z.string().optional(),
  commandSecret: z.string().optional(),
  address: z.string().optional(),
  lastReportSeq: z.int().optional(),
  lastHeartbeatAt: z.int().optional(),
  lastActivityAt: z.int().optional(),
  qrSince: z.int().optional(),
  /** QR codes that the epoch's worker has shown. */
  qrCodes: z.int().optional(),
  /** When the account asked for its passkey for the first time in this linking. */
  passkeySince: z.int().optional(),
  /**
   * SHA-256 of the data that belongs to the status, so that a new challenge is published and a repeated report is
   * not.
   */
  statusDataHash: z.string().optional(),
  readyAt: z.int().optional(),
  /** Steps of the epoch's start and when each was reached (ms). */
  startSteps: startStepsSchema.optional(),
  stoppingAt: z.int().optional(),
  stoppedAt: z.int().optional(),

  /** The stored page that this epoch loads: `null` if it loads the live one. Chosen once, at bootstrap. */
  page: z.object({ version: z.string(), key: z.string(), sha256: z.string() }).nullable().optional(),
  /** The build of WhatsApp Web that the worker reported last. */
  build: z.string().optional(),
  /** The counts of this epoch's worker by build, as reported last. */
  builds: reportedBuildsSchema.optional(),

  me: accountSchema.optional(),
  dialogs: dialogsSchema.optional(),
  authState: authStateSchema.optional(),
  /** The one before, in case the newest turns out corrupt. */
  authStatePrevious: authStateSchema.optional(),
  /** A worker found every saved state unusable, and shows a QR code. They are kept; the next link replaces them. */
  authStateUnusable: z.boolean().optional(),
  /** Snapshots begun in this epoch; part of their keys. */
  snapshots: z.int().optional(),
  /** Their total size, as announced. */
  snapshotBytes: z.int().optional(),
  /** Up to which of them is settled: committed, overtaken by a later one, or of an account since discarded. */
  settledSnapshot: z.int().optional(),
});
export type Session = z.infer<typeof sessionSchema>;

/** A session as a list has it: without what the index does not project (LIST_PROJECTION). */
const listedSchema = sessionSchema.omit({ version: true });
export type ListedSession = Omit<Session, 'version'>;

export const isWhole = (session: Session | ListedSession): session is Session => 'version' in session;

/** @param item of the index ofUser */
export const parseListed = (item: unknown): ListedSession => listedSchema.parse(item);

/** Throws a ZodError for an item that is no session: a defect, never a caller's mistake. */
export const parseSession = (item: unknown): Session => sessionSchema.parse(item);

export const userOf = (session: Pick<Session, 'listUser'>): string => session.listUser;
export const nameOf = (session: Pick<Session, 'listName'>): string => session.listName;

/** Whether starting it needs no QR code, as far as is known. */
export const isLinked = ({
  authState,
  authStateUnusable,
}: Pick<Session, 'authState' | 'authStateUnusable'>): boolean =>
  authState !== undefined && !authStateUnusable;
