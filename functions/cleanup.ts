import * as operations from '../contract/operations/capacity.ts';
import { eraseUser } from '../contract/operations/erasures.ts';
import { orderUserErasure } from '../core/accounts/erase-user.ts';
import { cleanUp } from '../core/reaping/cleanup.ts';
import { drain } from '../core/reaping/drain.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { ecsTasks } from './adapters/ecs-tasks.ts';
import { sqsEvents } from './adapters/sqs-events.ts';
import { defineHandler, router } from './edge/http.ts';

const deps = { ...base, store: dynamoDbStore(), tasks: ecsTasks(), events: sqsEvents() };

/** POST /api/cleanup: regular or emergency; with `dryRun` only says what would end. */
const cleaning = defineHandler(operations.cleanUp)(async ({ body }) => ({
  status: 200,
  body: await cleanUp(deps, body),
}));

/** POST /api/drain: one step of draining; callers repeat it. */
const draining = defineHandler(operations.drain)(async ({ body }) => ({
  status: 200,
  body: await drain(deps, body),
}));

/** POST /api/erasures: orders the erasure of a user; the sweeps do it. */
const erasing = defineHandler(eraseUser)(async ({ body, caller }) => ({
  status: 201,
  body: await orderUserErasure(deps, body.userId, caller().userId),
}));

export const handler = router(cleaning, draining, erasing);
