import * as operations from '../core/api/operations/worker.ts';
import { beginUpload } from '../core/protocols/worker.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { s3Auth } from './adapters/s3-auth.ts';
import { workerHttp } from './edge/worker.ts';

const control = { ...base, store: dynamoDbStore(), auth: s3Auth() };

/** POST /worker/v1/auth-state/upload: presigned URLs for one snapshot. */
export const handler = workerHttp(
  control,
  operations.workerAuthUpload,
)(async (session, body) => ({
  status: 200,
  body: await beginUpload(control, session, body),
}));
