import * as operations from '../core/api/operations/worker.ts';
import { report } from '../core/protocols/worker.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { sqsEvents } from './adapters/sqs-events.ts';
import { workerHttp } from './edge/worker.ts';

const control = { ...base, store: dynamoDbStore(), events: sqsEvents() };

/** POST /worker/v1/report: heartbeat, status, account, activity. */
export const handler = workerHttp(
  control,
  operations.workerReport,
)(async (session, body) => ({
  status: 200,
  body: await report(control, session, body),
}));
