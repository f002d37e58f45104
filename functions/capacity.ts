import * as operations from '../contract/operations/capacity.ts';
import { getHistory } from '../contract/operations/dashboard.ts';
import { changeLimits, limitsView } from '../core/admission/limits.ts';
import { prometheusText } from '../core/observability/prometheus.ts';
import { history } from '../core/observability/read-history.ts';
import { stats } from '../core/observability/stats.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { defineHandler, router } from './edge/http.ts';
import { environment } from './environment.ts';

const deps = { ...base, store: dynamoDbStore() };
const [warning, critical] = environment('BERTH_ALARM_PERCENTS');

/** GET /api/stats */
const counting = defineHandler(operations.getStats)(async (request) => {
  const { role, sessions } = request.caller();
  const allUsers = role === 'admin' && request.query.userId === undefined;
  const view = await stats(deps, request.owner(), allUsers, sessions);
  return { status: 200, body: allUsers ? { ...view, alarmPercents: { warning, critical } } : view };
});

/** GET /metrics */
const measuring = defineHandler(operations.getMetrics)(async (request) => {
  const view = await stats(deps, request.owner(), true);
  const text = prometheusText({ ...view, alarmPercents: { warning, critical } });
  return {
    status: 200,
    raw: { contentType: 'text/plain; version=0.0.4; charset=utf-8', bytes: Buffer.from(text) },
  };
});

/** GET /api/stats/history */
const lookingBack = defineHandler(getHistory)(async ({ query }) => ({
  status: 200,
  body: await history(deps, query.hours),
}));

/** GET /api/limits: the global limit, the default per user, and the caller's (or `?userId=`'s) own. */
const showingLimits = defineHandler(operations.getLimits)(async (request) => ({
  status: 200,
  body: await limitsView(deps, request.owner()),
}));

/** PUT /api/limits: takes effect at once, without a deploy. Lowering a limit stops no session. */
const changingLimits = defineHandler(operations.setLimits)(async (request) => {
  await changeLimits(deps, request.body);
  return { status: 200, body: await limitsView(deps, request.body.user?.userId ?? request.owner()) };
});

export const handler = router(counting, measuring, lookingBack, showingLimits, changingLimits);
