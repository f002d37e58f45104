import { afterEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../../container/base/log.ts';
import { systemTime } from '../../../container/base/time.ts';
import type { CommandContext } from '../../../container/commands/context.ts';
import { createRecipients } from '../../../container/commands/recipients.ts';
import { type CommandServer, startCommandServer } from '../../../container/commands/server.ts';
import { createTurns } from '../../../container/commands/turns.ts';
import type { LibraryClient } from '../../../container/whatsapp/library.ts';
import { createPairing } from '../../../container/whatsapp/pairing.ts';
import type { Status } from '../../../contract/lifecycle.ts';
import { FakeClient } from './fake-library.ts';

const SECRET = 's'.repeat(43);
let server: CommandServer | undefined;
afterEach(() => server?.close());

const open = async (
  options: { status?: Status; client?: LibraryClient; qr?: string; serves?: false } = {},
) => {
  const started = await startCommandServer({
    host: '127.0.0.1',
    port: 0,
    secret: SECRET,
    epoch: 7,
    time: systemTime,
    log: silentLog,
  });
  server = started;
  const state: { status: Status; qr: string | undefined; loggedOut: number } = {
    status: options.status ?? 'WORKING',
    qr: options.qr,
    loggedOut: 0,
  };
  const waiters = new Set<() => void>();
  const context: CommandContext = {
    time: systemTime,
    log: silentLog,
    sent: () => {},
    status: () => state.status,
    passkey: () => undefined,
    qr: () => (state.qr === undefined ? undefined : { value: state.qr, expiresAt: 1 }),
    changed: (ms) =>
      new Promise((resolve) => {
        waiters.add(resolve);
        setTimeout(resolve, ms);
      }),
    client: () => options.client,
    onEvent: () => () => {},
    pairing: createPairing({ now: systemTime.now, lifeMs: 180_000, onCode: () => {} }),
    recipients: createRecipients({ time: systemTime, log: silentLog }),
    sending: createTurns(),
    marksSeen: false,
    media: { maxBytes: 1024, allowLoopback: false, refusedPorts: [] },
    withMedia: async (_source, message) => message,
    active() {},
    rejected: () => {},
    logout: async () => {
      state.loggedOut += 1;
      return true;
    },
  };
  const serve = () => started.serve(context);
  if (options.serves !== false) serve();
  const ask = async (
    path: string,
    body: unknown = {},
    headers: Record<string, string> = {},
    method = 'POST',
  ) => {
    const response = await fetch(`http://127.0.0.1:${started.port}${path}`, {
      method,
      headers: { authorization: `Bearer ${SECRET}`, 'x-berth-epoch': '7', ...headers },
      ...(method === 'GET' ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const change = (next: { status?: Status; qr?: string | undefined }) => {
    Object.assign(state, next);
    for (const wake of waiters) wake();
  };
  return { ask, change, state, started, serve };
};

const message = {
  id: { fromMe: true, remote: '1@c.us', id: 'A', _serialized: 'true_1@c.us_A' },
  from: '2@c.us',
  to: '1@c.us',
  body: 'hi',
  timestamp: 1,
  ack: 1,
  hasMedia: false,
};

describe('the command server', () => {
  it('refuses calls without the secret, and calls for another epoch', async () => {
    const { ask } = await open();
    for (const authorization of ['', 'Bearer ', `Bearer ${'x'.repeat(43)}`, `Bearer ${SECRET}x`, SECRET])
      expect(await ask('/v1/commands/logout', {}, { authorization })).toMatchObject({
        status: 401,
        body: { code: 'unauthorized' },
      });
    expect((await ask('/v1/commands/logout', {}, { 'x-berth-epoch': '6' })).status).toBe(503);
  });

  it('returns its health without a secret and nothing else with it', async () => {
    const { ask } = await open();
    expect(await ask('/healthz', {}, { authorization: '' }, 'GET')).toEqual({
      status: 200,
      body: { status: 'WORKING' },
    });
  });

  it.each(['nothing', 'constructor', '__proto__', ''])('knows no command %s', async (name) => {
    const { ask } = await open();
    expect((await ask(`/v1/commands/${name}`)).status).toBe(404);
  });

  it('names the argument that is wrong, and refuses what is no JSON or too large', async () => {
    const { ask } = await open({ client: new FakeClient(() => {}) });
    const wrong = await ask('/v1/commands/sendText', { chatId: 'nobody', text: 'hi' });
    expect(wrong).toMatchObject({ status: 400, body: { code: 'bad_arguments' } });
    expect(wrong.body.detail).toContain('chatId');
    expect((await ask('/v1/commands/sendText', '{')).status).toBe(400);
    expect((await ask('/v1/commands/sendText', { text: 'x'.repeat(2 * 1024 * 1024) })).status).toBe(400);
  });

  it('a command that comes before the session serves waits for it; one of a worker that ends is refused', async () => {
    const early = await open({ serves: false, status: 'SCAN_QR_CODE', qr: 'code' });
    const waiting = early.ask('/v1/commands/getQr');
    // A round trip behind it: the server has the command by then.
    await early.ask('/healthz', {}, {}, 'GET');
    early.serve();
    expect(await waiting).toMatchObject({ status: 200, body: { value: 'code' } });
    await early.started.close();

    const ending = await open({ serves: false });
    const refused = ending.ask('/v1/commands/getQr');
    await ending.ask('/healthz', {}, {}, 'GET');
    ending.started.refuse();
    expect(await refused).toMatchObject({ status: 503, body: { code: 'stopping' } });
  });

  it('waits for the requested code, and says the status if there can be none', async () => {
    const { ask, change } = await open({ status: 'STARTING' });
    const waiting = ask('/v1/commands/getQr', { waitSeconds: 20 });
    change({ status: 'SCAN_QR_CODE', qr: 'code' });
    expect(await waiting).toEqual({ status: 200, body: { value: 'code', expiresAt: 1 } });
    change({ status: 'WORKING', qr: undefined });
    expect(await ask('/v1/commands/getQr', {})).toMatchObject({
      status: 422,
      body: { code: 'wrong_status', status: 'WORKING' },
    });
  });

  it('a repeat with the same key gets the first answer, a failure too; one with another body is refused', async () => {
    const client = new FakeClient(() => {});
    client.send = async () => message;
    const { ask } = await open({ client });
    const send = (text: string, key: string) =>
      ask('/v1/commands/sendText', { chatId: '1@c.us', text }, { 'idempotency-key': key });
    const answers = await Promise.all([send('hi', 'k'), send('hi', 'k'), send('hi', 'k')]);
    expect(answers[0]).toMatchObject({ status: 200, body: { id: 'true_1@c.us_A' } });
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(client.sent).toHaveLength(1);
    expect((await send('other', 'k')).status).toBe(400);
    client.send = () => Promise.reject(new Error('refused'));
    expect((await send('hi', 'failing')).status).toBe(504);
    expect((await send('hi', 'failing')).status).toBe(504);
    expect(client.sent).toHaveLength(2);
  });

  it('carries out nothing in the wrong status or while shutting down', async () => {
    const { ask, change, state, started } = await open({ client: new FakeClient(() => {}) });
    change({ status: 'SCAN_QR_CODE' });
    expect((await ask('/v1/commands/sendText', { chatId: '1@c.us', text: 'hi' })).status).toBe(422);
    expect((await ask('/v1/commands/logout')).status).toBe(422);
    started.refuse();
    expect((await ask('/v1/commands/logout')).status).toBe(503);
    expect(state.loggedOut).toBe(0);
  });
});
