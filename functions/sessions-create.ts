import { createSessionRequestSchema } from '../core/api/sessions.ts';
import { createSession } from '../core/protocols/admit.ts';
import { admitted } from '../core/protocols/admitted.ts';
import { sessionView } from '../core/session.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { ecsTasks } from './adapters/ecs-tasks.ts';
import { sqsEvents } from './adapters/sqs-events.ts';
import { http } from './edge/http.ts';
import { idempotencyOf } from './edge/idempotency.ts';
import { refuseAdminPolicy } from './edge/policy.ts';

const control = { ...base, store: dynamoDbStore(), tasks: ecsTasks(), events: sqsEvents() };

/** POST /api/sessions: creates a session and, unless `start` is false, admits and launches it. */
export const handler = http({ auth: 'key', body: createSessionRequestSchema }, async (request) => {
  const { body } = request;
  const { userId, name } = request.session(body.name ?? 'default');
  refuseAdminPolicy(request.caller(), body.config);
  const created = await createSession(control, {
    userId,
    name,
    config: body.config ?? {},
    start: body.start,
    ...idempotencyOf(request.headers, [userId, body], control.sha256),
  });
  const session = created.admitted && body.start ? await admitted(control, created.session) : created.session;
  return { status: 201, body: sessionView(session, control.settings) };
});
