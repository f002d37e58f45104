import * as z from 'zod';
import { sessionEventViewSchema } from '../core/api/admin.ts';
import * as operations from '../core/api/operations/sessions.ts';
import { eventsPartition } from '../core/items.ts';
import { loadSession } from '../core/protocols/load.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { http } from './edge/http.ts';

const control = { store: dynamoDbStore() };

/** The item's id is its sort key. */
const storedSchema = z.object({ sk: z.string() }).loose();

/** GET /api/sessions/{name}/events: recent lifecycle events, newest first. */
export const handler = http(operations.listSessionEvents)(async (request) => {
  const { userId, name } = request.session(request.params.name);
  const { sessionId } = await loadSession(control, userId, name);
  const page = await control.store.query({
    partition: eventsPartition(sessionId),
    descending: true,
    limit: request.query.limit,
  });
  const events = page.items.map((item) => {
    const stored = storedSchema.parse(item);
    return sessionEventViewSchema.parse({ ...stored, id: stored.sk });
  });
  return { status: 200, body: events };
});
