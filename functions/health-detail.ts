import * as operations from '../contract/operations/health.ts';
import { health, withoutReasons } from '../core/observability/health.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { ecsTasks } from './adapters/ecs-tasks.ts';
import { s3Probe } from './adapters/s3-probe.ts';
import { defineHandler } from './edge/http.ts';

const deps = { ...base, store: dynamoDbStore(), tasks: ecsTasks(), storage: s3Probe() };

/** GET /api/health: 200, or 503 if a part fails, with every check; only admins see the reason. */
export const handler = defineHandler(operations.getHealthDetail)(async (request) => {
  const found = await health(deps);
  const view = request.caller().role === 'admin' ? found : withoutReasons(found);
  return view.status === 'ok' ? { status: 200, body: view } : { status: 503, body: view };
});
