/** The WebSocket API of one machine: it opens, refuses and ends connections as API Gateway does. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import * as z from 'zod';
import { LIVE_LIMITS } from '../../../contract/bodies/live.ts';
import { type ApiListener, openApi } from '../../../local/api/server.ts';
import { UNTHROTTLED } from '../../../local/api/throttle.ts';
import type { SocketApiModel } from '../../../local/assembly/model.ts';
import type { InvokeResult } from '../../../local/runtime/pool.ts';
import { SocketApi } from '../../../local/websocket/api.ts';

const eventSchema = z.looseObject({
  type: z.string().optional(),
  methodArn: z.string().optional(),
  body: z.string().optional(),
  multiValueQueryStringParameters: z.record(z.string(), z.array(z.string())).optional(),
  requestContext: z.looseObject({
    routeKey: z.string(),
    connectionId: z.string(),
    authorizer: z.record(z.string(), z.unknown()).optional(),
    disconnectStatusCode: z.int().optional(),
  }),
});
type Event = z.infer<typeof eventSchema>;
type Handler = (event: Event) => unknown;

let listener: ApiListener | undefined;
let api: SocketApi | undefined;
const sockets: WebSocket[] = [];
let events: Event[] = [];
let now = 1_000_000;
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await api?.close();
  await listener?.close(0);
  events = [];
});

const allow = ({ methodArn }: Event, Effect = 'Allow') => ({
  principalId: 'ann',
  policyDocument: { Statement: [{ Action: 'execute-api:Invoke', Effect, Resource: methodArn }] },
  context: { topic: 'ann' },
});

const start = async (
  handlers: Partial<Record<'authorizer' | '$connect' | '$disconnect' | '$default', Handler>> = {},
  change: Partial<SocketApiModel> = {},
  limits: ConstructorParameters<typeof SocketApi>[0]['limits'] = {},
): Promise<string> => {
  const opened = await openApi(0);
  listener = opened;
  const route = (key: string) => ({
    id: key,
    key,
    functionName: 'live',
    timeoutMs: 29_000,
    authorizer: key === '$connect' ? { id: 'auth1', functionName: 'live' } : undefined,
    responds: key === '$default',
  });
  const routes = ['$connect', '$disconnect', '$default'].map(route);
  api = new SocketApi({
    api: { id: 'api1', url: opened.url, stage: 'ws', throttles: UNTHROTTLED, routes, ...change },
    permissions: ['/*$connect', '/*$disconnect', '/*$default', '/authorizers/auth1'].map((source) => ({
      functionName: 'live',
      principal: 'apigateway.amazonaws.com',
      sourceArn: `arn:aws:execute-api:us-east-1:000000000000:api1${source}`,
    })),
    invoke: async (_name, value): Promise<InvokeResult> => {
      const event = eventSchema.parse(value);
      events.push(event);
      const kind = event.type === 'REQUEST' ? 'authorizer' : event.requestContext.routeKey;
      const handler: Handler =
        z.enum(['authorizer', '$connect', '$disconnect', '$default']).safeParse(kind).data === undefined
          ? () => undefined
          : (handlers[kind as keyof typeof handlers] ??
            (kind === 'authorizer' ? allow : () => ({ statusCode: 200 })));
      return { ok: true, requestId: 'r', payload: JSON.stringify(handler(event)) };
    },
    clock: () => now,
    onAccess: () => {},
    limits,
  });
  opened.serveSockets(api);
  return `${opened.url.replace('http', 'ws')}/ws`;
};

type Opened = { readonly socket: WebSocket; readonly id: string };

const open = async (url: string): Promise<Opened> => {
  const socket = new WebSocket(url);
  sockets.push(socket);
  await once(socket, 'open');
  return { socket, id: events.at(-1)?.requestContext.connectionId ?? '' };
};

/** The status that a connect is refused with. */
const refused = async (url: string): Promise<number> => {
  const socket = new WebSocket(url);
  sockets.push(socket);
  socket.on('error', () => {});
  const [, response] = await once(socket, 'unexpected-response');
  return response.statusCode;
};

const closed = async (socket: WebSocket): Promise<number> => (await once(socket, 'close'))[0];

test('asks the authorizer, then the route, and keeps what the authorizer said for the end', async () => {
  const url = await start();
  const { socket, id } = await open(`${url}?session=*&events=message&events=session.status&x-api-key=k`);
  expect(events).toMatchObject([
    {
      type: 'REQUEST',
      methodArn: 'arn:aws:execute-api:us-east-1:000000000000:api1/ws/$connect',
      multiValueQueryStringParameters: { events: ['message', 'session.status'], 'x-api-key': ['k'] },
    },
    { requestContext: { routeKey: '$connect', authorizer: { topic: 'ann', principalId: 'ann' } } },
  ]);
  socket.close(1000);
  await vi.waitFor(() => expect(events).toHaveLength(3), 20_000);
  expect(events[2]).toMatchObject({
    requestContext: {
      routeKey: '$disconnect',
      connectionId: id,
      disconnectStatusCode: 1000,
      authorizer: { topic: 'ann' },
    },
  });
});

test.each([
  ['the status that $connect answers', { $connect: () => ({ statusCode: 429, body: '{}' }) }, 429],
  ['403 if the policy denies', { authorizer: (event: Event) => allow(event, 'Deny') }, 403],
  ['500 if the authorizer returns no policy', { authorizer: () => ({ isAuthorized: true }) }, 500],
])('refuses with %s', async (_, handlers, status) => {
  expect(await refused(await start(handlers))).toBe(status);
});

