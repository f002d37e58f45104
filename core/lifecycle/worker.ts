/**
 * The control plane's side of the worker protocol (contract/worker/protocol.ts). A worker is trusted with its own session
 * and epoch and nothing else; every write is fenced by both.
 */
import * as z from 'zod';
import { newCounts } from '../../contract/builds/counts.ts';
import { Problem } from '../../contract/errors.ts';
import { isTerminal } from '../../contract/lifecycle.ts';
import { isIgnored } from '../../contract/whatsapp/ignore.ts';
import type {
  bootstrapRequestSchema,
  bootstrapResponseSchema,
  eventsRequestSchema,
  finalReportRequestSchema,
  reportResponseSchema,
} from '../../contract/worker/protocol.ts';
import { recordBuilds } from '../builds/outcomes.ts';
import { chooseBuild } from '../builds/ruling.ts';
import type { Deps } from '../deps.ts';
import { noteForwarded, readForwarded } from '../events/forwarded-messages.ts';
import { type DomainEvent, drainOutbox, publish } from '../events/outbox.ts';
import { enqueue, record } from '../events/publish.ts';
import { publishLive } from '../live/publish.ts';
import { TASK_STOP_SECONDS } from '../settings.ts';
import { fenced, updateActiveSession } from './change.ts';
import { workerDeadlines } from './deadlines.ts';
import { findSessionById } from './load.ts';
import { release } from './release.ts';
import { isNews, type ReportRequest, reported } from './reported.ts';
import { isRestart } from './restart.ts';
import { nameOf, type Session, userOf } from './session.ts';
import { storedProxy } from './session-config.ts';
import { countStart } from './start-steps.ts';
import { statusPayload } from './statuses.ts';

/** SIGKILL must not come while a worker still waits for storage: its final report and its events would go with it. */
const STOP_MARGIN_SECONDS = 10;

type Needs<K extends keyof Deps = never> = Pick<Deps, 'store' | 'clock' | 'sleep' | 'ids' | 'settings' | K>;

/** Compares hashes of secrets, so that timing reveals nothing of the secret itself. */
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
  // All at once: a person waits for the code of this worker.
  const [found, build, told] = await Promise.all([
    findSessionById(deps, request.sessionId),
    chooseBuild(deps),
    readForwarded(deps, request.sessionId),
  ]);
  if (!found || found.epoch !== request.epoch) throw fenced();
  const workerSecretHash = deps.sha256(request.workerSecret);
  const page = build ?? null;
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
        ...taskOfClaim(now, request),
        lastHeartbeatAt: deps.clock(),
      },
    };
  });
  if (!changed) throw fenced();
  const { session } = changed;
  const states = [session.authState, session.authStatePrevious].filter((s) => s !== undefined);
  const { settings } = deps;
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

/** The standby task that the epoch claimed serves it: the launch need not write down which task it is. */
const taskOfClaim = (
  { taskArn, standby }: Session,
  worker: { readonly taskArn?: string | undefined },
): { readonly taskArn: string } | Record<string, never> =>
  taskArn === undefined && standby !== undefined && standby.taskArn === worker.taskArn
    ? { taskArn: standby.taskArn }
    : {};

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

/**
 * The client's events on their way to the webhooks, behind what the control plane published before. When this returned they
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
  if (request.told) await noteForwarded(deps, session, request.told);
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
