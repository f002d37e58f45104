import * as operations from '../core/api/operations/worker.ts';
import { lastWord } from '../core/protocols/worker.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { sqsEvents } from './adapters/sqs-events.ts';
import { workerHttp } from './edge/worker.ts';

const control = { ...base, store: dynamoDbStore(), events: sqsEvents() };

/** POST /worker/v1/last-word: the worker is done; its slot comes back. A repeat finds the epoch over (410). */
export const handler = workerHttp(
  control,
  operations.workerLastWord,
)(async (session, body) => {
  await lastWord(control, session, body);
  return { status: 200, body: {} };
});
