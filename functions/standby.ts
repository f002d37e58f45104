import * as operations from '../contract/operations/standby.ts';
import { changePlan } from '../core/standby/plan.ts';
import { standbyView } from '../core/standby/view.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { defineHandler, router } from './edge/http.ts';

const deps = { ...base, store: dynamoDbStore() };

/** GET /api/standby */
const showing = defineHandler(operations.getStandby)(async () => ({
  status: 200,
  body: await standbyView(deps),
}));

/** PUT /api/standby */
const changing = defineHandler(operations.setStandby)(async ({ body }) => {
  await changePlan(deps, body);
  return { status: 200, body: await standbyView(deps) };
});

export const handler = router(showing, changing);
