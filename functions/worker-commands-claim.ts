import * as operations from '../core/api/operations/worker.ts';
import { claimNext } from '../core/protocols/waiting-commands.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { workerHttp } from './edge/worker.ts';

const control = { ...base, store: dynamoDbStore() };

/** POST /worker/v1/commands/claim: the next command that waited for this session to work, or null. */
export const handler = workerHttp(
  control,
  operations.workerCommandsClaim,
)(async (session) => {
  const found = await claimNext(control, session);
  return {
    status: 200,
    body: {
      command: found
        ? {
            id: found.id,
            name: found.command,
            args: found.args ?? '{}',
            idempotencyKey: found.workerKey,
          }
        : null,
    },
  };
});
