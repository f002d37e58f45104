import * as operations from '../core/api/operations/sessions.ts';
import { isTerminal } from '../core/lifecycle.ts';
import { runCommand } from '../core/protocols/command.ts';
import { forgetAccount } from '../core/protocols/end.ts';
import { loadSession } from '../core/protocols/load.ts';
import { sessionView } from '../core/session.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { s3Auth } from './adapters/s3-auth.ts';
import { workerHttp } from './adapters/worker-http.ts';
import { http } from './edge/http.ts';

const control = { ...base, store: dynamoDbStore(), workers: workerHttp(), auth: s3Auth() };

/**
 * POST /api/sessions/{name}/logout: unlinks at WhatsApp and deletes the auth state; the session stops. One that is
 * stopped is only forgotten here: the phone lists the device until it is removed there.
 */
export const handler = http(operations.logoutSession)(async (request) => {
  const { userId, name } = request.session(request.params.name);
  const session = await loadSession(control, userId, name);
  await (isTerminal(session.state)
    ? forgetAccount(control, session)
    : runCommand(control, session, 'logout', {}));
  return { status: 201, body: sessionView(await loadSession(control, userId, name), control.settings) };
});
