import * as operations from '../core/api/operations/dashboard.ts';
import { history } from '../core/protocols/history.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { http } from './edge/http.ts';

const control = { ...base, store: dynamoDbStore() };

/** GET /api/stats/history */
export const handler = http(operations.getHistory)(async ({ query }) => ({
  status: 200,
  body: await history(control, query.hours),
}));
