import * as operations from '../core/api/operations/keys.ts';
import { createApiKey } from '../core/protocols/keys.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { http } from './edge/http.ts';

const control = { ...base, store: dynamoDbStore() };

/** POST /api/keys: the answer is the only time that the key is shown. */
export const handler = http(operations.createKey)(async ({ body }) => ({
  status: 201,
  body: await createApiKey(control, body),
}));
