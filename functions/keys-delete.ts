import * as operations from '../core/api/operations/keys.ts';
import { deleteApiKey } from '../core/protocols/keys.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { http } from './edge/http.ts';

const control = { ...base, store: dynamoDbStore() };

/** DELETE /api/keys/{id} */
export const handler = http(operations.deleteKey)(async ({ params }) => {
  await deleteApiKey(control, params.id);
  return { status: 200, body: {} };
});
