import * as operations from '../core/api/operations/capacity.ts';
import { limitsView } from '../core/protocols/limits.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { http } from './edge/http.ts';

const control = { ...base, store: dynamoDbStore() };

/** GET /api/limits: the global limit, the default per user, and the caller's (or `?userId=`'s) own. */
export const handler = http(operations.getLimits)(async (request) => ({
  status: 200,
  body: await limitsView(control, request.owner()),
}));
