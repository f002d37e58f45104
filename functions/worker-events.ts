import * as operations from '../core/api/operations/worker.ts';
import { acceptEvents } from '../core/protocols/worker.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { sqsEvents } from './adapters/sqs-events.ts';
import { workerHttp } from './edge/worker.ts';

const control = { ...base, store: dynamoDbStore(), events: sqsEvents() };

/** POST /worker/v1/events: durable once answered. */
export const handler = workerHttp(
  control,
  operations.workerEvents,
)(async (session, body) => {
  await acceptEvents(control, session, body);
  return { status: 202, body: {} };
});
