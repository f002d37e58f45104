/**
 * Faults that users of WhatsApp gateways reported, tested on Berth as its users see it: the simulated WhatsApp fails
 * as the real one does, and the answer, the phone and the webhook agree on the effect. docs/field-reports.md lists
 * them.
 */
import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { PhoneInput, PhoneMessage } from '../../../contract/phone/api.ts';
import { shared } from '../../helpers/shared.ts';
import { linkSession, type System, startSystem } from '../../helpers/system.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../../helpers/webhook-receiver.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

const ACCOUNT = '15550001111';
const ME = `${ACCOUNT}@c.us`;
const ADA = '491712223333@c.us';
const UNREGISTERED = '491799000000@c.us';

const open = shared(
  () => startSystem(),
  (system) => system.stop(),
);
const openHooks = shared(startWebhookReceiver, (hooks) => hooks.close());

describe.sequential('a linked session', () => {
  let system: System;
  let hooks: WebhookReceiver;
  beforeAll(async () => {
    system = open();
    hooks = openHooks();
    await linkSession(system, { name: 'shop' }, ACCOUNT);
    await system.berth.sessions.update('shop', { config: { webhooks: [{ url: hooks.url, events: ['*'] }] } });
  });

  const post = async (path: string, body: object, method = 'POST') => {
    const answer = await system.call(method, `/api/${path}`, { body: { session: 'shop', ...body } });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  const get = async (path: string) => {
    const answer = await system.call('GET', `/api/${path}`);
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown>[] };
  };
  const text = (chatId: string, words: string, more: object = {}) =>
    post('sendText', { chatId, text: words, ...more });
  const sent = async (chat?: string): Promise<PhoneMessage[]> => {
    const chosen = chat === undefined ? {} : { chat };
    return (await system.phone.inbox({ account: ACCOUNT, sent: true, ...chosen })).messages;
  };
  const receive = async (message: Omit<PhoneInput<'send'>, 'account'>): Promise<PhoneMessage> =>
    (await system.phone.send({ account: ACCOUNT, ...message })).message;
  const delivered = (event: string, id: string) =>
    hooks.event((e) => e.event === event && String(e.payload.id).includes(id));
  const deliveriesOf = (id: string) => hooks.received.filter((e) => String(e.payload?.id).includes(id));

  test('(F1) what the page got while WhatsApp was away is unknown, for every command, and is done once', async () => {
    await text(ADA, 'before');
    const received = await receive({ from: ADA, text: 'hello' });
    await delivered('message', received.id);
    await system.phone.network({ mode: 'offline', target: ACCOUNT });
    const [sending, typing] = await Promise.all([
      text(ADA, 'while away'),
      post('startTyping', { chatId: ADA }),
    ]);
    expect(sending).toMatchObject({ status: 504, body: { detail: expect.stringContaining('unknown') } });
    expect(typing.status).toBe(504);
    await system.phone.network({ mode: 'online', target: ACCOUNT });
    const arrived = async () => (await sent(ADA)).filter(({ body }) => body === 'while away').length;
    await expect.poll(arrived, { timeout: 30_000 }).toBe(1);
    expect(await text(ADA, 'back again')).toMatchObject({ status: 201, body: { ack: expect.any(Number) } });
    expect(await arrived()).toBe(1);
  });

  test('a number that is not on WhatsApp is refused by every command to it, and nothing is sent', async () => {
    const before = (await sent()).length;
    for (const [path, body] of [
      ['sendText', { text: 'hi' }],
      ['sendPoll', { poll: { name: 'q', options: ['a', 'b'] } }],
      ['sendSeen', {}],
      ['startTyping', {}],
    ] as const)
      expect(await post(path, { chatId: UNREGISTERED, ...body }), path).toMatchObject({
        status: 422,
        body: { detail: expect.stringContaining('not on WhatsApp') },
      });
    expect(await sent()).toHaveLength(before);
  });

  test('a number is written to in the spelling that WhatsApp knows, and the answer names it', async () => {
    for (const [asked, known] of [
      ['5531988887777@c.us', '553188887777@c.us'],
      ['5215512345678@c.us', '525512345678@c.us'],
    ] as const) {
      const exists = await get(`contacts/check-exists?session=shop&phone=${asked.replace('@c.us', '')}`);
      expect(exists.body).toMatchObject({ numberExists: true, chatId: known });
      expect(await text(asked, 'olá')).toMatchObject({ status: 201, body: { chatId: known } });
      expect((await sent(known)).map(({ body }) => body)).toEqual(['olá']);
      expect(await sent(asked)).toEqual([]);
    }
  });

  test('a group that the account has left is refused, and nothing is sent', async () => {
    const { chatId } = await system.phone.createGroup({
      account: ACCOUNT,
      subject: 'us',
      participants: [ADA],
    });
    await expect.poll(async () => (await text(chatId, 'here')).status).toBe(201);
    await system.phone.changeGroup({ account: ACCOUNT, chat: chatId, by: ME, remove: [ME] });
    await expect.poll(async () => (await text(chatId, 'gone')).status).toBe(422);
    expect((await sent(chatId)).map(({ body }) => body).filter((body) => body === 'gone')).toEqual([]);
    expect(await text('120363999999999999@g.us', 'never been there')).toMatchObject({ status: 422 });
  });

  test('(F15) an unknown channel is refused, one that is only followed as well; an own one is posted to', async () => {
    const before = (await sent()).length;
    expect(await text('120363000000000009@newsletter', 'hi')).toMatchObject({ status: 422 });
    expect((await get('shop/chats/120363000000000009@newsletter/messages')).status).toBe(404);
    const create = (name: string, role: 'owner' | 'subscriber') =>
      system.phone.createChannel({ account: ACCOUNT, name, role });
    const followed = await create('Theirs', 'subscriber');
    await expect.poll(async () => (await text(followed.chatId, 'hi')).body.detail).toContain('owner');
    expect(await sent()).toHaveLength(before);
    const own = await create('Ours', 'owner');
    await expect.poll(async () => (await text(own.chatId, 'news')).status).toBe(201);
    expect((await sent(own.chatId)).map(({ body }) => body)).toEqual(['news']);
    expect(await post('sendLocation', { chatId: own.chatId, latitude: 1, longitude: 2 })).toMatchObject({
      status: 422,
    });
  });

  test('(F18) a Status is published, delivered as an event, ignored if that is configured, and never keeps a session awake', async () => {
    const status = 'status@broadcast';
    expect(await text(status, 'open today')).toMatchObject({ status: 201, body: { to: status, ack: 1 } });
    expect((await sent(status)).map(({ body }) => body)).toEqual(['open today']);
    expect(
      await post('sendPoll', { chatId: status, poll: { name: 'q', options: ['a', 'b'] } }),
    ).toMatchObject({
      status: 422,
    });
    expect(await text('4917012345@broadcast', 'list')).toMatchObject({ status: 422 });

    const active = async () => (await system.berth.sessions.get('shop')).timestamps.activity;
    const shown = await receive({ from: ADA, chat: status, text: 'my holiday' });
    expect((await delivered('message', shown.id)).payload).toMatchObject({ from: status });
    const before = await active();
    const webhooks = [{ url: hooks.url, events: ['*' as const] }];
    await system.berth.sessions.update('shop', { config: { webhooks, ignore: { status: true } } });
    const ignored = await receive({ from: ADA, chat: status, text: 'more holiday' });
    const next = await receive({ from: ADA, text: 'a question' });
    await delivered('message', next.id);
    expect(deliveriesOf(ignored.id)).toEqual([]);
    await system.berth.sessions.update('shop', { config: { webhooks } });
    expect(before).not.toBeNull();
  });

  test('(F16) a text that begins like a contact card stays a text', async () => {
    const words = 'BEGIN:VCARD is how a card begins';
    expect(await text(ADA, words)).toMatchObject({ status: 201, body: { type: 'chat', body: words } });
    const whole = 'BEGIN:VCARD\nVERSION:3.0\nFN:Cal\nEND:VCARD';
    expect(await text(ADA, whole)).toMatchObject({ status: 201, body: { type: 'chat' } });
    expect((await sent(ADA)).slice(-2).map(({ type, body }) => [type, body])).toEqual([
      ['chat', words],
      ['chat', whole],
    ]);
  });

  test('(F14) a send does not mark the chat as read', async () => {
    const question = await receive({ from: ADA, text: 'are you there?' });
    await delivered('message', question.id);
    await text(ADA, 'an automatic answer');
    const kept = async () =>
      (await system.phone.inbox({ account: ACCOUNT })).messages.find(({ id }) => id === question.id)?.unread;
    expect(await kept()).toBe(true);
    await post('sendSeen', { chatId: ADA });
    await expect.poll(kept).toBe(false);
  });

  test('(F17) an empty file is refused with the reason', async () => {
    expect(await post('sendImage', { chatId: ADA, file: { data: '', mimetype: 'image/png' } })).toMatchObject(
      {
        status: 400,
        body: { detail: expect.stringContaining('empty') },
      },
    );
  });

  test('a link’s preview is sent if WhatsApp gives one, and delays no message if it does not', async () => {
    for (const linkPreviews of ['given', 'failing', 'silent'] as const) {
      await system.phone.setFaults({ linkPreviews });
      expect(await text(ADA, `see https://example.com/${linkPreviews}`)).toMatchObject({ status: 201 });
      const [last] = (await sent(ADA)).slice(-1);
      expect(last?.body).toBe(`see https://example.com/${linkPreviews}`);
      expect(last?.preview).toBe(linkPreviews === 'given' ? 'Title of https://example.com/given' : undefined);
    }
    await system.phone.setFaults({ linkPreviews: 'none' });
  });

  test('a message typed on the phone is marked as typed there, and a command’s message as sent by the API', async () => {
    const { message } = await system.phone.write({ account: ACCOUNT, chat: ADA, text: 'from my phone' });
    expect((await delivered('message.any', message.id)).payload).toMatchObject({
      fromMe: true,
      source: 'app',
      body: 'from my phone',
    });
    const { body } = await text(ADA, 'from the API');
    expect((await delivered('message.any', String(body.id))).payload).toMatchObject({ source: 'api' });
    expect(deliveriesOf(message.id).map(({ event }) => event)).toEqual(['message.any']);
  });

  test('an edit is delivered, and the message is read with its new text', async () => {
    const first = await receive({ from: ADA, text: 'tea' });
    await delivered('message', first.id);
    await system.phone.edit({ account: ACCOUNT, message: first.id, text: 'coffee' });
    expect((await delivered('message.edited', first.id)).payload).toMatchObject({ body: 'coffee' });
    const { body } = await get(`shop/chats/${ADA}/messages?limit=50`);
    expect(body.find(({ id }) => String(id).includes(first.id))).toMatchObject({ body: 'coffee' });
  });

  test('a message that waits for its content is delivered once, when it has come', async () => {
    const late = await receive({ from: ADA, text: 'worth the wait', waiting: true });
    expect((await delivered('message.waiting', late.id)).payload).toMatchObject({ body: '' });
    expect(deliveriesOf(late.id).map(({ event }) => event)).not.toContain('message');
    await system.phone.resolve({ account: ACCOUNT, message: late.id });
    expect((await delivered('message', late.id)).payload).toMatchObject({
      body: 'worth the wait',
      type: 'chat',
    });
    const next = await receive({ from: ADA, text: 'and then' });
    await delivered('message', next.id);
    const events = deliveriesOf(late.id).map(({ event }) => event);
    expect(events.filter((event) => event === 'message')).toHaveLength(1);
    expect(events).not.toContain('message.edited');
  });

  test('view once is marked, with the reason why its file is not there', async () => {
    const file = { data: Buffer.from('secret').toString('base64'), mimetype: 'image/jpeg' };
    const once = await receive({ from: ADA, text: '', file, viewOnce: true });
    expect((await delivered('message', once.id)).payload).toMatchObject({
      viewOnce: true,
      media: { error: expect.stringContaining('phone') },
    });
  });

  test('(F21) a list that no function can answer with comes with its texts cut and marked', async () => {
    const long = '"'.repeat(65_000);
    const bea = '491714445555@c.us';
    await Promise.all([...Array(40)].map(() => receive({ from: bea, text: long })));
    const list = async () => await get(`shop/chats/${bea}/messages?limit=40`);
    await expect.poll(async () => (await list()).body.length, { timeout: 30_000 }).toBe(40);
    const { status, body } = await list();
    expect(status).toBe(200);
    for (const message of body) expect(message).toMatchObject({ truncated: true });
    const [whole] = (await get(`shop/chats/${bea}/messages?limit=1`)).body;
    expect(whole?.body).toBe(long);
    expect(whole).not.toHaveProperty('truncated');
  });
});

