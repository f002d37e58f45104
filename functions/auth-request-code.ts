import * as operations from '../core/api/operations/linking.ts';
import { runCommand } from '../core/protocols/command.ts';
import { loadSession } from '../core/protocols/load.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { workerHttp } from './adapters/worker-http.ts';
import { http } from './edge/http.ts';

const control = { store: dynamoDbStore(), workers: workerHttp() };

/** POST /api/{session}/auth/request-code: a pairing code to type into the phone, instead of a QR code. */
export const handler = http(operations.requestCode)(async (request) => {
  const { userId, name } = request.session(request.params.session);
  const session = await loadSession(control, userId, name);
  return { status: 201, body: await runCommand(control, session, 'requestCode', request.body) };
});
