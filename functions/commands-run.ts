import * as operations from '../core/api/operations/messages.ts';
import { runCommand } from '../core/protocols/command.ts';
import { loadSession } from '../core/protocols/load.ts';
import { wakeAndRun } from '../core/protocols/wake.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { ecsTasks } from './adapters/ecs-tasks.ts';
import { sqsEvents } from './adapters/sqs-events.ts';
import { workerCall } from './adapters/worker-call.ts';
import { http } from './edge/http.ts';

const control = {
  ...base,
  store: dynamoDbStore(),
  tasks: ecsTasks(),
  events: sqsEvents(),
  workers: workerCall(),
};

/**
 * POST /api/sendText: sent once WhatsApp's server has accepted it. Never repeated by us. With `wake=true` a stopped,
 * linked session is started first; 202 with the command's id where that takes longer than a request may.
 */
export const handler = http(operations.sendText)(async (request) => {
  const { idempotencyKey } = request;
  const { session: sessionName, ...args } = request.body;
  const { userId, name } = request.session(sessionName);
  const session = await loadSession(control, userId, name);
  if (!request.query.wake)
    return { status: 201, body: await runCommand(control, session, 'sendText', args, { idempotencyKey }) };
  const woken = await wakeAndRun(control, session, 'sendText', args, idempotencyKey);
  return woken.kind === 'done'
    ? { status: 201, body: woken.result }
    : { status: 202, body: { commandId: woken.commandId } };
});
