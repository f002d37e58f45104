/**
 * The control plane's side of the worker protocol (contract/worker/protocol.ts). A worker is trusted with its own session
 * and epoch and nothing else; every write is fenced by both.
 */
import * as z from 'zod';
import { newCounts } from '../../contract/builds/counts.ts';
import { Problem } from '../../contract/errors.ts';
import { isLinkingStatus, isPasskeyStatus, isTerminal, type Status } from '../../contract/lifecycle.ts';
import { isIgnored } from '../../contract/whatsapp/ignore.ts';
import type {
  bootstrapRequestSchema,
  bootstrapResponseSchema,
  eventsRequestSchema,
  finalReportRequestSchema,
  reportRequestSchema,
  reportResponseSchema,
} from '../../contract/worker/protocol.ts';
import { toItem } from '../apply.ts';
import { recordBuilds } from '../builds/outcomes.ts';
import { chooseBuild } from '../builds/ruling.ts';
import type { Deps } from '../deps.ts';
import { type DomainEvent, drainOutbox, publish } from '../events/outbox.ts';
import { enqueue, record } from '../events/publish.ts';
import { noteTold, readTold } from '../events/told-messages.ts';
import { publishLive } from '../live/publish.ts';
import { TASK_STOP_SECONDS } from '../settings.ts';
import type { Change, Item } from '../store.ts';
import { fenced, updateActiveSession } from './change.ts';
import { workerDeadlines } from './deadlines.ts';
import { findSessionById } from './load.ts';
import { release } from './release.ts';
import { isRestart } from './restart.ts';
import { nameOf, type Session, userOf } from './session.ts';
import { storedProxy } from './session-config.ts';
import { countStart, withReported } from './start-steps.ts';
import { statusAttributes, statusPayload } from './statuses.ts';

/** SIGKILL must not come while a worker still waits for storage: its final report and its events would go with it. */
const STOP_MARGIN_SECONDS = 10;

type ReportRequest = z.infer<typeof reportRequestSchema>;

type Needs<K extends keyof Deps = never> = Pick<Deps, 'store' | 'clock' | 'sleep' | 'ids' | 'settings' | K>;

/** Compares hashes of secrets, so that timing tells nothing of the secret itself. */
const sameSecret = (deps: Pick<Deps, 'sha256'>, secret: string, hash: string | undefined): boolean =>
  hash !== undefined && deps.sha256(deps.sha256(secret)) === deps.sha256(hash);

/**
 * Exchanges the single-use bootstrap token for the worker's own secret. Repeats by the same worker (a lost answer)
 * get the same answer; another worker with the same token gets 409, one of an old epoch 410.
 */
