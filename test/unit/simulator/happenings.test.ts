/** Cases of the simulated WhatsApp that earlier versions could not express. */
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import {
  createChannel,
  editMessage,
  fillChat,
  resolveMessage,
  typeOnPhone,
} from '../../../simulator/model/happenings.ts';
import { otherSpelling, registeredSpelling } from '../../../simulator/model/spelling.ts';
import { World } from '../../../simulator/model/world.ts';
import { wire } from '../../../simulator/protocol.ts';
import { simulatorProxy } from '../../../simulator/proxy.ts';

const random = (bytes: number) => randomBytes(bytes).toString('hex');
const ADA = '15550002222@c.us';
const open = () => {
  const world = new World({ clock: () => 1_700_000_000_000, random });
  return { world, account: world.ensureAccount({ phoneNumber: '15550001111' }) };
};

test('a number is known in one spelling, whichever the request has', () => {
  const nobody = () => false;
  for (const [asked, known] of [
    ['5531988887777', '553188887777'],
    ['553188887777', '553188887777'],
    ['5511988887777', '5511988887777'],
    ['551188887777', '5511988887777'],
    ['5215512345678', '525512345678'],
    ['525512345678', '525512345678'],
    ['4917012345678', '4917012345678'],
  ] as const)
    expect(registeredSpelling(asked, nobody), asked).toBe(known);
  expect(otherSpelling('5511988887777')).toBe('551188887777');
  // An account here has the last word.
  expect(registeredSpelling('553188887777', (digits) => digits === '5531988887777')).toBe('5531988887777');
});

test('companions get nothing of what may be seen once or has not come', () => {
  const { world, account } = open();
  const file = { mimetype: 'image/png', size: 1, sha256: 'x', directPath: '/v/x' };
  const once = world.receive(account, { from: ADA, type: 'image', body: 'look', file, viewOnce: true });
  expect(wire(once)).toMatchObject({ type: 'ciphertext', body: '', viewOnce: true });
  expect(wire(once).file).toBeUndefined();
  const late = world.receive(account, { from: ADA, body: 'later', waiting: true });
  expect(wire(late)).toMatchObject({ type: 'ciphertext', body: '' });
  expect(wire(resolveMessage(world, account, late.id))).toMatchObject({ type: 'chat', body: 'later' });
  expect(() => resolveMessage(world, account, late.id)).toThrow(/does not wait/);
  expect(editMessage(world, account, late.id, 'changed')).toMatchObject({ body: 'changed', edited: true });
});

test('a long history is in order, and what is typed on the phone comes after it', () => {
  const { world, account } = open();
  fillChat(world, account, ADA, 100, { random, now: 1_700_000_000_000 });
  typeOnPhone(world, account, ADA, 'now', { random, at: Date.now() });
  const messages = world.messages(account.phoneNumber);
  expect(messages.map(({ body }) => body)).toEqual([
    ...[...Array(100).keys()].map((n) => `message ${n + 1}`),
    'now',
  ]);
  const times = messages.map(({ timestamp }) => timestamp);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(messages.at(-1)).toMatchObject({ fromMe: true });
  expect(messages.at(-1)?.sentBy).toBeUndefined();
});

test('a channel has its own kind of id and a role', () => {
  const { world, account } = open();
  const { id } = createChannel(world, account, 'News', 'subscriber', random);
  expect(id).toMatch(/^\d+@newsletter$/);
  expect(world.channels(account.phoneNumber)).toMatchObject([{ id, name: 'News', role: 'subscriber' }]);
});

test('the proxy lets through who has its login, to WhatsApp alone', async () => {
  const upstream = createServer((socket) => socket.end('hello'));
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const port = (upstream.address() as AddressInfo).port;
  const proxy = simulatorProxy(() => port, random);
  await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
  const login = `Basic ${Buffer.from(`${proxy.username}:${proxy.password}`).toString('base64')}`;
  const tunnel = (path: string, authorization?: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const headers = authorization === undefined ? {} : { 'proxy-authorization': authorization };
      request({ port: new URL(proxy.url()).port, method: 'CONNECT', path, headers, agent: false })
        .on('connect', (response, socket) => {
          socket.destroy();
          resolve(response.statusCode);
        })
        .on('error', reject)
        .end();
    });
  expect(await tunnel('web.whatsapp.com:443', login)).toBe(200);
  expect(await tunnel('web.whatsapp.com:443')).toBe(407);
  expect(await tunnel('web.whatsapp.com:443', 'Basic d3Jvbmc6d3Jvbmc=')).toBe(407);
  expect(await tunnel('example.com:443', login)).toBe(502);
  expect(proxy.counts()).toEqual({ connections: 1, refused: 3 });
  proxy.cut();
  proxy.server.close();
  proxy.server.closeAllConnections();
  upstream.close();
});
