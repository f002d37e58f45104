import * as operations from '../core/api/operations/keys.ts';
import { listApiKeys } from '../core/protocols/keys.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { http } from './edge/http.ts';

const control = { store: dynamoDbStore() };

/** GET /api/keys */
export const handler = http(operations.listKeys)(async () => ({
  status: 200,
  body: await listApiKeys(control),
}));
