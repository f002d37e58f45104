import * as operations from '../core/api/operations/sessions.ts';
import { startSession } from '../core/protocols/admit.ts';
import { admitted } from '../core/protocols/admitted.ts';
import { sessionView } from '../core/session.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { ecsTasks } from './adapters/ecs-tasks.ts';
import { sqsEvents } from './adapters/sqs-events.ts';
import { http } from './edge/http.ts';

const control = { ...base, store: dynamoDbStore(), tasks: ecsTasks(), events: sqsEvents() };

/** POST /api/sessions/{name}/start: idempotent; a session that runs is answered as it is. */
export const handler = http(operations.startSession)(async (request) => {
  const { userId, name } = request.session(request.params.name);
  const started = await startSession(control, userId, name);
  const session = started.admitted ? await admitted(control, started.session) : started.session;
  return { status: 201, body: sessionView(session, control.settings) };
});
