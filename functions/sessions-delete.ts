import * as operations from '../core/api/operations/sessions.ts';
import { deleteSession, untilEnded } from '../core/protocols/end.ts';
import { loadSession } from '../core/protocols/load.ts';
import { stopSession } from '../core/protocols/stop.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { ecsTasks } from './adapters/ecs-tasks.ts';
import { s3Auth } from './adapters/s3-auth.ts';
import { sqsEvents } from './adapters/sqs-events.ts';
import { http } from './edge/http.ts';

const control = { ...base, store: dynamoDbStore(), tasks: ecsTasks(), events: sqsEvents(), auth: s3Auth() };

const STOP_BUDGET_MS = 20_000;

/** DELETE /api/sessions/{name}: stops it first, then removes the session and its auth state. */
export const handler = http(operations.deleteSession)(async (request) => {
  const { userId, name } = request.session(request.params.name);
  const stopping = await stopSession(control, await loadSession(control, userId, name), 'user');
  await deleteSession(control, await untilEnded(control, stopping, STOP_BUDGET_MS));
  return { status: 200, body: {} };
});
