import * as operations from '../core/api/operations/sessions.ts';
import { createSession } from '../core/protocols/admit.ts';
import { admitted } from '../core/protocols/admitted.ts';
import { sessionView } from '../core/session.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { ecsTasks } from './adapters/ecs-tasks.ts';
import { sqsEvents } from './adapters/sqs-events.ts';
import { http } from './edge/http.ts';
import { refuseAdminPolicy } from './edge/policy.ts';

const control = { ...base, store: dynamoDbStore(), tasks: ecsTasks(), events: sqsEvents() };

/** POST /api/sessions: creates a session and, unless `start` is false, admits and launches it. */
export const handler = http(operations.createSession)(async (request) => {
  const { body, idempotencyKey: key } = request;
  const { userId, name } = request.session(body.name ?? 'default');
  refuseAdminPolicy(request.caller(), body.config);
  const created = await createSession(control, {
    userId,
    name,
    config: body.config ?? {},
    start: body.start,
    ...(key === undefined
      ? {}
      : { idempotency: { key, requestHash: control.sha256(JSON.stringify([userId, body])) } }),
  });
  const session = created.admitted && body.start ? await admitted(control, created.session) : created.session;
  return { status: 201, body: sessionView(session, control.settings) };
});
