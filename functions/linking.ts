import { toBuffer, toString as toText } from 'qrcode';
import { QR_LIFE_HEADER } from '../contract/bodies/commands.ts';
import * as operations from '../contract/operations/linking.ts';
import { type AccountResult, runAccountCommand } from '../core/commands/account-command.ts';
import { awaitShown } from '../core/commands/await-shown.ts';
import { loadSession } from '../core/lifecycle/load.ts';
import type { Session } from '../core/lifecycle/session.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { workerClient } from './adapters/worker-http.ts';
import { prefersJson } from './edge/accept.ts';
import { type Answer, defineHandler, type Request, router } from './edge/http.ts';

const deps = { ...base, store: dynamoDbStore(), workers: workerClient() };

/**
 * GET /api/{session}/auth/qr: a PNG; an SVG or JSON by `Accept`; the code itself with `format=raw`. The code comes
 * straight from the worker's memory and is stored nowhere.
 */
const showingCode = defineHandler(operations.getQr)(async (request) => {
  const { format, wait } = request.query;
  const { value, expiresAt } = await asked(request, wait, 'getQr');
  const answer =
    format === 'raw'
      ? { status: 200 as const, body: { value } }
      : await renderQr(value, request.headers.accept ?? '');
  const lifeMs = Math.max(0, expiresAt - deps.clock());
  return { ...answer, headers: { [QR_LIFE_HEADER]: String(lifeMs) } };
});

type About = Pick<Request<typeof operations.getQr>, 'session' | 'params' | 'caller'>;

/** What the session's worker shows, waiting up to `wait` seconds in all. */
const asked = async <N extends Parameters<typeof awaitShown>[1]>(
  request: About,
  wait: number,
  command: N,
): Promise<AccountResult<N>> => {
  const end = deps.clock() + wait * 1000;
  const load = () => sessionOf(request);
  const { userId } = request.caller();
  return awaitShown(deps, command, { first: await load(), load, userId, end });
};

const sessionOf = (request: About): Promise<Session> => {
  const { userId, name } = request.session(request.params.session);
  return loadSession(deps, userId, name);
};

const renderQr = async (value: string, accept: string): Promise<Answer<typeof operations.getQr>> => {
  if (accept.includes('image/svg+xml')) {
    const svg = await toText(value, { type: 'svg', margin: 2 });
    return { status: 200, raw: { contentType: 'image/svg+xml', bytes: Buffer.from(svg) } };
  }
  const png = await toBuffer(value, { margin: 2, scale: 6 });
  return prefersJson(accept)
    ? { status: 200, body: { mimetype: 'image/png', data: png.toString('base64') } }
    : { status: 200, raw: { contentType: 'image/png', bytes: png } };
};

/** POST /api/{session}/auth/request-code: a pairing code to type into the phone, instead of a QR code. */
const requestingCode = defineHandler(operations.requestCode)(async (request) => {
  const session = await sessionOf(request);
  const { code, expiresAt } = await runAccountCommand(deps, session, 'requestCode', request.body);
  return { status: 201, body: { code, expiresAt: new Date(expiresAt).toISOString() } };
});

/** GET /api/{session}/auth/passkey/challenge: like a QR code, it comes straight from the worker's memory. */
const showingChallenge = defineHandler(operations.getPasskeyChallenge)(async (request) => {
  return { status: 200, body: await asked(request, request.query.wait, 'getPasskeyChallenge') };
});

/** POST /api/{session}/auth/passkey */
const takingAssertion = defineHandler(operations.submitPasskey)(async (request) => {
  const session = await sessionOf(request);
  return { status: 201, body: await runAccountCommand(deps, session, 'submitPasskey', request.body) };
});

/** GET /api/{session}/auth/passkey/confirmation */
const showingConfirmation = defineHandler(operations.getPasskeyConfirmation)(async (request) => {
  return { status: 200, body: await asked(request, request.query.wait, 'getPasskeyConfirmation') };
});

/** POST /api/{session}/auth/passkey/confirm */
const confirming = defineHandler(operations.confirmPasskey)(async (request) => {
  const session = await sessionOf(request);
  return { status: 201, body: await runAccountCommand(deps, session, 'confirmPasskey', {}) };
});

export const handler = router(
  showingCode,
  requestingCode,
  showingChallenge,
  takingAssertion,
  showingConfirmation,
  confirming,
);
