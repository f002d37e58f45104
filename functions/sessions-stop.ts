import * as operations from '../core/api/operations/sessions.ts';
import { loadSession } from '../core/protocols/load.ts';
import { stopSession } from '../core/protocols/stop.ts';
import { sessionView } from '../core/session.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { ecsTasks } from './adapters/ecs-tasks.ts';
import { sqsEvents } from './adapters/sqs-events.ts';
import { http } from './edge/http.ts';

const control = { ...base, store: dynamoDbStore(), tasks: ecsTasks(), events: sqsEvents() };

/** POST /api/sessions/{name}/stop: idempotent; the auth state is saved before the session ends. */
export const handler = http(operations.stopSession)(async (request) => {
  const { userId, name } = request.session(request.params.name);
  const session = await stopSession(control, await loadSession(control, userId, name), 'user');
  return { status: 201, body: sessionView(session, control.settings) };
});
