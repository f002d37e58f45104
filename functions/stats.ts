import * as operations from '../core/api/operations/capacity.ts';
import { stats } from '../core/protocols/stats.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { http } from './edge/http.ts';
import { environment } from './environment.ts';

const control = { ...base, store: dynamoDbStore() };
const [warning, critical] = environment('BERTH_ALARM_PERCENTS');

/** GET /api/stats */
export const handler = http(operations.getStats)(async (request) => {
  const { role, sessions } = request.caller();
  const everybody = role === 'admin' && request.query.userId === undefined;
  const view = await stats(control, request.owner(), everybody, sessions);
  return { status: 200, body: everybody ? { ...view, alarmPercents: { warning, critical } } : view };
});
