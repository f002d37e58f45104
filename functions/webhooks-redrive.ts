import * as operations from '../core/api/operations/webhooks.ts';
import { redrive } from '../core/protocols/dead-letters.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { sqsEvents } from './adapters/sqs-events.ts';
import { http } from './edge/http.ts';

const control = { ...base, store: dynamoDbStore(), events: sqsEvents() };

/** Well within what API Gateway waits. */
const BUDGET_MS = 18_000;

/** POST /api/webhooks/redrive: puts dead letters into the queue again. */
export const handler = http(operations.redriveDeadLetters)(async ({ body }) => ({
  status: 200,
  body: await redrive(control, body, BUDGET_MS),
}));
