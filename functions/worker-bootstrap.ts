import * as operations from '../core/api/operations/worker.ts';
import { bootstrap } from '../core/protocols/worker.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { s3Auth } from './adapters/s3-auth.ts';
import { http } from './edge/http.ts';

const control = { ...base, store: dynamoDbStore(), auth: s3Auth() };

/** POST /worker/v1/bootstrap: a task becomes the worker of its session's epoch. */
export const handler = http(operations.workerBootstrap)(async ({ body }) => ({
  status: 200,
  body: await bootstrap(control, body),
}));
