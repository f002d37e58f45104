import * as operations from '../contract/operations/webhooks.ts';
import { listDeadLetters, redrive } from '../core/events/dead-letters.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { sqsEvents } from './adapters/sqs-events.ts';
import { defineHandler, router } from './edge/http.ts';

const deps = { ...base, store: dynamoDbStore(), events: sqsEvents() };

/** GET /api/webhooks/dead: an array; the cursor of the next page in `X-Next-Cursor`. */
const listing = defineHandler(operations.listDeadLetters)(async ({ query: { limit, cursor, ...filter } }) => {
  const page = await listDeadLetters(deps, filter, { limit, ...(cursor === undefined ? {} : { cursor }) });
  return {
    status: 200,
    body: page.letters,
    ...(page.cursor === undefined ? {} : { headers: { 'x-next-cursor': page.cursor } }),
  };
});

/** Well within what API Gateway waits. */
const BUDGET_MS = 18_000;

/** POST /api/webhooks/redrive: puts dead letters into the queue again. */
const redriving = defineHandler(operations.redriveDeadLetters)(async ({ body }) => ({
  status: 200,
  body: await redrive(deps, body, BUDGET_MS),
}));

export const handler = router(listing, redriving);
