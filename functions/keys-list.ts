import { listApiKeys } from '../core/protocols/keys.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { http } from './edge/http.ts';

const control = { store: dynamoDbStore() };

/** GET /api/keys */
export const handler = http({ auth: 'admin' }, async () => ({
  status: 200,
  body: await listApiKeys(control),
}));
