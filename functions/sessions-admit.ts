import { isDeepStrictEqual } from 'node:util';
import type { SessionConfig } from '../contract/bodies/session-config.ts';
import { Problem } from '../contract/errors.ts';
import { isTerminal } from '../contract/lifecycle.ts';
import { startSessionByName } from '../contract/operations/deprecated-sessions.ts';
import * as operations from '../contract/operations/sessions.ts';
import { createSession } from '../core/admission/create.ts';
import { launchAndPublish, started } from '../core/admission/launch-and-publish.ts';
import type { Admitted } from '../core/admission/plan.ts';
import { findSession, loadSession } from '../core/lifecycle/load.ts';
import { sessionView } from '../core/lifecycle/session-view.ts';
import { startWhenEnded } from '../core/lifecycle/start.ts';
import { stopAndStart } from '../core/lifecycle/stop-and-start.ts';
import { updateConfig } from '../core/lifecycle/update.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { ecsTasks } from './adapters/ecs-tasks.ts';
import { sqsEvents } from './adapters/sqs-events.ts';
import { standbyCall } from './adapters/worker-call.ts';
import { defineHandler, router } from './edge/http.ts';
import { refuseAdminPolicy } from './edge/policy.ts';

const deps = {
  ...base,
  store: dynamoDbStore(),
  tasks: ecsTasks(),
  events: sqsEvents(),
  standby: standbyCall(),
};

/**
 * WAHA's name for a session without one: `session_<ulid>`. With an idempotency key it follows from that: a repeat must
 * name the same session.
 */
const newName = (owner: string, key: string | undefined): string =>
  key === undefined
    ? deps.ids.sessionId().replace(/^ses_/, 'session_')
    : `session_${deps.sha256(`${owner} ${key}`).slice(0, 26)}`;

/** POST /api/sessions: creates a session and, unless `start` is false, admits and launches it. */
const creating = defineHandler(operations.createSession)(async (request) => {
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
  return { status: 201, body: sessionView(session, deps.settings) };
});

/** The function has 29 s. */
const ANSWER_WITHIN_MS = 26_000;
const STOP_BUDGET_MS = 15_000;

/**
 * Idempotent: a session that runs is shown as it is, one that is stopping is waited for.
 *
 * @param begun when the request came (ms)
 */
const start = async (userId: string, name: string, begun: number) =>
  answerTo(await startWhenEnded(deps, userId, name, STOP_BUDGET_MS), begun);

const answerTo = async (admission: Admitted, begun: number) => {
  const session = await started(deps, admission, begun + ANSWER_WITHIN_MS - deps.clock());
  return { status: 201 as const, body: sessionView(session, deps.settings) };
};

/** POST /api/sessions/{name}/start */
const starting = defineHandler(operations.startSession)(async (request) => {
  const { userId, name } = request.session(request.params.name);
  return start(userId, name, deps.clock());
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
  return start(userId, name, begun);
});

export const handler = router(creating, starting, restarting, updating, startingByName);
