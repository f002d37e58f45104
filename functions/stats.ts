import * as operations from '../core/api/operations/capacity.ts';
import { stats } from '../core/protocols/stats.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { http } from './edge/http.ts';

const control = { ...base, store: dynamoDbStore() };

/** GET /api/stats */
export const handler = http(operations.getStats)(async (request) => ({
  status: 200,
  body: await stats(
    control,
    request.owner(),
    request.caller().role === 'admin' && request.query.userId === undefined,
    request.caller().sessions,
  ),
}));
