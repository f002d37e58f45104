import * as operations from '../core/api/operations/sessions.ts';
import { updateConfig } from '../core/protocols/update.ts';
import { sessionView } from '../core/session.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { http } from './edge/http.ts';
import { refuseAdminPolicy } from './edge/policy.ts';

const control = { ...base, store: dynamoDbStore() };

/** PUT /api/sessions/{name}: replaces the config. Deadlines follow at once, client options with the next start. */
export const handler = http(operations.updateSession)(async (request) => {
  const { userId, name } = request.session(request.params.name);
  refuseAdminPolicy(request.caller(), request.body.config);
  const session = await updateConfig(control, userId, name, request.body.config);
  return { status: 200, body: sessionView(session, control.settings) };
});
