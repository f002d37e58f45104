import * as operations from '../core/api/operations/worker.ts';
import { beginMediaUpload } from '../core/protocols/media.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { s3Media } from './adapters/s3-media.ts';
import { workerHttp } from './edge/worker.ts';

const control = { ...base, store: dynamoDbStore(), media: s3Media() };

/** POST /worker/v1/media/upload: presigned URLs for one received file. */
export const handler = workerHttp(
  control,
  operations.workerMediaUpload,
)(async (session, body) => ({
  status: 200,
  body: await beginMediaUpload(control, session, body),
}));
