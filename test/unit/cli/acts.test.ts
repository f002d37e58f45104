/** Commands that are made from the table: which request each becomes. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { runHere } from './run-cli.ts';

let server: Server;
let asked: { route: string; body: unknown }[] = [];
let answer: unknown;

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      asked.push({
        route: `${request.method} ${request.url}`,
        body: text === '' ? undefined : JSON.parse(text),
      });
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  asked = [];
  answer = {};
});

const berth = (...args: string[]) =>
  runHere(args, {
    BERTH_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    BERTH_API_KEY: 'a-key',
  });

const ADA = '491712223333@c.us';
const AT = encodeURIComponent(ADA);

test.each<[string[], string, unknown]>([
  [['contacts', 'about', 'shop', ADA], `GET /api/contacts/about?session=shop&contactId=${AT}`, undefined],
  [['contacts', 'block', 'shop', ADA], 'POST /api/contacts/block', { session: 'shop', contactId: ADA }],
  [
    ['contacts', 'save', 'shop', ADA, 'Ada', '--last-name', 'L'],
    `PUT /api/shop/contacts/${AT}`,
    { firstName: 'Ada', lastName: 'L' },
  ],
  [
    ['groups', 'create', 'shop', 'Crew', ADA, '491714445555@c.us'],
    'POST /api/shop/groups',
    { name: 'Crew', participants: [{ id: ADA }, { id: '491714445555@c.us' }] },
  ],
  [
    ['groups', 'leave', 'shop', '1@g.us'],
    `POST /api/shop/groups/${encodeURIComponent('1@g.us')}/leave`,
    undefined,
  ],
  [
    ['groups', 'set-info-admins-only', 'shop', '1@g.us', 'false'],
    `PUT /api/shop/groups/${encodeURIComponent('1@g.us')}/settings/security/info-admin-only`,
    { adminsOnly: false },
  ],
  [
    ['messages', 'forward', 'shop', ADA, 'true_1'],
    'POST /api/forwardMessage',
    { session: 'shop', chatId: ADA, messageId: 'true_1' },
  ],
  [
    ['messages', 'pin', 'shop', ADA, 'true_1', '86400'],
    `POST /api/shop/chats/${AT}/messages/true_1/pin`,
    { duration: 86_400 },
  ],
  [
    ['messages', 'star', 'shop', ADA, 'true_1', 'true'],
    'PUT /api/star',
    { session: 'shop', chatId: ADA, messageId: 'true_1', star: true },
  ],
  [['presence', 'set', 'shop', 'online'], 'POST /api/shop/presence', { presence: 'online' }],
  [
    ['labels', 'set-of-chat', 'shop', ADA, '1', '2'],
    `PUT /api/shop/labels/chats/${AT}/`,
    { labels: [{ id: '1' }, { id: '2' }] },
  ],
  [
    ['status', 'text', 'shop', 'open', '--font', '2'],
    'POST /api/shop/status/text',
    { text: 'open', font: 2 },
  ],
  [
    ['channels', 'mute', 'shop', '1@newsletter'],
    `POST /api/shop/channels/${encodeURIComponent('1@newsletter')}/mute`,
    undefined,
  ],
  [['calls', 'reject', 'shop', ADA, 'CALL'], 'POST /api/shop/calls/reject', { from: ADA, id: 'CALL' }],
])('%j', async (args, route, body) => {
  await berth(...args);
  expect(asked).toEqual([{ route: route.replace(/\/$/, ''), body }]);
});

test('a picture is read from the machine, its type by its name', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'berth-acts-'));
  const path = join(folder, 'me.png');
  await writeFile(path, 'pixels');
  await berth('profile', 'set-picture', 'shop', '--file', path);
  expect(asked[0]?.body).toEqual({
    file: { data: Buffer.from('pixels').toString('base64'), mimetype: 'image/png', filename: 'me.png' },
  });
  await rm(folder, { recursive: true });
});

test.each([
  ['me.JPG', 'image/jpeg'],
  ['a.webp', 'image/webp'],
  ['a.gif', 'image/gif'],
  ['a.mp4', 'video/mp4'],
  ['a.ogg', 'audio/ogg; codecs=opus'],
  ['a.mp3', 'audio/mpeg'],
  ['a.pdf', 'application/pdf'],
  ['a.docx', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
])('%s is sent as %s', async (name, mimetype) => {
  const folder = await mkdtemp(join(tmpdir(), 'berth-acts-'));
  await writeFile(join(folder, name), 'bytes');
  await berth('profile', 'set-picture', 'shop', '--file', join(folder, name));
  expect(asked[0]?.body).toMatchObject({ file: { mimetype, filename: name } });
  await rm(folder, { recursive: true });
});

test('what is missing or no number is wrong usage, and no request is sent', async () => {
  for (const args of [
    ['contacts', 'block', 'shop'],
    ['messages', 'pin', 'shop', ADA, 'true_1', 'soon'],
    ['groups', 'set-info-admins-only', 'shop', '1@g.us', 'perhaps'],
    ['profile', 'set-picture', 'shop'],
    ['profile', 'set-picture', 'shop', '--file', '/no/such/file.png'],
    ['profile', 'set-picture', 'shop', '--file', 'me.unknown-type'],
  ])
    expect([args, (await berth(...args)).code]).toEqual([args, 2]);
  expect(asked).toEqual([]);
});
