/** A session from POST to QR to message and back, through HTTP, on the deployed shape with real parts. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { leaksIn, readLogs } from '../../helpers/log-secrets.ts';
import { readPng } from '../../helpers/read-qr.ts';
import type { System } from '../../helpers/system.ts';
import { signatureOf, startWebhookReceiver, type WebhookReceiver } from '../../helpers/webhook-receiver.ts';
import { packedClient } from './packed-client.ts';

const ACCOUNT = '491700000061';
const ME = `${ACCOUNT}@c.us`;
const CONTACT = '491712223333@c.us';
const HMAC_KEY = 'a webhook key';

/**
 * @param open the running system, without a session that holds a slot; it is stopped at the end, for its logs
 * @param shown what the system prints at its start
 */
export const journey = (open: () => System, shown: readonly string[]): void => {
  /** The secrets that were issued or sent in the run, which no log may contain. */
  const codes: string[] = [];
  let system: System;
  let hooks: WebhookReceiver;

  beforeAll(async () => {
    system = open();
    hooks = await startWebhookReceiver();
  });
  afterAll(() => hooks?.close());

  describe.sequential('one session', () => {
    test('is created, takes a slot and notifies its webhook that it was admitted', async () => {
      const session = await system.berth.sessions.create({
        name: 'shop',
        config: {
          metadata: { team: 'sales' },
          webhooks: [{ url: hooks.url, events: ['*'], hmac: { key: HMAC_KEY } }],
        },
      });
      expect(session).toMatchObject({
        name: 'shop',
        status: 'STARTING',
        epoch: 1,
        linked: false,
        userId: 'admin',
      });
      expect(await system.berth.stats()).toMatchObject({ active: 1, limit: 50 });

      const admitted = await hooks.event((e) => e.event === 'session.admitted');
      expect(admitted).toMatchObject({
        session: 'shop',
        metadata: { team: 'sales' },
        engine: 'WEBJS',
        environment: { name: 'local', engine: 'WEBJS' },
      });
      expect(admitted.headers['x-webhook-hmac']).toBe(signatureOf(HMAC_KEY, admitted.raw));
      expect(admitted.headers['x-webhook-request-id']).toBe(admitted.id);
    });

    test('keeps its secrets when its config is read and written back (F8)', async () => {
      const before = await system.berth.sessions.get('shop');
      expect(JSON.stringify(before)).not.toContain(HMAC_KEY);
      const after = await system.berth.sessions.update('shop', { config: before.config });
      expect(after.config).toEqual(before.config);
    });

    test('shows a QR code, as PNG, SVG, JSON and text, all of the same code', async () => {
      const code = await system.berth.auth.qr('shop', { waitSeconds: 25 });
      codes.push(code);
      await system.berth.sessions.waitForStatus('shop', 'SCAN_QR_CODE');
      expect(readPng(Buffer.from(await system.berth.auth.qrPng('shop')))).toBe(code);
      expect(await system.berth.auth.qrSvg('shop')).toContain('<svg');
      const json: unknown = await (
        await system.call('GET', '/api/shop/auth/qr', { headers: { accept: 'application/json' } })
      ).json();
      expect(json).toEqual({ mimetype: 'image/png', data: expect.any(String) });
      expect(readPng(Buffer.from((json as { data: string }).data, 'base64'))).toBe(code);
    });

    test('refuses to send before it is linked, and says in which status it is', async () => {
      const answer = await system.call('POST', '/api/sendText', {
        body: { session: 'shop', chatId: CONTACT, text: 'too early' },
      });
      expect(answer.status).toBe(422);
      expect(await answer.json()).toMatchObject({ status: 422, state: 'SCAN_QR_CODE' });
    });

    test('works once the phone has scanned what the picture shows', async () => {
      const code = readPng(Buffer.from(await system.berth.auth.qrPng('shop')));
      await system.phone.scan({ code, account: ACCOUNT });
      const session = await system.berth.sessions.waitForStatus('shop', 'WORKING');
      expect(session).toMatchObject({ state: 'RUNNING', me: { id: ME } });
      expect(Date.parse(session.idleAt ?? '')).toBeGreaterThan(Date.now());
      expect(await system.berth.sessions.me('shop')).toMatchObject({ id: ME });
      await hooks.event((e) => e.event === 'session.status' && e.payload.status === 'WORKING');
    });

    test('receives a message', async () => {
      await system.phone.send({ account: ACCOUNT, from: CONTACT, text: 'hello, is it open?' });
      const { lid } = await system.phone.identity({ id: CONTACT });
      const message = await hooks.event((e) => e.event === 'message');
      expect(message).toMatchObject({
        session: 'shop',
        me: { id: ME },
        payload: { from: lid, fromPn: CONTACT, fromMe: false, body: 'hello, is it open?', hasMedia: false },
      });
      expect(message.headers['x-webhook-hmac']).toBe(signatureOf(HMAC_KEY, message.raw));
    });

    test('sends a message and a reply', async () => {
      const sent = await system.berth.messages.sendText({
        session: 'shop',
        chatId: CONTACT,
        text: 'yes, until six',
      });
      expect(sent).toMatchObject({ fromMe: true, toPn: CONTACT, body: 'yes, until six' });
      const reply = await system.berth.messages.sendText({
        session: 'shop',
        chatId: CONTACT,
        text: 'and on Sunday',
        reply_to: sent.id,
      });
      const { messages } = await system.phone.inbox({ account: ACCOUNT, sent: true });
      expect(messages.map((m) => m.body)).toEqual(['yes, until six', 'and on Sunday']);
      const [first, second] = messages;
      // The phone names a message without its chat.
      const { lid } = await system.phone.identity({ id: CONTACT });
      expect(sent).toMatchObject({ id: `true_${lid}_${first?.id}`, to: lid });
      expect(reply.id).toBe(`true_${lid}_${second?.id}`);
      expect(second?.quotedId).toBe(first?.id);
    });

    test('sends once for one Idempotency-Key, however often it is repeated', async () => {
      const request = { session: 'shop', chatId: CONTACT, text: 'once' } as const;
      const first = await system.berth.messages.sendText(request, { idempotencyKey: 'send-1' });
      const again = await system.berth.messages.sendText(request, { idempotencyKey: 'send-1' });
      expect(again).toEqual(first);
      const { messages } = await system.phone.inbox({ account: ACCOUNT, sent: true });
      expect(messages.filter((m) => m.body === 'once')).toHaveLength(1);
    });

    test('gets an event when a sent message is delivered and read', async () => {
      await system.phone.ack({ account: ACCOUNT, ack: 'read' });
      const ack = await hooks.event((e) => e.event === 'message.ack' && e.payload.ackName === 'READ');
      expect(ack.payload).toMatchObject({ fromMe: true, toPn: CONTACT });
    });

    test('stops gracefully: its auth state is saved and its slot is back', async () => {
      await system.berth.sessions.stop('shop');
      const session = await system.berth.sessions.waitForStatus('shop', 'STOPPED');
      expect(session).toMatchObject({ state: 'STOPPED', stopReason: 'user', linked: true, me: { id: ME } });
      expect(session.authState?.bytes).toBeGreaterThan(1000);
      expect(await system.berth.stats()).toMatchObject({ active: 0 });
      const stopped = await hooks.event((e) => e.event === 'session.stopped');
      expect(stopped.payload).toMatchObject({ stopReason: 'user' });
    });

    test('starts again without a QR code', async () => {
      await system.phone.send({ account: ACCOUNT, from: CONTACT, text: 'while you were closed' });
      await system.berth.sessions.start('shop');
      const session = await system.berth.sessions.waitForStatus('shop', [
        'WORKING',
        'SCAN_QR_CODE',
        'FAILED',
      ]);
      expect(session).toMatchObject({ status: 'WORKING', epoch: 2, me: { id: ME } });
      const sent = await system.berth.messages.sendText({
        session: 'shop',
        chatId: CONTACT,
        text: 'back again',
      });
      expect(sent.body).toBe('back again');
    });

    test('gets messages that came while it was stopped, once and marked (F6)', async () => {
      const late = await hooks.event((e) => e.event === 'message' && e.payload.late === true);
      expect(late.payload).toMatchObject({ fromMe: false, body: 'while you were closed' });
      const messages = hooks.received.filter(({ event }) => event === 'message');
      expect(messages.map(({ payload }) => payload.body)).toEqual([
        'hello, is it open?',
        'while you were closed',
      ]);
    });

    test('ends when the phone logs it out; the next start asks for a new QR code', async () => {
      await system.phone.logout({ target: ACCOUNT });
      const session = await system.berth.sessions.waitForStatus('shop', 'STOPPED');
      expect(session).toMatchObject({ stopReason: 'logged_out', linked: false, me: null });
      await system.berth.sessions.start('shop');
      await system.berth.sessions.waitForStatus('shop', 'SCAN_QR_CODE');
    });

    test('is removed with everything that was its own', async () => {
      await system.berth.sessions.delete('shop');
      expect((await system.call('GET', '/api/sessions/shop')).status).toBe(404);
      expect(await system.berth.stats()).toMatchObject({ active: 0 });
    });

    test('has a timeline in the order in which it happened', () => {
      const story = hooks.received
        .filter((e) => e.event.startsWith('session.'))
        .map((e) => (e.event === 'session.status' ? String(e.payload.status) : e.event))
        // Each further QR code causes an event as well.
        .filter((one, index, all) => one !== all[index - 1]);
      expect(story.slice(0, 15)).toEqual([
        'session.admitted',
        'STARTING',
        'SCAN_QR_CODE',
        // Scanned; the client is logging in.
        'STARTING',
        'WORKING',
        'session.stopped',
        'STOPPED',
        'session.admitted',
        'STARTING',
        'WORKING',
        'session.stopped',
        'STOPPED',
        'session.admitted',
        'STARTING',
        'SCAN_QR_CODE',
      ]);
      // The event of the last stop is delivered only if it was sent before the session and its webhooks were deleted.
      for (const one of story.slice(15)) expect(['session.stopped', 'STOPPED']).toContain(one);
    });
  });

  describe('a pairing code', () => {
    test('links an account in place of the QR code, with its passkey', async () => {
      await system.berth.sessions.create({ name: 'by-code' });
      await system.berth.sessions.waitForStatus('by-code', 'SCAN_QR_CODE');
      const code = await system.berth.auth.requestCode('by-code', '+49 170 000 0062');
      codes.push(code);
      await system.phone.setPasskey({ account: '491700000062', required: true, confirm: true });
      await system.phone.enterPairingCode({ code, account: '491700000062' });
      await system.berth.sessions.waitForStatus('by-code', 'PASSKEY_REQUIRED');
      const { challenge } = await system.berth.auth.passkey.challenge('by-code', { waitSeconds: 10 });
      const assertion = await system.phone.signPasskey({ challenge });
      await system.berth.auth.passkey.submit('by-code', assertion);
      const shown = await system.berth.auth.passkey.confirmation('by-code', { waitSeconds: 20 });
      codes.push(challenge, shown, ...Object.values(assertion.response));
      expect((await system.phone.passkeyCodes({ account: '491700000062' })).codes).toEqual([shown]);
      await system.berth.auth.passkey.confirm('by-code');
      const session = await system.berth.sessions.waitForStatus('by-code', 'WORKING');
      expect(session.me?.id).toBe('491700000062@c.us');
    });

    test('a logout unlinks it at the phone, and the session shows a new code on its own', async () => {
      const { sessions, auth } = system.berth;
      const devices = async () =>
        (await system.phone.accounts()).accounts
          .filter(({ phoneNumber }) => phoneNumber === '491700000062')
          .flatMap((one) => one.devices);
      expect(await devices()).toHaveLength(1);
      const answered = await sessions.logout('by-code');
      expect(answered).toMatchObject({ epoch: 2, status: 'STARTING', linked: false, me: null });
      expect(await devices()).toEqual([]);

      const shown = await sessions.waitForStatus('by-code', 'SCAN_QR_CODE');
      const code = await auth.qr('by-code', { waitSeconds: 25 });
      codes.push(code);
      // A repeat has nothing to unlink, and disturbs nothing.
      expect(await sessions.logout('by-code')).toMatchObject({ epoch: shown.epoch, status: 'SCAN_QR_CODE' });
      await system.phone.setPasskey({ account: '491700000062', required: false, confirm: false });
      await system.phone.scan({ code, account: '491700000062' });
      await sessions.waitForStatus('by-code', 'WORKING');
      await sessions.delete('by-code');
    });
  });

  describe.sequential('calls that follow each other at once', () => {
    const account = '491700000063';
    const link = async () => {
      const code = await system.berth.auth.qr('hasty', { waitSeconds: 25 });
      codes.push(code);
      await system.phone.scan({ code, account });
      await system.berth.sessions.waitForStatus('hasty', 'WORKING');
    };

    test('a start right after a stop or a logout waits for it and is admitted (F5)', async () => {
      const { sessions } = system.berth;
      await sessions.create({ name: 'hasty' });
      await link();
      expect(await sessions.stop('hasty')).toMatchObject({ state: 'STOPPING', status: 'STOPPING' });
      expect(await sessions.start('hasty')).toMatchObject({ epoch: 2, status: 'STARTING' });
      await sessions.waitForStatus('hasty', 'WORKING');
      expect(await sessions.logout('hasty')).toMatchObject({ epoch: 3, linked: false });
      expect(await sessions.start('hasty')).toMatchObject({ epoch: 3, linked: false });
      await sessions.waitForStatus('hasty', 'SCAN_QR_CODE');
    });

    test('a working session is unlinked at the phone before it is deleted (F13)', async () => {
      await link();
      const listed = async () =>
        (await system.phone.accounts()).accounts
          .filter(({ phoneNumber }) => phoneNumber === account)
          .flatMap(({ devices }) => devices);
      expect(await listed()).toHaveLength(1);
      await system.berth.sessions.delete('hasty');
      expect(await listed()).toEqual([]);
      expect((await system.call('GET', '/api/sessions/hasty')).status).toBe(404);
    });
  });

  describe.sequential('a program with the published package', () => packedClient(() => system));

  test('no key, code, token, signature or message of all this is in any log', async () => {
    const { dataDir, adminKey, stack } = system;
    await stack.stop();
    const logs = readLogs(join(dataDir, 'logs'));
    // Functions, workers, engines and the two gateways' access logs: none is empty.
    const kinds = [...logs].filter(([, text]) => text !== '').map(([path]) => path.split('/')[0] ?? '');
    expect(new Set(kinds)).toEqual(
      new Set(['functions', 'tasks', 'api-access.log', 'live-access.log', 'engines.log']),
    );
    const bodies = hooks.received.map(({ payload }) => String(payload.body ?? ''));
    const leaks = leaksIn(new Map([...logs, ['what the stack shows', shown.join('\n')]]), {
      'an API key': [adminKey],
      'a code': codes,
      'the key of a webhook': [HMAC_KEY],
      'a message': [...bodies, 'yes, until six', 'and on Sunday', 'back again'].filter((b) => b.length >= 6),
    });
    expect(leaks).toEqual([]);
    expect(codes.length).toBeGreaterThan(1);
  });
};
