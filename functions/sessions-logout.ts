import { isTerminal } from '../contract/lifecycle.ts';
import * as operations from '../contract/operations/sessions.ts';
import { runCommand } from '../core/commands/command.ts';
import { forgetAccount, forgetWaiting, untilEnded } from '../core/lifecycle/end.ts';
import { loadSession } from '../core/lifecycle/load.ts';
import { sessionView } from '../core/lifecycle/session-view.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { s3Auth } from './adapters/s3-auth.ts';
import { workerClient } from './adapters/worker-http.ts';
import { defineHandler } from './edge/http.ts';

const deps = { ...base, store: dynamoDbStore(), workers: workerClient(), auth: s3Auth() };

/** The worker answers once the page has confirmed, for which it gives it 9 s at most. */
const COMMAND_LIMIT_MS = 11_000;
/** The worker discards the account and ends. */
const END_BUDGET_MS = 15_000;

/**
 * POST /api/sessions/{name}/logout: unlinks at WhatsApp and deletes the auth state; answers once the session has
 * stopped, so that a start right after it starts without an account. If the session is stopped or waits for a
 * restart, only the account is deleted here: the phone lists the device until it is removed there. If WhatsApp Web
 * does not confirm it, the answer is 504, and the account is kept: the session shows the real state once it knows.
 */
export const handler = defineHandler(operations.logoutSession)(async (request) => {
  const { userId, name } = request.session(request.params.name);
  const session = await loadSession(deps, userId, name);
  if (isTerminal(session.state)) await forgetAccount(deps, session);
  else if (!(await forgetWaiting(deps, session))) {
    await runCommand(deps, session, 'logout', {}, { timeoutMs: COMMAND_LIMIT_MS });
    await untilEnded(deps, session, END_BUDGET_MS);
  }
  return { status: 201, body: sessionView(await loadSession(deps, userId, name), deps.settings) };
});
