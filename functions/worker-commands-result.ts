import { answerCommand } from '../core/protocols/waiting-commands.ts';
import { commandResultRequestSchema } from '../core/worker-protocol.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { workerHttpHandler } from './edge/worker.ts';

const control = { ...base, store: dynamoDbStore() };

/** POST /worker/v1/commands/result: what became of a claimed command. */
export const handler = workerHttpHandler(control, commandResultRequestSchema, async (session, body) => {
  await answerCommand(control, session, body.id, body.outcome);
  return { status: 200, body: {} };
});
