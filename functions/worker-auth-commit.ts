import * as operations from '../core/api/operations/worker.ts';
import { commitUpload } from '../core/protocols/worker.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { s3Auth } from './adapters/s3-auth.ts';
import { workerHttp } from './edge/worker.ts';

const control = { ...base, store: dynamoDbStore(), auth: s3Auth() };

/** POST /worker/v1/auth-state/commit: the uploaded snapshot becomes the session's auth state. */
export const handler = workerHttp(
  control,
  operations.workerAuthCommit,
)(async (session, body) => {
  await commitUpload(control, session, body);
  return { status: 200, body: {} };
});
