import * as operations from '../core/api/operations/capacity.ts';
import { cleanUp } from '../core/protocols/cleanup.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { ecsTasks } from './adapters/ecs-tasks.ts';
import { sqsEvents } from './adapters/sqs-events.ts';
import { http } from './edge/http.ts';

const control = { ...base, store: dynamoDbStore(), tasks: ecsTasks(), events: sqsEvents() };

/** POST /api/cleanup: regular or emergency; with `dryRun` only says what would end. */
export const handler = http(operations.cleanUp)(async ({ body }) => ({
  status: 200,
  body: await cleanUp(control, body),
}));