export const bootstrap = async (
  deps: Needs<'sha256' | 'auth' | 'builds'>,
  request: z.infer<typeof bootstrapRequestSchema>,
): Promise<z.infer<typeof bootstrapResponseSchema>> => {
  const found = await findSessionById(deps, request.sessionId);
  if (!found || found.epoch !== request.epoch) throw fenced();
  const workerSecretHash = deps.sha256(request.workerSecret);
  const page = (await chooseBuild(deps)) ?? null;
  const changed = await updateActiveSession(deps, found, (now) => {
    if (!sameSecret(deps, request.bootstrapToken, now.bootstrapToken && deps.sha256(now.bootstrapToken))) {
      throw new Problem('unauthorized', 'Wrong bootstrap token.');
    }
    if (now.workerSecretHash === workerSecretHash) return undefined;
    if (now.workerSecretHash !== undefined) {
      throw new Problem('conflict', 'Another worker has exchanged this bootstrap token.');
    }
    if (now.state === 'STOPPING') throw fenced();
    return {
      set: {
        state: 'STARTING',
        workerSecretHash,
        commandSecret: request.commandSecret,
        address: request.address,
        page: page && { version: page.version, key: page.key, sha256: page.sha256 },
        ...(request.taskArn === undefined ? {} : { workerTaskArn: request.taskArn }),
        lastHeartbeatAt: deps.clock(),
      },
    };
  });
  if (!changed) throw fenced();
  const { session } = changed;
  const states = [session.authState, session.authStatePrevious].filter((s) => s !== undefined);
  const { settings } = deps;
  const told = await readTold(deps, session.sessionId);
  return {
    now: deps.clock(),
    deadlines: workerDeadlines(session, settings),
    heartbeatSeconds: settings.heartbeatSeconds,
    activitySeconds: settings.activitySeconds,
    snapshotIntervalSeconds: settings.snapshotIntervalSeconds,
    stopGraceSeconds: Math.min(settings.stopGraceSeconds, TASK_STOP_SECONDS - STOP_MARGIN_SECONDS),
    client: {
      ...session.config.client,
      ...(session.config.proxy ? { proxy: storedProxy(session.config.proxy) } : {}),
    },
    ignore: session.config.ignore ?? {},
    sendSeen: session.config.sendSeen ?? false,
    media: {
      maxBytes: settings.mediaMaxBytes,
      allowLoopback: settings.allowLoopbackMedia,
      refusedPorts: settings.refusedPorts,
    },
    ...(session.page
      ? {
          page: {
            version: session.page.version,
            sha256: session.page.sha256,
            url: await deps.builds.url(session.page.key),
          },
        }
      : {}),
    ...(told === undefined ? {} : { told }),
    mayLink: !isRestart(session),
    late: { max: settings.lateMessagesMax, maxAgeSeconds: settings.lateMessagesMaxAgeSeconds },
    authStates: await Promise.all(
      states.map(async (state) => ({ ...state, url: await deps.auth.restoreUrl(state.key) })),
    ),
  };
};

/**
 * The session that `Authorization: Bearer <sessionId>.<epoch>.<secret>` identifies. 401, or 410 for an epoch gone.
 */
export const authenticateWorker = async (
  deps: Pick<Deps, 'store' | 'sha256'>,
  authorization: string | undefined,
): Promise<Session> => {
  const [, sessionId, epoch, secret] = /^Bearer ([\w-]+)\.(\d+)\.([\w-]+)$/.exec(authorization ?? '') ?? [];
  if (!sessionId || !epoch || !secret)
    throw new Problem('unauthorized', 'Missing or malformed worker credentials.');
  const session = await findSessionById(deps, sessionId);
  if (!session || session.epoch !== Number(epoch) || isTerminal(session.state)) throw fenced();
  if (!sameSecret(deps, secret, session.workerSecretHash)) {
    throw new Problem('unauthorized', 'Wrong worker credentials.');
  }
  return session;
};

/** Heartbeat, status, account, activity. An answer with `stop` asks the worker to end. */
export const report = async (
  deps: Needs<'events' | 'sha256' | 'metrics' | 'log'>,
  session: Session,
  request: ReportRequest,
): Promise<z.infer<typeof reportResponseSchema>> => {
  let before: Session = session;
  const changed = await updateActiveSession(
    deps,
    session,
    (now) => {
      before = now;
      if (now.lastReportSeq !== undefined && request.seq <= now.lastReportSeq) return undefined;
      return reported(deps.clock(), now, request, hashOf(deps, request));
    },
    (from, to) => statusEvent(from, to, request),
  );
  if (!changed) throw fenced();
  const { session: after } = changed;

  if (changed.changed) countStart(deps, before, after);
  if (changed.changed && request.builds)
    await recordBuilds(deps, after, newCounts(request.builds, before.builds ?? []));
  if (changed.changed && isNews(before, after)) {
    if (after.status === 'SCAN_QR_CODE' && before.qrSince === undefined && after.startedAt !== undefined) {
      deps.metrics.count('TimeToQr', deps.clock() - after.startedAt);
    }
    await publish(deps, after);
  }
  const stop = after.state === 'STOPPING' ? (after.stopReason ?? 'user') : undefined;
  return {
    now: deps.clock(),
    deadlines: workerDeadlines(after, deps.settings),
    ignore: after.config.ignore ?? {},
    ...(stop ? { stop } : {}),
  };
};

