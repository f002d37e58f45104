import * as operations from '../core/api/operations/worker.ts';
import { discardAuthState } from '../core/protocols/worker.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { s3Auth } from './adapters/s3-auth.ts';
import { workerHttp } from './edge/worker.ts';

const control = { ...base, store: dynamoDbStore(), auth: s3Auth() };

/** POST /worker/v1/auth-state/discard: the phone unlinked the account; its auth state is deleted. */
export const handler = workerHttp(
  control,
  operations.workerAuthDiscard,
)(async (session) => {
  await discardAuthState(control, session);
  return { status: 200, body: {} };
});
