import * as operations from '../contract/operations/sessions.ts';
import { loadSession } from '../core/lifecycle/load.ts';
import { logoutSession } from '../core/lifecycle/logout.ts';
import { sessionView } from '../core/lifecycle/session-view.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { ecsTasks } from './adapters/ecs-tasks.ts';
import { s3Auth } from './adapters/s3-auth.ts';
import { sqsEvents } from './adapters/sqs-events.ts';
import { standbyCall, workerCall } from './adapters/worker-call.ts';
import { defineHandler } from './edge/http.ts';

const deps = {
  ...base,
  store: dynamoDbStore(),
  tasks: ecsTasks(),
  events: sqsEvents(),
  auth: s3Auth(),
  standby: standbyCall(),
  workers: workerCall(),
};

/** The function has 29 s. */
const ANSWER_WITHIN_MS = 26_000;

/** POST /api/sessions/{name}/logout */
export const handler = defineHandler(operations.logoutSession)(async (request) => {
  const until = deps.clock() + ANSWER_WITHIN_MS;
  const { userId, name } = request.session(request.params.name);
  const session = await logoutSession(deps, await loadSession(deps, userId, name), until);
  return { status: 201, body: sessionView(session, deps.settings) };
});
