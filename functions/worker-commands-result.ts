import * as operations from '../core/api/operations/worker.ts';
import { answerCommand } from '../core/protocols/waiting-commands.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { workerHttp } from './edge/worker.ts';

const control = { ...base, store: dynamoDbStore() };

/** POST /worker/v1/commands/result: what became of a claimed command. */
export const handler = workerHttp(
  control,
  operations.workerCommandsResult,
)(async (session, body) => {
  await answerCommand(control, session, body.id, body.outcome);
  return { status: 200, body: {} };
});
