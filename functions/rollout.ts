import * as operations from '../contract/operations/rollout.ts';
import { cancelRollout, planRollout, showRollout, startRollout } from '../core/rollout/rollout.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { ecsTasks } from './adapters/ecs-tasks.ts';
import { defineHandler, router } from './edge/http.ts';

const deps = { ...base, store: dynamoDbStore(), tasks: ecsTasks() };

/** GET /api/rollout */
const showing = defineHandler(operations.getRollout)(async () => ({
  status: 200,
  body: await showRollout(deps),
}));

/** POST /api/rollout: begins one; the reaper's sweeps make its steps. With `dryRun` only counts. */
const starting = defineHandler(operations.startRollout)(async ({ body }) => ({
  status: 200,
  body: body.dryRun ? await planRollout(deps) : await startRollout(deps, body),
}));

/** DELETE /api/rollout */
const canceling = defineHandler(operations.cancelRollout)(async () => ({
  status: 200,
  body: await cancelRollout(deps),
}));

export const handler = router(showing, starting, canceling);