/** Another status, or the same one with other data: another QR code, a challenge in place of one that has expired. */
const isNews = (before: Session, after: Session): boolean =>
  after.status !== before.status ||
  (after.status === 'SCAN_QR_CODE' && (after.qrCodes ?? 0) > (before.qrCodes ?? 0)) ||
  (after.statusDataHash !== undefined && after.statusDataHash !== before.statusDataHash);

const statusEvent = (
  before: Session,
  after: Session,
  { statusData }: ReportRequest,
): DomainEvent | undefined =>
  isNews(before, after)
    ? {
        event: 'session.status',
        payload: {
          ...statusPayload(after),
          ...(statusData === undefined ? {} : { data: z.json().parse(statusData) }),
        },
      }
    : undefined;

const hashOf = ({ sha256 }: Pick<Deps, 'sha256'>, { statusData }: ReportRequest): string | undefined =>
  statusData && sha256(JSON.stringify(statusData));

/** While the state says how a session ends, only the end itself changes its status. */
const REPORTABLE: readonly Status[] = [
  'STARTING',
  'SCAN_QR_CODE',
  'PASSKEY_REQUIRED',
  'PASSKEY_CONFIRMATION_REQUIRED',
  'WORKING',
];

const QR_REASONS: Readonly<Record<string, string>> = {
  auth_state_corrupt: 'The saved account could not be restored; link it again.',
  auth_state_foreign:
    'The saved account was created by another browser build and could not be restored; link it again.',
  revoked: 'The phone unlinked this session while it was stopped; link the account again.',
  logged_out: 'The phone logged this session out; link the account again.',
};

const PASSKEY_DETAILS: Partial<Record<Status, string>> = {
  PASSKEY_REQUIRED: 'WhatsApp asks for the passkey of this account: sign its challenge to continue.',
  PASSKEY_CONFIRMATION_REQUIRED:
    'WhatsApp shows a code: compare it with the one on the phone, then confirm it.',
};

/** The worker found every saved state corrupt. A fault of storage is no such finding. */
const isUnusable = (now: Session, { qrReason }: ReportRequest): boolean =>
  qrReason === 'auth_state_corrupt' && now.authState !== undefined;

/** No person is present to link a session that restarted by itself: it ends, with the reason. */
const refusedLinking = (clock: number, now: Session, request: ReportRequest): Change => ({
  set: {
    lastReportSeq: request.seq,
    lastHeartbeatAt: clock,
    ...(isUnusable(now, request) ? { authStateUnusable: true } : {}),
    ...(now.state === 'STOPPING'
      ? {}
      : {
          state: 'STOPPING',
          stoppingAt: clock,
          stopReason: 'crashed',
          detail:
            'WhatsApp Web asked for a code after a restart. Start the session to link the account again.',
        }),
  },
});

