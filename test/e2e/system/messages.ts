/**
 * Every kind of message, both ways, through HTTP, with the real library in a real browser, over the build of WhatsApp
 * Web that the system shows. The effect is checked on the phone.
 */
import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PhoneInput, PhoneMessage } from '../../../contract/phone/api.ts';
import type { System } from '../../helpers/system.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../../helpers/webhook-receiver.ts';

const ADA = '491712223333@c.us';
const BEA = '491714445555@c.us';
const UNREGISTERED = '491799000000@c.us';
const to = { session: 'shop', chatId: ADA } as const;

/** The smallest PNG. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const bytesOf = (text: string) => Buffer.from(text.repeat(200));
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/**
 * @param open the running system
 * @param ACCOUNT that of its one session, `shop`, which works and has no contacts yet
 */
export const messages = (open: () => System, ACCOUNT: string): void => {
  const ME = `${ACCOUNT}@c.us`;
  /** How the build names a person in chats, ids and events: by number, or by hidden id with the number beside it. */
  const address = new Map<string, string>();
  const at = (id: string): string => address.get(id) ?? id;
  const named = <N extends string>(name: N, id: string): object =>
    at(id) === id ? { [name]: id } : { [name]: at(id), [`${name}Pn`]: id };
  let system: System;
  let hooks: WebhookReceiver;
  let files: Server;
  let filesUrl: string;

  beforeAll(async () => {
    system = open();
    if ((await system.phone.build()).build !== '2026-04')
      for (const id of [ADA, BEA, ME]) address.set(id, (await system.phone.identity({ id })).lid);
    hooks = await startWebhookReceiver();
    files = createServer((request, response) => {
      if (request.url === '/moved') response.writeHead(302, { location: '/pixel.png' }).end();
      else if (request.url === '/inward')
        response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' }).end();
      else if (request.url === '/pixel.png')
        response.writeHead(200, { 'content-type': 'image/png' }).end(PNG);
      else if (request.url === '/huge')
        response
          .writeHead(200, { 'content-type': 'image/png', 'content-length': String(10 ** 9) })
          .write(PNG);
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => files.listen(0, '127.0.0.1', resolve));
    filesUrl = `http://127.0.0.1:${(files.address() as AddressInfo).port}`;
    await system.berth.sessions.update('shop', { config: { webhooks: [{ url: hooks.url, events: ['*'] }] } });
  });
  afterAll(async () => {
    await system.berth.sessions.update('shop', { config: { webhooks: [] } });
    await hooks?.close();
    files?.closeAllConnections();
    files?.close();
  });

  /** The last message of the session that the phone shows. */
  const lastSent = async (): Promise<PhoneMessage | undefined> =>
    (await system.phone.inbox({ account: ACCOUNT, sent: true })).messages.at(-1);
  const receive = async (message: Omit<PhoneInput<'send'>, 'account'>): Promise<PhoneMessage> =>
    (await system.phone.send({ account: ACCOUNT, ...message })).message;
  const refusal = async (answer: Response) => {
    const problem: unknown = await answer.json();
    return { status: answer.status, problem };
  };

  describe('sent', () => {
    test('a picture by URL, with a caption and mentions, and by a redirect', async () => {
      const sent = await system.berth.messages.sendImage({
        ...to,
        file: { url: `${filesUrl}/pixel.png` },
        caption: 'look, @491714445555',
        mentions: [BEA],
      });
      expect(sent).toMatchObject({
        ...named('to', ADA),
        fromMe: true,
        body: 'look, @491714445555',
        hasMedia: true,
        type: 'image',
      });
      expect(await lastSent()).toMatchObject({
        type: 'image',
        body: 'look, @491714445555',
        mentions: [BEA],
        file: { mimetype: 'image/png', size: PNG.length, sha256: sha256(PNG) },
      });
      await system.berth.messages.sendImage({ ...to, file: { url: `${filesUrl}/moved` } });
      expect(await lastSent()).toMatchObject({ type: 'image', body: '', file: { sha256: sha256(PNG) } });
    });

    test('a document, a video and a voice message as base64', async () => {
      const pdf = bytesOf('%PDF');
      await system.berth.messages.sendFile({
        ...to,
        file: { data: pdf.toString('base64'), mimetype: 'application/pdf', filename: 'Rechnung März.pdf' },
        caption: 'your bill',
      });
      expect(await lastSent()).toMatchObject({
        type: 'document',
        body: 'your bill',
        file: { mimetype: 'application/pdf', filename: 'Rechnung März.pdf', sha256: sha256(pdf) },
      });

      const video = bytesOf('mp4');
      await system.berth.messages.sendVideo({
        ...to,
        file: { data: video.toString('base64'), mimetype: 'video/mp4' },
      });
      expect(await lastSent()).toMatchObject({ type: 'video', file: { sha256: sha256(video) } });

      const voice = bytesOf('OggS');
      const mimetype = 'audio/ogg; codecs=opus';
      await system.berth.messages.sendVoice({ ...to, file: { data: voice.toString('base64'), mimetype } });
      expect(await lastSent()).toMatchObject({ type: 'ptt', file: { mimetype, sha256: sha256(voice) } });
    });

    test('a place, cards and a poll, whose votes come as events', async () => {
      const place = await system.berth.messages.sendLocation({
        ...to,
        latitude: 52.52,
        longitude: 13.405,
        title: 'Berlin',
      });
      expect(place.location).toMatchObject({ latitude: 52.52, longitude: 13.405, description: 'Berlin' });
      expect(await lastSent()).toMatchObject({
        type: 'location',
        body: 'Berlin',
        location: { lat: 52.52, lng: 13.405 },
      });

      const bea = { fullName: 'Bea', phoneNumber: '+49 171 4445555', whatsappId: '491714445555' };
      const card = await system.berth.messages.sendContactVcard({ ...to, contacts: [bea] });
      expect(card.vCards?.[0]).toContain('waid=491714445555');
      expect(await lastSent()).toMatchObject({ type: 'vcard', cards: [{ name: 'Bea' }] });
      const cal = { vcard: 'BEGIN:VCARD\nVERSION:3.0\nFN:Cal\nEND:VCARD' };
      await system.berth.messages.sendContactVcard({ ...to, contacts: [bea, cal] });
      expect(await lastSent()).toMatchObject({
        type: 'multi_vcard',
        cards: [{ name: 'Bea' }, { name: 'Cal' }],
      });

      const poll = await system.berth.messages.sendPoll({
        ...to,
        poll: { name: 'When?', options: ['Monday', 'Tuesday'], multipleAnswers: false },
      });
      expect(poll).toMatchObject({
        body: 'When?',
        poll: { options: ['Monday', 'Tuesday'], multipleAnswers: false },
      });
      const seen = await lastSent();
      expect(seen).toMatchObject({ type: 'poll_creation', poll: { options: ['Monday', 'Tuesday'] } });
      await system.phone.vote({ account: ACCOUNT, from: ADA, message: seen?.id ?? '', options: ['Tuesday'] });
      const vote = await hooks.event((e) => e.event === 'poll.vote');
      expect(vote.payload).toMatchObject({
        vote: { ...named('from', ADA), selectedOptions: ['Tuesday'], fromMe: false },
        poll: { id: poll.id, fromMe: true, from: expect.any(String) },
      });
    });

    test('what can not be sent is refused with the reason, and nothing is sent', async () => {
      const before = (await system.phone.inbox({ account: ACCOUNT, sent: true })).messages.length;
      const post = async (path: string, file: object, query = '') =>
        await refusal(await system.call('POST', `/api/${path}${query}`, { body: { ...to, file } }));

      expect(await post('sendImage', { url: 'http://169.254.169.254/latest/meta-data/' })).toMatchObject({
        status: 400,
      });
      expect(await post('sendImage', { url: 'http://10.0.0.1/a.png' })).toMatchObject({ status: 400 });
      expect(await post('sendImage', { url: `${filesUrl}/inward` })).toMatchObject({ status: 400 });
      expect(await post('sendImage', { url: `${filesUrl}/absent` })).toMatchObject({
        status: 422,
        problem: { detail: expect.stringContaining('404') },
      });
      expect(await post('sendImage', { url: `${filesUrl}/huge` })).toMatchObject({
        status: 413,
        problem: { detail: expect.stringContaining('32 MiB') },
      });
      expect(await post('sendVideo', { url: `${filesUrl}/pixel.png` })).toMatchObject({ status: 415 });
      const data = Buffer.alloc(4.2 * 1024 * 1024).toString('base64');
      expect(await post('sendFile', { data, mimetype: 'application/zip' })).toMatchObject({
        status: 413,
        problem: { detail: expect.stringContaining('4 MiB') },
      });
      const small = { data: Buffer.alloc(400_000).toString('base64'), mimetype: 'application/zip' };
      expect(await post('sendFile', small, '?wake=true')).toMatchObject({
        status: 413,
        problem: { detail: expect.stringContaining('wake') },
      });
      expect((await system.phone.inbox({ account: ACCOUNT, sent: true })).messages).toHaveLength(before);
    });

    test('a reaction, taken back again; typing, and no more', async () => {
      const message = await receive({ from: ADA, text: 'thanks!' });
      const messageId = `false_${at(ADA)}_${message.id}`;
      await hooks.event((e) => e.event === 'message' && e.payload.id === messageId);
      const reactions = async () =>
        (await system.phone.inbox({ account: ACCOUNT })).messages.find(({ id }) => id === message.id)
          ?.reactions;

      await system.berth.messages.setReaction({ session: 'shop', messageId, reaction: '👍' });
      expect(await reactions()).toEqual([{ author: ME, text: '👍' }]);
      await system.berth.messages.setReaction({ session: 'shop', messageId, reaction: '' });
      expect(await reactions()).toEqual([]);
      const absent = { session: 'shop', messageId: `false_${at(ADA)}_3EB0ABSENT`, reaction: '👍' };
      expect((await system.call('PUT', '/api/reaction', { body: absent })).status).toBe(404);

      const states = async () => (await system.phone.chatStates({ account: ACCOUNT })).chats;
      await system.berth.messages.startTyping(to);
      await expect.poll(states).toEqual([{ chatId: ADA, state: 'composing' }]);
      await system.berth.messages.stopTyping(to);
      await expect.poll(states).toEqual([{ chatId: ADA, state: 'paused' }]);
    });
  });

  describe('edited and deleted', () => {
    const edit = (id: string, text: string) => system.berth.messages.edit('shop', ADA, id, { text });
    const remove = (id: string, options: { for?: 'everyone' | 'me' } = {}) =>
      system.berth.messages.delete('shop', ADA, id, options);
    const keyOf = (id: string) => id.split('_')[2] ?? '';
    const onPhone = async (id: string): Promise<PhoneMessage | undefined> =>
      (await system.phone.inbox({ account: ACCOUNT })).messages.find((message) => message.id === keyOf(id));
    const ask = async (method: 'PUT' | 'DELETE', id: string, { query = '', chat = ADA } = {}) => {
      const path = `/api/shop/chats/${chat}/messages/${encodeURIComponent(id)}${query}`;
      return refusal(await system.call(method, path, method === 'PUT' ? { body: { text: 'changed' } } : {}));
    };

    test('a text and a caption get their new text, at the phone and in an event; a repeat changes nothing', async () => {
      const { messages } = system.berth;
      const text = await messages.sendText({ ...to, text: 'at seven' });
      const edited = await edit(text.id, 'at eight: https://example.org');
      expect(edited).toMatchObject({ id: text.id, body: 'at eight: https://example.org' });
      expect(await onPhone(text.id)).toMatchObject({ body: 'at eight: https://example.org', edited: true });
      const editOf = (id: string) =>
        hooks.event((e) => e.event === 'message.edited' && e.payload.editedMessageId === keyOf(id));
      expect((await editOf(text.id)).payload).toMatchObject({ body: 'at eight: https://example.org' });
      expect(await edit(text.id, 'at eight: https://example.org')).toEqual(edited);

      const data = PNG.toString('base64');
      const file = { data, mimetype: 'image/png' };
      const picture = await messages.sendImage({ ...to, file, caption: 'a dot' });
      await edit(picture.id, 'a pixel');
      expect(await onPhone(picture.id)).toMatchObject({ type: 'image', body: 'a pixel', edited: true });
      expect((await editOf(picture.id)).payload).toMatchObject({ body: 'a pixel', type: 'image' });
    });

    test('what WhatsApp does not let be edited or deleted is refused with the reason, and stays as it is', async () => {
      const place = await system.berth.messages.sendLocation({ ...to, latitude: 1, longitude: 2 });
      expect(await ask('PUT', place.id)).toMatchObject({
        status: 422,
        problem: { detail: expect.stringContaining('type is location') },
      });
      const theirs = await receive({ from: ADA, text: 'mine' });
      await hooks.event((e) => e.event === 'message' && e.payload.body === 'mine');
      const theirId = `false_${at(ADA)}_${theirs.id}`;
      expect(await ask('PUT', theirId)).toMatchObject({
        status: 422,
        problem: { detail: expect.stringContaining('Only messages of this account') },
      });
      expect(await ask('DELETE', theirId, { query: '?for=everyone' })).toMatchObject({ status: 422 });

      const write = async (text: string, secondsAgo: number) => {
        const { message } = await system.phone.write({ account: ACCOUNT, chat: ADA, text, secondsAgo });
        await hooks.event((e) => e.event === 'message.any' && e.payload.body === text);
        return `true_${at(ADA)}_${message.id}`;
      };
      const older = await write('an hour old', 3600);
      expect(await ask('PUT', older)).toMatchObject({
        status: 422,
        problem: { detail: expect.stringContaining('15 minutes') },
      });
      const oldest = await write('three days old', 3 * 86_400);
      expect(await ask('DELETE', oldest, { query: '?for=everyone' })).toMatchObject({
        status: 422,
        problem: { detail: expect.stringContaining('two days') },
      });
      for (const [id, body] of [
        [theirId, 'mine'],
        [older, 'an hour old'],
        [oldest, 'three days old'],
      ] as const) {
        const found = await onPhone(id);
        expect([found?.body, found?.edited, found?.deleted]).toEqual([body, undefined, undefined]);
      }
      for (const method of ['PUT', 'DELETE'] as const) {
        expect((await ask(method, `true_${at(ADA)}_3EB0ABSENT`)).status).toBe(404);
        expect((await ask(method, place.id, { chat: BEA })).status).toBe(404);
        expect((await ask(method, 'none')).status).toBe(404);
      }
      await system.phone.setFaults({ refuseSend: true });
      try {
        const kept = await write('kept', 60);
        expect((await ask('PUT', kept)).status).toBe(422);
        expect((await ask('DELETE', kept)).status).toBe(422);
        expect(await onPhone(kept)).toMatchObject({ body: 'kept', type: 'chat' });
      } finally {
        await system.phone.setFaults({ refuseSend: false });
      }
    });

    test('for everyone, and again; for this account only, if requested, and if WhatsApp allows no more', async () => {
      const { messages } = system.berth;
      const sent = await messages.sendText({ ...to, text: 'a slip' });
      expect(await remove(sent.id)).toEqual({ deletedFor: 'everyone' });
      expect(await onPhone(sent.id)).toMatchObject({ type: 'revoked', body: '' });
      await hooks.event(
        (e) => e.event === 'message.revoked' && e.payload.revokedMessageId === keyOf(sent.id),
      );
      expect(await remove(sent.id)).toEqual({ deletedFor: 'everyone' });
      expect(await ask('PUT', sent.id)).toMatchObject({
        status: 422,
        problem: { detail: expect.stringContaining('deleted for everyone') },
      });

      const note = await messages.sendText({ ...to, text: 'a note' });
      expect(await remove(note.id, { for: 'me' })).toEqual({ deletedFor: 'me' });
      expect(await onPhone(note.id)).toMatchObject({ body: 'a note', deleted: true });
      expect((await ask('DELETE', note.id)).status).toBe(404);

      const theirs = await receive({ from: ADA, text: 'go away' });
      await hooks.event((e) => e.event === 'message' && e.payload.body === 'go away');
      expect(await remove(`false_${ADA}_${theirs.id}`)).toEqual({ deletedFor: 'me' });
      expect(await onPhone(`false_x_${theirs.id}`)).toMatchObject({ body: 'go away', deleted: true });
      const left = await system.berth.chats.messages('shop', ADA, { limit: 500 });
      expect(left.map(({ body }) => body)).not.toContain('a note');
      expect(left.map(({ body }) => body)).not.toContain('go away');
    });
  });

  describe('received', () => {
    test('a file comes with a link that gives its bytes without a key, in both events', async () => {
      const bytes = bytesOf('JFIF');
      const file = { data: bytes.toString('base64'), mimetype: 'image/jpeg' };
      const sent = await receive({ from: ADA, name: 'Ada', text: 'my receipt', file });
      const isIt = (event: string) => (e: { event: string; payload: Record<string, unknown> }) =>
        e.event === event && e.payload.id === `false_${at(ADA)}_${sent.id}`;
      const { payload } = await hooks.event(isIt('message'));
      expect(payload).toMatchObject({
        ...named('from', ADA),
        ...named('to', ME),
        body: 'my receipt',
        hasMedia: true,
        media: { mimetype: 'image/jpeg', size: bytes.length, filename: null, url: expect.any(String) },
      });
      const { url } = payload.media as { url: string };
      const fetched = await fetch(url);
      expect(fetched.headers.get('content-type')).toBe('image/jpeg');
      expect(fetched.headers.get('content-disposition')).toMatch(/^attachment/);
      expect(sha256(new Uint8Array(await fetched.arrayBuffer()))).toBe(sha256(bytes));
      expect((await hooks.event(isIt('message.any'))).payload).toMatchObject({ media: { url } });
      const { headers } = await fetch(url, { redirect: 'manual' });
      const signed = headers.get('location') ?? '';
      expect((await fetch(signed.replace(/X-Amz-Signature=./, 'X-Amz-Signature=x'))).status).toBe(403);
    });

    test('a document keeps its name; what browsers could run is served as mere bytes', async () => {
      const file = {
        data: Buffer.from('<script>alert(1)</script>').toString('base64'),
        mimetype: 'text/html',
        filename: 'a "page".html',
        as: 'document' as const,
      };
      const sent = await receive({ from: ADA, file });
      const { payload } = await hooks.event(
        (e) => e.event === 'message' && e.payload.id === `false_${at(ADA)}_${sent.id}`,
      );
      expect(payload.media).toMatchObject({ mimetype: 'text/html', filename: 'a "page".html' });
      const fetched = await fetch((payload.media as { url: string }).url);
      expect(fetched.headers.get('content-type')).toBe('application/octet-stream');
      expect(fetched.headers.get('content-disposition')).toBe(
        "attachment; filename*=UTF-8''a%20%22page%22.html",
      );
    });

    test('a message whose file is gone is delivered all the same, in its order', async () => {
      await system.phone.setFaults({ filesGone: true });
      const file = { data: PNG.toString('base64'), mimetype: 'image/png' };
      const lost = await receive({ from: BEA, text: 'no file', file });
      const next = await receive({ from: BEA, text: 'and then' });
      const later = await hooks
        .event((e) => e.event === 'message' && e.payload.id === `false_${at(BEA)}_${next.id}`)
        .finally(() => system.phone.setFaults({ filesGone: false }));
      const messages = hooks.received.filter((e) => e.event === 'message');
      const earlier = messages.find((e) => e.payload.id === `false_${at(BEA)}_${lost.id}`);
      expect(earlier?.payload).toMatchObject({
        body: 'no file',
        media: { mimetype: 'image/png', error: expect.any(String) },
      });
      expect(messages.findIndex((e) => e.id === earlier?.id)).toBeLessThan(
        messages.findIndex((e) => e.id === later.id),
      );
    });

    test('a place, a card and a poll; a reaction, a revocation, a call', async () => {
      const seen = async (message: Omit<PhoneInput<'send'>, 'account'>) => {
        const { id } = await receive(message);
        return (await hooks.event((e) => e.event === 'message' && e.payload.id === `false_${at(ADA)}_${id}`))
          .payload;
      };
      expect(await seen({ from: ADA, text: 'here', location: { lat: 1.5, lng: 2.5 } })).toMatchObject({
        type: 'location',
        location: { latitude: 1.5, longitude: 2.5, description: 'here' },
      });
      const vcard = 'BEGIN:VCARD\nVERSION:3.0\nFN:Cal\nEND:VCARD';
      expect(await seen({ from: ADA, vcard })).toMatchObject({ type: 'vcard', vCards: [vcard] });
      expect(
        await seen({ from: ADA, text: 'Which?', poll: { options: ['a', 'b'], multiple: true } }),
      ).toMatchObject({
        body: 'Which?',
        poll: { options: ['a', 'b'], multipleAnswers: true },
      });

      const ours = await system.berth.messages.sendText({ ...to, text: 'react to this' });
      const id = ours.id.split('_').at(-1) ?? '';
      await system.phone.react({ account: ACCOUNT, from: ADA, message: id, text: '❤️' });
      const reaction = await hooks.event((e) => e.event === 'message.reaction' && e.payload.from === at(ADA));
      expect(reaction.payload).toMatchObject({
        ...named('from', ADA),
        ...named('participant', ADA),
        fromMe: false,
        reaction: { text: '❤️', messageId: ours.id },
      });

      const regretted = await receive({ from: ADA, text: 'oops' });
      await hooks.event((e) => e.event === 'message' && e.payload.body === 'oops');
      await system.phone.revoke({ account: ACCOUNT, message: regretted.id });
      const revoked = await hooks.event(
        (e) => e.event === 'message.revoked' && e.payload.revokedMessageId === regretted.id,
      );
      expect(revoked.payload).toMatchObject({ after: { type: 'revoked' } });

      await system.phone.call({ account: ACCOUNT, from: BEA, video: true });
      expect((await hooks.event((e) => e.event === 'call.received')).payload).toMatchObject({
        ...named('from', BEA),
        isVideo: true,
      });
    });
  });

  describe('looked at', () => {
    test('chats and messages, in pages, newest first; seen once they are marked so', async () => {
      const { chats } = system.berth;
      const [first, second] = await chats.list('shop', { limit: 2 });
      expect([first?.id, second?.id].sort()).toEqual([at(ADA), at(BEA)].sort());
      if (at(ADA) !== ADA) expect([first?.pn, second?.pn].sort()).toEqual([ADA, BEA].sort());
      expect(await chats.list('shop', { limit: 1, offset: 1 })).toEqual([second]);

      const unread = async () =>
        (await system.phone.inbox({ account: ACCOUNT, chat: BEA })).messages.filter((m) => m.unread);
      expect(await unread()).toHaveLength(2);
      await system.berth.messages.sendSeen({ session: 'shop', chatId: BEA });
      await expect.poll(unread).toEqual([]);

      const all = await chats.messages('shop', ADA, { limit: 500 });
      expect(all[0]?.timestamp).toBeGreaterThanOrEqual(all.at(-1)?.timestamp ?? 0);
      expect(await chats.messages('shop', ADA, { limit: 2, offset: 1 })).toEqual(all.slice(1, 3));
      const [withFile] = (await chats.messages('shop', BEA, { downloadMedia: true })).filter(
        (m) => m.hasMedia,
      );
      const { url = '' } = withFile?.media ?? {};
      expect(sha256(new Uint8Array(await (await fetch(url)).arrayBuffer()))).toBe(sha256(PNG));
    });

    test('contacts, and which numbers are on WhatsApp', async () => {
      const { contacts } = system.berth;
      expect((await contacts.list('shop')).find(({ id }) => id === ADA)).toMatchObject({
        name: 'Ada',
        isUser: true,
      });
      expect(await contacts.get('shop', ADA)).toMatchObject({ id: ADA, name: 'Ada' });
      expect(await contacts.checkExists('shop', '+49 171 222 3333')).toEqual({
        numberExists: true,
        chatId: ADA,
      });
      expect(await contacts.checkExists('shop', UNREGISTERED)).toEqual({ numberExists: false });
    });

    test('hidden ids and phone numbers, and who has no number', async () => {
      const { lids } = system.berth;
      const { lid } = await system.phone.identity({ id: ADA });
      expect(await lids.lid('shop', '+49 171 222 3333')).toEqual({ lid, pn: ADA });
      expect(await lids.number('shop', lid)).toEqual({ lid, pn: ADA });
      expect(await lids.lid('shop', UNREGISTERED)).toEqual({ lid: null, pn: UNREGISTERED });
      expect(await lids.number('shop', '99999999999999@lid')).toEqual({
        lid: '99999999999999@lid',
        pn: null,
      });
      for (const path of ['lids/nobody@lid', 'lids/pn/nobody', 'lids/12@c.us'])
        expect((await system.call('GET', `/api/shop/${path}`)).status).toBe(404);

      const hidden = '88877766655544@lid';
      const { id } = await receive({ from: hidden, text: 'no number' });
      const { payload } = await hooks.event((e) => e.event === 'message' && e.payload.body === 'no number');
      expect(payload).toMatchObject({ id: `false_${hidden}_${id}`, from: hidden });
      expect(payload).not.toHaveProperty('fromPn');
      await system.berth.messages.sendText({ session: 'shop', chatId: hidden, text: 'hello, you' });
      expect(await lastSent()).toMatchObject({ chatId: hidden, body: 'hello, you' });

      const known = await lids.list('shop', { limit: 500 });
      expect(known).toEqual(
        expect.arrayContaining([
          { lid, pn: ADA },
          { lid: hidden, pn: null },
        ]),
      );
      expect(await lids.count('shop')).toBe(known.length);
      expect(await lids.list('shop', { limit: 1, offset: 1 })).toEqual([known[1]]);
    });

    test('a chat that has moved to a hidden id is found by the number, and its messages by their old ids', async () => {
      const message = await receive({ from: ADA, text: 'where am I?' });
      await hooks.event((e) => e.event === 'message' && e.payload.body === 'where am I?');
      const messageId = `false_${ADA}_${message.id}`;
      await system.berth.messages.setReaction({ session: 'shop', messageId, reaction: '📍' });
      const { messages: all } = await system.phone.inbox({ account: ACCOUNT });
      expect(all.find(({ id }) => id === message.id)?.reactions).toEqual([{ author: ME, text: '📍' }]);
      await system.berth.messages.sendText({ ...to, text: 'here', reply_to: messageId });
      expect(await lastSent()).toMatchObject({ chatId: ADA, quotedId: message.id });
      const { lid } = await system.phone.identity({ id: ADA });
      await system.berth.messages.sendText({ session: 'shop', chatId: lid, text: 'by hidden id' });
      expect(await lastSent()).toMatchObject({ chatId: ADA, body: 'by hidden id' });
    });

    test('groups: made, filled, emptied, and reported', async () => {
      const { groups } = system.berth;
      const made = await groups.create('shop', {
        name: 'Team',
        participants: [{ id: ADA }, { id: UNREGISTERED }],
      });
      expect(made.subject).toBe('Team');
      expect(made.participants.find(({ id }) => id === UNREGISTERED)).toMatchObject({ code: 404 });
      expect(await groups.add('shop', made.id, [BEA])).toEqual({
        participants: [expect.objectContaining({ id: BEA, code: 200 })],
      });
      const joined = await hooks.event(
        (e) => e.event === 'group.v2.participants' && e.payload.type === 'join',
      );
      expect(joined.payload).toMatchObject({
        group: { id: made.id },
        ...named('author', ME),
        participants: [
          { role: 'participant', ...(at(BEA) === BEA ? { id: BEA } : { id: at(BEA), pn: BEA }) },
        ],
      });
      expect(await groups.participants('shop', made.id)).toEqual([
        { id: ME, role: 'superadmin' },
        { id: ADA, role: 'participant' },
        { id: BEA, role: 'participant' },
      ]);
      await groups.remove('shop', made.id, [ADA]);
      await hooks.event((e) => e.event === 'group.v2.participants' && e.payload.type === 'leave');
      expect((await groups.get('shop', made.id)).participants.map(({ id }) => id)).toEqual([ME, BEA]);
      expect((await groups.list('shop')).map(({ id }) => id)).toEqual([made.id]);

      await system.phone.changeGroup({
        account: ACCOUNT,
        chat: made.id,
        subject: 'The team',
        promote: [BEA],
      });
      await hooks.event((e) => e.event === 'group.v2.participants' && e.payload.type === 'promote');
      const renamed = await hooks.event((e) => e.event === 'group.v2.update' && e.payload.type === 'subject');
      expect(renamed.payload).toMatchObject({ group: { id: made.id, subject: 'The team' } });

      const sent = await system.berth.messages.sendText({
        session: 'shop',
        chatId: made.id,
        text: 'hello all',
      });
      expect(sent).toMatchObject({ to: made.id, body: 'hello all' });
      await system.phone.ack({ account: ACCOUNT, message: sent.id.split('_')[2] ?? '', ack: 'read' });
      await hooks.event((e) => e.event === 'message.ack.group' && e.payload.id === sent.id);

      await system.berth.messages.sendText({
        session: 'shop',
        chatId: made.id,
        text: 'everybody',
        mentions: ['all'],
      });
      const { messages: inGroup } = await system.phone.inbox({ account: ACCOUNT, chat: made.id });
      expect(inGroup.find(({ body }) => body === 'everybody')?.mentions.toSorted()).toEqual(
        [`${ACCOUNT}@c.us`, BEA].toSorted(),
      );

      const code = await groups.inviteCode('shop', made.id);
      await groups.leave('shop', made.id);
      await hooks.event((e) => e.event === 'group.v2.leave' && Object(e.payload.group).id === made.id);
      await groups.join('shop', { code });
      const back = await hooks.event((e) => e.event === 'group.v2.join');
      expect(back.payload).toMatchObject({ group: { id: made.id, subject: 'The team' } });
      expect((await system.call('GET', '/api/shop/groups/12345@g.us')).status).toBe(404);
    });

    test('after a restart: history beyond what is in memory, and dialogs closed or counted', async () => {
      const texts = Array.from({ length: 60 }, (_, n) => `number ${n}`);
      for (const text of texts) await receive({ from: BEA, text });
      await hooks.event((e) => e.event === 'message' && e.payload.body === texts.at(-1));
      await system.phone.setFaults({ unknownDialog: true });
      await system.berth.sessions.restart('shop');
      await system.berth.sessions.waitForStatus('shop', 'WORKING');
      const written = async () =>
        (await system.berth.chats.messages('shop', BEA, { limit: 500 }))
          .filter(({ body }) => body.startsWith('number '))
          .map(({ body }) => body)
          .sort();
      expect(await written()).toEqual([...texts].sort());

      const dialogs = async () => (await system.berth.sessions.get('shop')).dialogs?.unknown;
      await expect.poll(dialogs, { timeout: 30_000 }).toBe(1);
      const { opened, open: left } = await system.phone.dialogs({ account: ACCOUNT });
      // The announcement of newer builds came with the link, and was closed; the unknown one is left.
      expect({ opened, left }).toEqual({ opened: at(ADA) === ADA ? 1 : 2, left: 1 });
      await system.phone.setFaults({ unknownDialog: false });
    });
  });
};
