import { stats } from '../core/protocols/stats.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { http } from './edge/http.ts';

const control = { ...base, store: dynamoDbStore() };

/** GET /api/stats */
export const handler = http({ auth: 'key' }, async (request) => ({
  status: 200,
  body: await stats(
    control,
    request.owner(),
    request.caller().role === 'admin' && request.query.userId === undefined,
  ),
}));