test('refuses beyond the throttle and beyond the length of a URL, before any function', async () => {
  const throttles = { byDefault: { rate: 1, burst: 1 }, byRoute: {} };
  const url = await start({}, { throttles });
  expect(await refused(`${url}?x=${'x'.repeat(LIVE_LIMITS.urlLength)}`)).toBe(414);
  await open(url);
  expect(await refused(url)).toBe(429);
  expect(events).toHaveLength(2);
});

test('an ordinary request to its path is refused, and upgrades to other protocols are ignored', async () => {
  const url = (await start()).replace('ws', 'http');
  expect((await fetch(url)).status).toBe(403);
});

test('what a function returns for a message is sent to the client', async () => {
  const url = await start({ $default: ({ body }) => ({ statusCode: 200, body: `got ${body}` }) });
  const { socket } = await open(url);
  socket.send('{"action":"ping"}');
  expect(String((await once(socket, 'message'))[0])).toBe('got {"action":"ping"}');
});

test('posts reach the client in order; a closed connection is gone', async () => {
  const { socket, id } = await open(await start());
  const got: string[] = [];
  socket.on('message', (data) => got.push(String(data)));
  for (const text of ['1', '2', '3']) expect(api?.connections.post(id, Buffer.from(text))).toBe('sent');
  await vi.waitFor(() => expect(got).toEqual(['1', '2', '3']), 20_000);
  expect(api?.connections.post(id, Buffer.alloc(LIVE_LIMITS.messageBytes + 1))).toBe('too_large');
  expect(api?.connections.close(id)).toBe(true);
  expect(await closed(socket)).toBe(1000);
  await vi.waitFor(() => expect(api?.connections.close(id)).toBe(false), 20_000);
  expect(api?.connections.post(id, Buffer.from('4'))).toBe('gone');
});

test('a client that does not read has its messages refused, and is cut off when it is closed', async () => {
  const url = new URL(await start({}, {}, { bufferBytes: 256 * 1024 }));
  const stream: Socket = connect(Number(url.port), url.hostname);
  stream.write(
    [
      'GET /ws HTTP/1.1',
      `Host: ${url.host}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      '\r\n',
    ].join('\r\n'),
  );
  await once(stream, 'readable');
  const id = events.at(-1)?.requestContext.connectionId ?? '';
  const message = Buffer.alloc(LIVE_LIMITS.messageBytes, 'x');
  // The system's own buffers of a loopback connection take some megabytes first.
  const results = new Set<string | undefined>();
  for (let n = 0; n < 1000 && !results.has('buffer_full'); n++)
    results.add(api?.connections.post(id, message));
  expect([...results]).toEqual(['sent', 'buffer_full']);
  expect(api?.connections.close(id)).toBe(true);
  await vi.waitFor(() => expect(api?.connections.size).toBe(0), 20_000);
  stream.destroy();
});

test('a slow client finds the code of its end behind what waited for it', async () => {
  const { socket, id } = await open(await start({}, {}, { bufferBytes: 256 * 1024 }));
  socket.pause();
  const message = Buffer.alloc(LIVE_LIMITS.messageBytes, 'x');
  let sent = 0;
  while (sent < 1000 && api?.connections.post(id, message) === 'sent') sent += 1;
  let received = 0;
  socket.on('message', () => {
    received += 1;
  });
  expect(api?.connections.close(id)).toBe(true);
  // Longer than a client that only has to answer is waited for.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  socket.resume();
  expect(await closed(socket)).toBe(1000);
  expect(received).toBe(sent);
});

test('a message or a frame that is too large ends the connection with 1009', async () => {
  const url = await start();
  const ofMessage = await open(url);
  const part = Buffer.alloc(LIVE_LIMITS.frameBytes, 'x');
  // Five frames that are allowed make a message that is not.
  for (let n = 0; n < 5; n++) ofMessage.socket.send(part, { fin: n === 4 });
  expect(await closed(ofMessage.socket)).toBe(1009);
  const ofFrame = await open(url);
  ofFrame.socket.send(Buffer.alloc(LIVE_LIMITS.frameBytes + 1, 'x'));
  expect(await closed(ofFrame.socket)).toBe(1009);
});

test('a message in frames of the allowed size arrives whole', async () => {
  const url = await start({ $default: ({ body }) => ({ statusCode: 200, body: String(body?.length) }) });
  const { socket } = await open(url);
  const part = 'x'.repeat(LIVE_LIMITS.frameBytes);
  for (let n = 0; n < 4; n++) socket.send(part, { fin: n === 3 });
  expect(String((await once(socket, 'message'))[0])).toBe(String(LIVE_LIMITS.messageBytes));
});

test('a connection ends with 1001 when it is idle for too long, and after its longest duration', async () => {
  const url = await start();
  const idle = await open(url);
  const busy = await open(url);
  now += LIVE_LIMITS.idleMs - 1;
  api?.connections.post(busy.id, Buffer.from('x'));
  now += 1;
  expect(await closed(idle.socket)).toBe(1001);
  expect(busy.socket.readyState).toBe(WebSocket.OPEN);
  const until = now - LIVE_LIMITS.idleMs + LIVE_LIMITS.durationMs;
  while (now < until) {
    now = Math.min(until, now + LIVE_LIMITS.idleMs / 2);
    api?.connections.post(busy.id, Buffer.from('x'));
  }
  expect(await closed(busy.socket)).toBe(1001);
});
