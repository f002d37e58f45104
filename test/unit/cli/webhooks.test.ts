/** The client's and the command line's part of webhooks and events. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { createClient } from '../../../client/index.ts';
import type { DeadLetterView, StreamEvent } from '../../../contract/bodies/events.ts';
import { API_KEY, FakeApi } from './fake-api.ts';
import { runHere } from './run-cli.ts';

let api: FakeApi;
beforeEach(async () => {
  api = new FakeApi();
  await api.start();
});
afterEach(() => api.stop());

const berth = (...args: string[]) => runHere(args, { BERTH_URL: api.url, BERTH_API_KEY: API_KEY });

const letter: DeadLetterView = {
  eventId: 'evt_1',
  event: 'message',
  userId: 'anna',
  session: 'shop',
  webhook: { id: '0123456789abcdef', url: 'https://example.com/hook' },
  attempts: 15,
  error: 'the endpoint answered 500',
  deadAt: '2026-01-01T00:00:00.000Z',
  redrives: 0,
  redrivenAt: null,
};

test('dead letters are listed with their address and the reason why they failed', async () => {
  api.next('GET /api/webhooks/dead', { status: 200, body: [letter] });
  const { code, stdout } = await berth('webhooks', 'dead', '--session', 'shop', '--user', 'anna');
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /anna +shop +message .* 15 .*https:\/\/example\.com\/hook +the endpoint answered 500/,
  );
  expect(api.seen[0]?.query).toEqual({ session: 'shop', userId: 'anna', limit: '1000' });
});

test('a redrive continues until all are handled', async () => {
  const answer = (redriven: number, more: boolean) => ({
    status: 200,
    body: { redriven, underway: 1, more },
  });
  api.next('POST /api/webhooks/redrive', answer(40, true), answer(2, false));
  const { code, stdout } = await berth('webhooks', 'redrive', '--webhook', letter.webhook.id);
  expect([code, stdout]).toEqual([0, '42 events are queued again, 1 were queued already\n']);
  expect(api.seen.map(({ body }) => body)).toEqual([
    { webhook: letter.webhook.id },
    { webhook: letter.webhook.id },
  ]);
});

test('following the events begins now, gets each page’s events, and continues from its end', async () => {
  const event = (id: string): StreamEvent => ({
    id,
    timestamp: 1,
    event: 'session.stopped',
    userId: 'anna',
    session: 'shop',
    epoch: 1,
    payload: {},
  });
  const page = (next: string, ...events: StreamEvent[]) => ({
    status: 200,
    body: { events, next, missed: false },
  });
  api.next(
    'GET /api/events',
    page('7'),
    page('9', event('a'), event('b')),
    page('9'),
    page('10', event('c')),
  );
  const seen: string[] = [];
  for await (const { id } of createClient({ baseUrl: api.url, apiKey: API_KEY }).events.follow()) {
    seen.push(id);
    if (seen.length === 3) break;
  }
  expect(seen).toEqual(['a', 'b', 'c']);
  expect(api.seen.map(({ query }) => query.after)).toEqual([undefined, '7', '9', '9']);
});

const ticket = (url: string) => ({
  status: 200,
  body: { url, ticket: 'one-connect', expiresAt: '2026-01-01T00:00:00.000Z', cursor: '4' },
});

test('berth events follows over a WebSocket, with a ticket and not with the key', async () => {
  const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(sockets, 'listening');
  const asked: string[] = [];
  sockets.on('connection', (socket, { url = '' }) => {
    asked.push(url);
    const envelope = { id: 'evt_1', timestamp: 0, event: 'message', session: 'shop', cursor: '5' };
    socket.send(JSON.stringify({ ...envelope, payload: { from: 'ann', body: 'Hello' } }));
  });
  try {
    api.next(
      'POST /api/events/tickets',
      ticket(`ws://127.0.0.1:${(sockets.address() as AddressInfo).port}/ws`),
    );
    const { code, stdout } = await berth('events', 'shop', '--event', 'message', '--count', '1');
    expect([code, stdout]).toEqual([0, '1970-01-01T00:00:00.000Z  shop  message  ann: Hello\n']);
    expect(asked).toEqual(['/ws?ticket=one-connect&after=4&session=shop&events=message']);
  } finally {
    for (const socket of sockets.clients) socket.terminate();
    sockets.close();
  }
});

test('berth events uses long polls if no WebSocket can be opened', async () => {
  const stopped = { id: 'evt_1', timestamp: 0, event: 'session.stopped', epoch: 1, payload: {} };
  // Nothing listens on the discard port.
  api.next('POST /api/events/tickets', ...Array.from({ length: 4 }, () => ticket('ws://127.0.0.1:9/ws')));
  api.next(
    'GET /api/events',
    { status: 200, body: { events: [], next: '7', missed: false } },
    {
      status: 200,
      body: { events: [{ ...stopped, userId: 'anna', session: 'shop' }], next: '8', missed: false },
    },
  );
  const { code, stdout } = await berth('events', 'shop', '--count', '1');
  expect([code, stdout]).toEqual([0, '1970-01-01T00:00:00.000Z  shop  session.stopped  {}\n']);
});
