import { sendTextRequestSchema } from '../core/api/commands.ts';
import { runCommand } from '../core/protocols/command.ts';
import { loadSession } from '../core/protocols/load.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { workerHttp } from './adapters/worker-http.ts';
import { http } from './edge/http.ts';
import { idempotencyKeyOf } from './edge/idempotency.ts';

const control = { store: dynamoDbStore(), workers: workerHttp() };

/** POST /api/sendText: sent once WhatsApp's server has accepted it. Never repeated by us. */
export const handler = http({ auth: 'key', body: sendTextRequestSchema }, async (request) => {
  const { session: sessionName, ...args } = request.body;
  const { userId, name } = request.session(sessionName);
  const session = await loadSession(control, userId, name);
  const idempotencyKey = idempotencyKeyOf(request.headers);
  return { status: 201, body: await runCommand(control, session, 'sendText', args, { idempotencyKey }) };
});