describe.sequential('an account', () => {
  let system: System;
  beforeAll(() => {
    system = open();
  });

  test('with four linked devices takes no fifth: the phone says why, and the session can be linked later', async () => {
    const account = '15550004444';
    await linkSession(system, { name: 'first' }, account);
    await system.phone.setFaults({ deviceLimit: 1 });
    await system.berth.sessions.create({ name: 'second' });
    await system.berth.sessions.waitForStatus('second', 'SCAN_QR_CODE');
    const scan = async () => {
      const code = await system.berth.auth.qr('second', { waitSeconds: 25 });
      return await system.phone.scan({ code, account });
    };
    await expect(scan()).rejects.toMatchObject({ code: 'device_limit' });
    expect((await system.berth.sessions.get('second')).status).toBe('SCAN_QR_CODE');
    await system.phone.logout({ target: account });
    await scan();
    await system.berth.sessions.waitForStatus('second', 'WORKING');
    await system.phone.setFaults({ deviceLimit: 4 });
    await system.berth.sessions.stop('second');
  });

  test('that WhatsApp blocks ends its session for that reason, without a loop, and works once the block is lifted', async () => {
    const account = '15550005555';
    await linkSession(system, { name: 'blocked' }, account);
    await system.phone.ban({ account });
    const ended = await system.berth.sessions.waitForStatus('blocked', ['FAILED', 'STOPPED']);
    expect(ended, String(ended.detail)).toMatchObject({
      status: 'FAILED',
      stopReason: 'banned',
      linked: true,
    });
    expect(ended.detail).toContain('blocked');
    await system.berth.sessions.start('blocked');
    const again = await system.berth.sessions.waitForStatus('blocked', [
      'FAILED',
      'STOPPED',
      'WORKING',
      'SCAN_QR_CODE',
    ]);
    expect(again).toMatchObject({ status: 'FAILED', stopReason: 'banned', linked: true });
    await system.phone.ban({ account, banned: false });
    await system.berth.sessions.start('blocked');
    expect(await system.berth.sessions.waitForStatus('blocked', ['WORKING', 'FAILED'])).toMatchObject({
      status: 'WORKING',
    });
    await system.berth.sessions.stop('blocked');
  });

  test('with 2,000 messages and 1,000 groups is read in pages, each in time, however slow WhatsApp is', async () => {
    const account = '15550006666';
    const chat = ADA;
    // The account exists once a device was linked to it.
    await linkSession(system, { name: 'big' }, account);
    await system.berth.sessions.stop('big');
    await system.berth.sessions.waitForStatus('big', 'STOPPED');
    await system.phone.fill({ account, chat, messages: 2_000, groups: 1_000 });
    await system.phone.setFaults({ groupMetadataMs: 5_000 });
    await system.berth.sessions.start('big');
    await system.berth.sessions.waitForStatus('big', 'WORKING');
    const list = async (path: string) => {
      const answer = await system.call('GET', `/api/big/${path}`);
      const body: unknown = await answer.json();
      expect(answer.status, `${path}: ${JSON.stringify(body).slice(0, 300)}`).toBe(200);
      return body as { id: string; body: string }[];
    };
    expect(await list('chats?limit=500')).toHaveLength(500);
    const groups = [...(await list('groups?limit=500')), ...(await list('groups?limit=500&offset=500'))];
    expect(new Set(groups.map(({ id }) => id)).size).toBe(1_000);
    const bodies: string[] = [];
    for (let offset = 0; offset < 2_000; offset += 500)
      bodies.push(
        ...(await list(`chats/${chat}/messages?limit=500&offset=${offset}`)).map(({ body }) => body),
      );
    expect(bodies).toEqual([...Array(2_000).keys()].map((n) => `message ${2_000 - n}`));
    await system.phone.setFaults({ groupMetadataMs: 0 });
    await system.berth.sessions.stop('big');
  });

  test('(F7, F14, F18) in its own language: sends mark nothing as read, and Status posts do not keep it from being idle', async () => {
    const account = '15550008888';
    const config = { client: { locale: 'pt-BR' }, sendSeen: false, idleTimeoutSeconds: 10 };
    await linkSession(system, { name: 'quiet', config }, account);
    const { accounts } = await system.phone.accounts({});
    const own = accounts.find(({ phoneNumber }) => phoneNumber === account);
    expect(own?.devices.map(({ language }) => language)).toEqual(['pt-BR']);

    const { message } = await system.phone.send({ account, from: ADA, text: 'is it open?' });
    await system.berth.messages.sendText({ session: 'quiet', chatId: ADA, text: 'it is' });
    const { messages } = await system.phone.inbox({ account });
    expect(messages.find(({ id }) => id === message.id)).toMatchObject({ unread: true });

    // Faster than the idle time: were one of them activity, the session would never end.
    await expect
      .poll(
        async () => {
          await system.phone.send({ account, from: ADA, chat: 'status@broadcast', text: 'look' });
          return await system.berth.sessions.get('quiet');
        },
        { timeout: 60_000, interval: 1_000 },
      )
      .toMatchObject({ state: 'STOPPED', stopReason: 'idle', linked: true });
  });

  test('is reached through a proxy with a login, and through no other way', async () => {
    const { server, username, password, connections } = await system.phone.proxy();
    const proxy = { server, username, password };
    const account = '15550007777';
    await linkSession(system, { name: 'behind', config: { proxy, sendSeen: true } }, account);
    expect((await system.phone.proxy()).connections).toBeGreaterThan(connections);
    const { message } = await system.phone.send({ account, from: ADA, text: 'a question' });
    const text = await system.berth.messages.sendText({ session: 'behind', chatId: ADA, text: 'through it' });
    expect(text).toMatchObject({ ack: expect.any(Number) });
    // (F14) If it is configured, a send marks the chat as read.
    const isUnread = async () =>
      (await system.phone.inbox({ account })).messages.find(({ id }) => id === message.id)?.unread;
    await expect.poll(isUnread, { timeout: 30_000 }).toBe(false);
    await system.berth.sessions.stop('behind');
  });
});
