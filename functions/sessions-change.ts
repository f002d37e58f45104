import * as deprecated from '../contract/operations/deprecated-sessions.ts';
import * as operations from '../contract/operations/sessions.ts';
import { deleteSession, unlinkFirst, untilEnded } from '../core/lifecycle/end.ts';
import { findSession, loadSession } from '../core/lifecycle/load.ts';
import { sessionView } from '../core/lifecycle/session-view.ts';
import { stopSession } from '../core/lifecycle/stop.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { ecsTasks } from './adapters/ecs-tasks.ts';
import { s3Auth } from './adapters/s3-auth.ts';
import { sqsEvents } from './adapters/sqs-events.ts';
import { workerCall } from './adapters/worker-call.ts';
import { defineHandler, router } from './edge/http.ts';

const deps = {
  ...base,
  store: dynamoDbStore(),
  tasks: ecsTasks(),
  events: sqsEvents(),
  auth: s3Auth(),
  workers: workerCall(),
};

/** POST /api/sessions/{name}/stop: idempotent; the auth state is saved before the session ends. */
const stopping = defineHandler(operations.stopSession)(async (request) => {
  const { userId, name } = request.session(request.params.name);
  const session = await stopSession(deps, await loadSession(deps, userId, name), 'user');
  return { status: 201, body: sessionView(session, deps.settings) };
});

const UNLINK_BUDGET_MS = 12_000;
const END_BY_MS = 22_000;

/** Unlinks and stops the session first, then removes it and its auth state. Idempotent. */
const remove = async ({ userId, name }: { userId: string; name: string }): Promise<void> => {
  const end = deps.clock() + END_BY_MS;
  const found = await findSession(deps, userId, name);
  if (found === undefined) return;
  await unlinkFirst(deps, found, UNLINK_BUDGET_MS);
  const ending = await stopSession(deps, await loadSession(deps, userId, name), 'user');
  await deleteSession(deps, await untilEnded(deps, ending, end - deps.clock()));
};

/** DELETE /api/sessions/{name} */
const deleting = defineHandler(operations.deleteSession)(async (request) => {
  await remove(request.session(request.params.name));
  return { status: 200, body: {} };
});

/** POST /api/sessions/stop, deprecated: with `logout` it deletes the session. */
const stoppingByName = defineHandler(deprecated.stopSessionByName)(async (request) => {
  const { userId, name } = request.session(request.body.name);
  if (request.body.logout) await remove({ userId, name });
  else await stopSession(deps, await loadSession(deps, userId, name), 'user');
  return { status: 201, body: {} };
});

/** POST /api/sessions/logout, deprecated */
const deletingByName = defineHandler(deprecated.logoutSessionByName)(async (request) => {
  await remove(request.session(request.body.name));
  return { status: 201, body: {} };
});

export const handler = router(stopping, deleting, stoppingByName, deletingByName);
