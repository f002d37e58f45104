import * as operations from '../core/api/operations/capacity.ts';
import { changeLimits, limitsView } from '../core/protocols/limits.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { http } from './edge/http.ts';

const control = { ...base, store: dynamoDbStore() };

/** PUT /api/limits: takes effect at once, without a deploy. Lowering a limit stops nobody. */
export const handler = http(operations.setLimits)(async (request) => {
  await changeLimits(control, request.body);
  return { status: 200, body: await limitsView(control, request.body.user?.userId ?? request.owner()) };
});
