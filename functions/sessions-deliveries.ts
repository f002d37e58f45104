import * as operations from '../core/api/operations/events.ts';
import { recentDeliveries } from '../core/protocols/deliveries.ts';
import { loadSession } from '../core/protocols/load.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { http } from './edge/http.ts';

const control = { store: dynamoDbStore() };

/** GET /api/sessions/{name}/deliveries: what became of recent events at the session's webhooks. */
export const handler = http(operations.listDeliveries)(async (request) => {
  const { userId, name } = request.session(request.params.name);
  const { sessionId } = await loadSession(control, userId, name);
  return { status: 200, body: await recentDeliveries(control, sessionId, request.query.limit) };
});
