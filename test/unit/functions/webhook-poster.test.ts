import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, expect, test } from 'vitest';
import type { Webhook } from '../../../contract/bodies/session-config.ts';
import { signatureOf } from '../../helpers/webhook-receiver.ts';

process.env.BERTH_SETTINGS = JSON.stringify({ environment: 'test', allowLoopbackWebhooks: true });
const { webhookPoster } = await import('../../../functions/adapters/webhook-poster.ts');
const { postPublic } = await import('../../../functions/adapters/webhook-http.ts');

let answer: { status: number; headers?: Record<string, string> } = { status: 200 };
let seen: IncomingHttpHeaders = {};
const server = createServer((request, response) => {
  seen = request.headers;
  request.resume();
  response.writeHead(answer.status, answer.headers).end();
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
afterAll(() => void server.close());
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
const delivery = {
  id: 'evt_1',
  timestamp: 1,
  event: 'message',
  sessionId: 'ses_1',
  userId: 'ann',
  name: 'a',
  me: null,
  webhook: '0'.repeat(16),
};
const post = (webhook: Partial<Webhook> = {}) =>
  webhookPoster({ url, events: ['*'], ...webhook }, delivery, '{}');

test('an endpoint’s refusal is permanent, and its Retry-After is handed on (F22)', async () => {
  answer = { status: 422 };
  expect(await post()).toEqual({
    ok: false,
    permanent: true,
    status: 422,
    detail: 'the endpoint answered 422',
  });
  answer = { status: 429, headers: { 'Retry-After': '77' } };
  expect(await post()).toMatchObject({ ok: false, permanent: false, status: 429, retryAfterSeconds: 77 });
  answer = { status: 503, headers: { 'Retry-After': new Date(Date.now() + 60_000).toUTCString() } };
  expect(await post()).toMatchObject({ permanent: false, retryAfterSeconds: expect.any(Number) });
});

test('a request is signed over its time and its body, beside the signature of the body alone', async () => {
  answer = { status: 200 };
  await post({ hmac: { key: 'k' } });
  const timestamp = String(seen['x-webhook-timestamp']);
  expect(Math.abs(Date.now() - Number(timestamp))).toBeLessThan(60_000);
  expect(seen['x-webhook-signature']).toBe(signatureOf('k', `${timestamp}.{}`));
  expect(seen['x-webhook-hmac']).toBe(signatureOf('k', '{}'));
  await post();
  expect(seen).not.toHaveProperty('x-webhook-signature');
});

test('a header that was stored before it was refused does not make every request malformed (F19)', async () => {
  answer = { status: 200 };
  const customHeaders = [
    { name: 'Transfer-Encoding', value: 'chunked' },
    { name: 'Host', value: 'elsewhere.example' },
    { name: 'X-Token', value: 't' },
  ];
  expect(await post({ customHeaders })).toEqual({ ok: true, status: 200 });
  expect(seen).toMatchObject({ 'x-token': 't', host: new URL(url).host, 'content-length': '2' });
  expect(seen).not.toHaveProperty('transfer-encoding');
});

test('a webhook does not lead to a port of the system itself although loopback is allowed', async () => {
  let asked = 0;
  const engine = createServer((_request, response) => {
    asked += 1;
    response.end();
  });
  await new Promise<void>((resolve) => engine.listen(0, '127.0.0.1', resolve));
  const { port } = engine.address() as AddressInfo;
  const rules = { headers: {}, body: '{}', timeoutMs: 5_000, allowLoopback: true };
  for (const host of ['127.0.0.1', 'localhost', '127.1'])
    await expect(
      postPublic({ ...rules, url: `http://${host}:${port}/`, refusedPorts: [port] }),
      host,
    ).rejects.toThrow('forbidden address');
  expect(asked).toBe(0);
  expect(await postPublic({ ...rules, url: `http://127.0.0.1:${port}/`, refusedPorts: [] })).toEqual({
    status: 200,
  });
  engine.close();
});
