import * as operations from '../core/api/operations/webhooks.ts';
import { listDeadLetters } from '../core/protocols/dead-letters.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { http } from './edge/http.ts';

const control = { store: dynamoDbStore() };

/** GET /api/webhooks/dead: an array; the cursor of the next page in `X-Next-Cursor`. */
export const handler = http(operations.listDeadLetters)(async ({ query: { limit, cursor, ...filter } }) => {
  const page = await listDeadLetters(control, filter, { limit, ...(cursor === undefined ? {} : { cursor }) });
  return {
    status: 200,
    body: page.letters,
    ...(page.cursor === undefined ? {} : { headers: { 'x-next-cursor': page.cursor } }),
  };
});
