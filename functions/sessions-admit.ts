import { isDeepStrictEqual } from 'node:util';
import type { SessionConfig } from '../contract/bodies/session-config.ts';
import type { StartedSession } from '../contract/bodies/sessions.ts';
import { Problem } from '../contract/errors.ts';
import { isTerminal } from '../contract/lifecycle.ts';
import { messageOfError } from '../contract/message-of-error.ts';
import { startSessionByName } from '../contract/operations/deprecated-sessions.ts';
import * as operations from '../contract/operations/sessions.ts';
import { createSession } from '../core/admission/create.ts';
import { launchAndPublish, started } from '../core/admission/launch-and-publish.ts';
import type { Admitted } from '../core/admission/plan.ts';
import { awaitUp } from '../core/commands/await-shown.ts';
import { findSession, loadSession } from '../core/lifecycle/load.ts';
import { nameOf, type Session, userOf } from '../core/lifecycle/session.ts';
import { sessionView } from '../core/lifecycle/session-view.ts';
import { startWhenEnded } from '../core/lifecycle/start.ts';
import { stopAndStart } from '../core/lifecycle/stop-and-start.ts';
import { updateConfig } from '../core/lifecycle/update.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { ecsTasks } from './adapters/ecs-tasks.ts';
import { sqsEvents } from './adapters/sqs-events.ts';
import { standbyCall, workerCall } from './adapters/worker-call.ts';
import { defineHandler, type Request, router } from './edge/http.ts';
import { refuseAdminPolicy } from './edge/policy.ts';

const deps = {
  ...base,
  store: dynamoDbStore(),
  tasks: ecsTasks(),
  events: sqsEvents(),
  standby: standbyCall(),
  workers: workerCall(),
};

/** The function has 29 s. */
const ANSWER_WITHIN_MS = 26_000;
const STOP_BUDGET_MS = 15_000;

/**
 * WAHA's name for a session without one: `session_<ulid>`. With an idempotency key it follows from that: a repeat must
 * name the same session.
 */
const newName = (owner: string, key: string | undefined): string =>
  key === undefined
    ? deps.ids.sessionId().replace(/^ses_/, 'session_')
    : `session_${deps.sha256(`${owner} ${key}`).slice(0, 26)}`;

/**
 * The session as it was started. If the caller waits: once it works, or with its QR code. It is admitted by now, so nothing
 * that happens to the wait is an error.
 *
 * @param begun when the request came (ms)
 */
const whenUp = async (
  { query: { wait }, caller }: Pick<Request<typeof operations.startSession>, 'query' | 'caller'>,
  first: Session,
  begun: number,
): Promise<StartedSession> => {
  if (wait === 0) return sessionView(first, deps.settings);
  const load = () => loadSession(deps, userOf(first), nameOf(first));
  const end = Math.min(deps.clock() + wait * 1000, begun + ANSWER_WITHIN_MS);
  try {
    const { session, works, code } = await awaitUp(deps, { first, load, userId: caller().userId, end });
    const view = sessionView(session, deps.settings);
    // The worker says it a moment before its report of that arrives.
    const shown = (status: 'SCAN_QR_CODE' | 'WORKING') =>
      view.status === 'STARTING' ? { state: 'RUNNING' as const, status } : {};
    if (!code) return { ...view, ...(works ? shown('WORKING') : {}) };
    return {
      ...view,
      ...shown('SCAN_QR_CODE'),
      qr: { value: code.value, expiresAt: new Date(code.expiresAt).toISOString() },
    };
  } catch (error) {
    const { sessionId, epoch } = first;
    deps.log.info('the session did not come up in time', { sessionId, epoch, error: messageOfError(error) });
    return sessionView(await load().catch(() => first), deps.settings);
  }
};

