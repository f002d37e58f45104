import { describe, expect, it } from 'vitest';
import { silentLog } from '../../../container/base/log.ts';
import { systemTime } from '../../../container/base/time.ts';
import { cardOf } from '../../../container/commands/send-contacts.ts';
import { createOutbox } from '../../../container/control/outbox.ts';
import { fetchFile } from '../../../container/media/fetch.ts';
import { createIncoming } from '../../../container/media/incoming.ts';
import { messagePayload } from '../../../container/whatsapp/payloads.ts';
import type { WorkerEvent } from '../../../contract/worker/protocol.ts';
import { serve } from '../../helpers/loopback-server.ts';

const LOCAL = { maxBytes: 1000, allowLoopback: true, refusedPorts: [] };
const failing = (code: string, detail?: RegExp) =>
  expect.objectContaining({ code, ...(detail ? { message: expect.stringMatching(detail) } : {}) });

describe('a file by URL', () => {
  it('comes with what its server says of it', async () => {
    const url = await serve((_, response) =>
      response.writeHead(200, { 'content-type': 'image/png' }).end('png'),
    );
    expect(await fetchFile(`${url}/a%20b.png?token=x`, LOCAL, 5_000)).toEqual({
      bytes: Buffer.from('png'),
      mimetype: 'image/png',
      filename: 'a b.png',
    });
  });

  it.each([
    'http://127.0.0.1:1/',
    'http://[::1]:1/',
    'http://[::ffff:127.0.0.1]:1/',
    'http://2130706433:1/',
    'http://localhost:1/',
    'http://10.1.2.3/',
    'http://192.168.0.1/',
    'http://172.16.0.1/',
    'http://169.254.169.254/latest/meta-data/',
    'http://[fd00:ec2::254]/',
    'http://[fe80::1]/',
    'http://100.64.0.1/',
    'http://0.0.0.0/',
    'https://[64:ff9b::a9fe:a9fe]/',
  ])('is not fetched from %s', async (url) => {
    await expect(
      fetchFile(url, { maxBytes: 1000, allowLoopback: false, refusedPorts: [] }, 5_000),
    ).rejects.toEqual(failing('bad_arguments', /may not be called/));
  });

  it('is not fetched from a port of the system itself, directly or through a redirect', async () => {
    let asked = 0;
    const own = await serve((_request, response) => {
      asked += 1;
      response.end('secret');
    });
    const redirecting = await serve((_request, response) => response.writeHead(302, { location: own }).end());
    const rules = { ...LOCAL, refusedPorts: [Number(new URL(own).port)] };
    for (const url of [own, redirecting])
      await expect(fetchFile(url, rules, 5_000)).rejects.toEqual(
        failing('bad_arguments', /may not be called/),
      );
    expect(asked).toBe(0);
  });

  it('is not fetched through a redirect to a forbidden address, nor through one to a file', async () => {
    const url = await serve((request, response) =>
      response
        .writeHead(302, {
          location: request.url === '/in' ? 'http://169.254.169.254/' : 'file:///etc/passwd',
        })
        .end(),
    );
    await expect(fetchFile(`${url}/in`, LOCAL, 5_000)).rejects.toEqual(failing('bad_arguments'));
    await expect(fetchFile(`${url}/file`, LOCAL, 5_000)).rejects.toEqual(
      failing('refused', /no web address/),
    );
  });

  it('is not fetched in circles', async () => {
    const url = await serve((_, response) => response.writeHead(302, { location: '/' }).end());
    await expect(fetchFile(url, LOCAL, 5_000)).rejects.toEqual(failing('refused', /redirects/));
  });

  it('ends at the limit, whether its server sends the size or not', async () => {
    const url = await serve((request, response) => {
      if (request.url === '/with-length') response.writeHead(200, { 'content-length': '1001' });
      response.write('x'.repeat(600));
      // The rest of it is not awaited.
      response.write('x'.repeat(600));
    });
    await expect(fetchFile(`${url}/with-length`, LOCAL, 5_000)).rejects.toEqual(failing('too_large'));
    await expect(fetchFile(`${url}/without-length`, LOCAL, 5_000)).rejects.toEqual(failing('too_large'));
  });

  it('ends at its time', async () => {
    const url = await serve((_, response) => void response.write('x'));
    await expect(fetchFile(url, LOCAL, 50)).rejects.toEqual(failing('refused', /took longer/));
  });
});

describe('a received file', () => {
  const source = (id: string) => ({
    id: { fromMe: false, remote: 'ada@c.us', id, _serialized: `false_ada@c.us_${id}` },
    hasMedia: true,
    body: 'caption',
    _data: { mimetype: 'image/png', size: 3 },
  });
  const setUp = (download: () => Promise<unknown>) => {
    const sent: WorkerEvent[] = [];
    const outbox = createOutbox({
      api: { events: async ({ events }) => void sent.push(...events) },
      time: systemTime,
      now: Date.now,
      log: silentLog,
    });
    const incoming = createIncoming({
      api: { mediaUpload: async () => Promise.reject(new Error('no storage')) },
      time: systemTime,
      log: silentLog,
      maxBytes: 1000,
      download,
    });
    const add = (id: string, event = 'message') => {
      const message = messagePayload(source(id));
      if (message) outbox.addLater(event, incoming.withMedia(source(id), message));
    };
    return { outbox, sent, add };
  };

  it('holds back later events and loses nothing, whether it succeeds or fails', async () => {
    const arrived = Promise.withResolvers<unknown>();
    const { outbox, sent, add } = setUp(() => arrived.promise);
    add('1', 'message.any');
    add('1');
    outbox.add('message', { body: 'the next' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(sent).toEqual([]);
    arrived.reject(new Error('gone'));
    await outbox.flush(5_000);
    expect(sent.map(({ event }) => event)).toEqual(['message.any', 'message', 'message']);
    expect(sent[1]?.payload).toMatchObject({
      body: 'caption',
      media: { mimetype: 'image/png', error: expect.any(String) },
    });
  });

  it('is fetched once for both events that contain it, and again if that failed', async () => {
    let downloads = 0;
    const { outbox, add } = setUp(async () => {
      downloads += 1;
      return undefined;
    });
    add('1', 'message.any');
    add('1');
    await outbox.flush(5_000);
    expect(downloads).toBe(1);
    add('1');
    await outbox.flush(5_000);
    expect(downloads).toBe(2);
  });

  it('is not fetched if it is too large, and the event says so', async () => {
    const { outbox, sent } = setUp(() => Promise.reject(new Error('must not be called')));
    const incoming = createIncoming({
      api: { mediaUpload: () => Promise.reject(new Error('must not be called')) },
      time: systemTime,
      log: silentLog,
      maxBytes: 2,
      download: () => Promise.reject(new Error('must not be called')),
    });
    const message = messagePayload(source('1'));
    if (message) outbox.addLater('message', incoming.withMedia(source('1'), message));
    await outbox.flush(5_000);
    expect(sent[0]?.payload).toMatchObject({ media: { size: 3, error: 'larger than 2 bytes' } });
  });
});

describe('a described contact', () => {
  it('becomes a card whose separators are its own', () => {
    const contact = {
      fullName: 'Doe; Ann, Dr.',
      organization: 'A;B',
      phoneNumber: '+1 555',
      whatsappId: '1555',
    };
    expect(cardOf(contact)).toBe(
      'BEGIN:VCARD\nVERSION:3.0\nFN:Doe\\; Ann\\, Dr.\nORG:A\\;B;\nTEL;type=CELL;type=VOICE;waid=1555:+1 555\nEND:VCARD',
    );
  });
});