const reported = (
  clock: number,
  now: Session,
  request: ReportRequest,
  statusDataHash: string | undefined,
): Change => {
  if (isRestart(now) && isLinkingStatus(request.status)) return refusedLinking(clock, now, request);
  const status = REPORTABLE.includes(request.status) ? request.status : now.status;
  const up = isLinkingStatus(status) || status === 'WORKING';
  const set: Record<string, Item[string]> = {
    lastReportSeq: request.seq,
    lastHeartbeatAt: clock,
    ...statusAttributes(now, status, clock),
  };
  const remove: string[] = [];

  if (up && (now.state === 'STARTING' || now.state === 'PENDING')) set.state = 'RUNNING';
  if (request.me) set.me = toItem(request.me);
  if (request.dialogs) set.dialogs = toItem(request.dialogs);
  if (request.build !== undefined) set.build = request.build;
  if (request.builds) set.builds = request.builds.map(toItem);
  if (status === 'SCAN_QR_CODE' && now.qrSince === undefined) set.qrSince = clock;
  if (request.qrCodes !== undefined) set.qrCodes = request.qrCodes;
  if (request.start) set.startSteps = toItem(withReported(now.startSteps, request.start));
  if (isPasskeyStatus(status) && now.passkeySince === undefined) set.passkeySince = clock;
  if (statusDataHash === undefined) remove.push('statusDataHash');
  else set.statusDataHash = statusDataHash;
  if (status === 'WORKING') {
    remove.push('qrSince', 'passkeySince');
    if (now.status !== 'WORKING') {
      set.readyAt = clock;
      set.lastActivityAt = clock;
    }
  }
  const qrDetail = request.qrReason && QR_REASONS[request.qrReason];
  const detail = status === 'SCAN_QR_CODE' ? qrDetail : PASSKEY_DETAILS[status];
  if (detail) set.detail = detail;
  else if (status === 'WORKING' || isPasskeyStatus(now.status)) remove.push('detail');
  // A fault of storage never leads to a code. A state of another build may be good again after a rollback.
  if ((status === 'SCAN_QR_CODE' || isRestart(now)) && isUnusable(now, request)) set.authStateUnusable = true;
  // A worker's clock may be ahead of ours; activity in the future would keep a session for ever.
  const activity = request.lastActivityAt === undefined ? undefined : Math.min(request.lastActivityAt, clock);
  if (activity !== undefined && activity > (now.lastActivityAt ?? 0)) set.lastActivityAt = activity;
  return { set, remove };
};

/**
 * The client's events on their way to the webhooks, behind what the control plane told before. When this returned they
 * are durable. Only those of the session itself are written down to be read: messages are for webhooks and for those who
 * follow them live.
 */
export const acceptEvents = async (
  deps: Pick<Deps, 'store' | 'events' | 'clock' | 'sha256' | 'settings' | 'log'>,
  session: Session,
  request: z.infer<typeof eventsRequestSchema>,
): Promise<void> => {
  await drainOutbox(deps, session);
  // The worker leaves ignored ones out, too, but receives a changed configuration with its next report only.
  const events = request.events.filter(
    ({ event, payload }) => !isIgnored(session.config.ignore, event, payload),
  );
  if (events.length > 0) await enqueue(deps, session, events);
  const { sessionId, epoch, me = null, config } = session;
  const about = { sessionId, epoch, userId: userOf(session), name: nameOf(session) };
  await publishLive(deps, { ...about, me, metadata: config.metadata }, events);
  for (const event of request.events) {
    const expiring = expiringSchema.safeParse(event);
    if (expiring.success) await record(deps, about, { ...event, ...expiring.data });
  }
  if (request.told) await noteTold(deps, session, request.told);
};

const expiringSchema = z.object({
  event: z.literal('session.expiring'),
  payload: z.object({ reason: z.string().max(64), at: z.int() }),
});

/** The reason that a worker reports after a signal. One that Berth asked to stop keeps Berth's reason. */
const unasked = ({ state }: Session, reason: string): string | undefined =>
  reason === 'task_stopped' && state !== 'STOPPING'
    ? 'The task was stopped from outside Berth: its capacity was reclaimed, or it was stopped by hand.'
    : undefined;

/** The worker is done: auth state saved, Chromium gone. Frees the slot. */
export const finalReport = async (
  deps: Needs<'events' | 'sha256' | 'metrics' | 'log'>,
  session: Session,
  request: z.infer<typeof finalReportRequestSchema>,
): Promise<void> => {
  // A worker of an earlier release says `user` when it receives a signal; Berth's own request shows in the state.
  const reason = request.reason === 'user' && session.state !== 'STOPPING' ? 'task_stopped' : request.reason;
  const detail = request.detail ?? unasked(session, reason);
  const { ended } = await release(deps, session, reason, detail);
  if (ended && request.builds)
    await recordBuilds(deps, session, newCounts(request.builds, session.builds ?? []));
};
