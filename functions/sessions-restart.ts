import * as operations from '../core/api/operations/sessions.ts';
import { startSession } from '../core/protocols/admit.ts';
import { admitted } from '../core/protocols/admitted.ts';
import { untilEnded } from '../core/protocols/end.ts';
import { loadSession } from '../core/protocols/load.ts';
import { stopSession } from '../core/protocols/stop.ts';
import { sessionView } from '../core/session.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { ecsTasks } from './adapters/ecs-tasks.ts';
import { sqsEvents } from './adapters/sqs-events.ts';
import { http } from './edge/http.ts';

const control = { ...base, store: dynamoDbStore(), tasks: ecsTasks(), events: sqsEvents() };

const STOP_BUDGET_MS = 15_000;

/** POST /api/sessions/{name}/restart: a graceful stop, then a new admission. */
export const handler = http(operations.restartSession)(async (request) => {
  const { userId, name } = request.session(request.params.name);
  const stopping = await stopSession(control, await loadSession(control, userId, name), 'user');
  await untilEnded(control, stopping, STOP_BUDGET_MS);
  const started = await startSession(control, userId, name);
  const session = started.admitted ? await admitted(control, started.session) : started.session;
  return { status: 201, body: sessionView(session, control.settings) };
});