/** POST /api/sessions: creates a session and, unless `start` is false, admits and launches it. */
const creating = defineHandler(operations.createSession)(async (request) => {
  const begun = deps.clock();
  const { body, idempotencyKey: key } = request;
  const { userId, name } = request.session(body.name ?? newName(request.owner(), key));
  refuseAdminPolicy(request.caller(), body.config);
  const created = await createSession(deps, {
    userId,
    name,
    config: body.config ?? {},
    start: body.start,
    ...(key === undefined
      ? {}
      : { idempotency: { key, requestHash: deps.sha256(JSON.stringify([userId, body])) } }),
  });
  const session =
    created.admitted && body.start ? await launchAndPublish(deps, created.session) : created.session;
  return { status: 201, body: await whenUp(request, session, begun) };
});

/**
 * Idempotent: a session that runs is shown as it is, one that is stopping is waited for.
 *
 * @param begun when the request came (ms)
 */
const start = async (userId: string, name: string, begun: number): Promise<Session> =>
  launched(await startWhenEnded(deps, userId, name, STOP_BUDGET_MS), begun);

const launched = (admission: Admitted, begun: number): Promise<Session> =>
  started(deps, admission, begun + ANSWER_WITHIN_MS - deps.clock());

const answerTo = async (admission: Admitted, begun: number) => ({
  status: 201 as const,
  body: sessionView(await launched(admission, begun), deps.settings),
});

/** POST /api/sessions/{name}/start */
const starting = defineHandler(operations.startSession)(async (request) => {
  const begun = deps.clock();
  const { userId, name } = request.session(request.params.name);
  return { status: 201, body: await whenUp(request, await start(userId, name, begun), begun) };
});

/** POST /api/sessions/{name}/restart: a graceful stop, then a new admission. */
const restarting = defineHandler(operations.restartSession)(async (request) => {
  const begun = deps.clock();
  const { userId, name } = request.session(request.params.name);
  const session = await loadSession(deps, userId, name);
  return answerTo(await stopAndStart(deps, session, STOP_BUDGET_MS), begun);
});

/** Only a new task has another client or proxy. */
const needsNewTask = (before: SessionConfig, after: SessionConfig): boolean =>
  !isDeepStrictEqual([before.client, before.proxy], [after.client, after.proxy]);

/** PUT /api/sessions/{name}: replaces the config. Deadlines follow at once; another client or proxy restarts the session. */
const updating = defineHandler(operations.updateSession)(async (request) => {
  const begun = deps.clock();
  const { userId, name } = request.session(request.params.name);
  const caller = request.caller();
  let restarts = false;
  const session = await updateConfig(deps, userId, name, request.body.config, (before, after) => {
    refuseAdminPolicy(caller, after, before);
    restarts = needsNewTask(before, after);
  });
  const runs = !isTerminal(session.state) && session.state !== 'STOPPING';
  if (!restarts || !runs) return { status: 200, body: sessionView(session, deps.settings) };
  try {
    return { ...(await answerTo(await stopAndStart(deps, session, STOP_BUDGET_MS), begun)), status: 200 };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const { code, message, extras } = error;
    throw new Problem(code, `The config is saved; the restart that it needs is not done. ${message}`, extras);
  }
});

/** POST /api/sessions/start, deprecated: creates the session or replaces its config, then starts it. */
const startingByName = defineHandler(startSessionByName)(async (request) => {
  const begun = deps.clock();
  const { config } = request.body;
  const caller = request.caller();
  const { userId, name } = request.session(request.body.name);
  if (!(await findSession(deps, userId, name))) {
    refuseAdminPolicy(caller, config);
    await createSession(deps, { userId, name, config: config ?? {}, start: false }).catch((error) => {
      // Another request created it after our read.
      if (!(error instanceof Problem && error.code === 'unprocessable')) throw error;
    });
  }
  await updateConfig(deps, userId, name, config, (before, after) => refuseAdminPolicy(caller, after, before));
  return { status: 201, body: sessionView(await start(userId, name, begun), deps.settings) };
});

export const handler = router(creating, starting, restarting, updating, startingByName);
