import { expect, test } from 'vitest';
import { readWebhook } from '../../client/index.ts';
import { RELEASE } from '../../contract/release.ts';
import { signatureOf } from '../helpers/webhook-receiver.ts';

const KEY = 'of the webhook';
const EVENT = {
  id: 'evt_1',
  timestamp: 1_767_225_600_000,
  event: 'message',
  session: 'shop',
  metadata: { team: 'sales' },
  me: { id: '491700000001@c.us', pushName: 'Shop' },
  payload: { from: '491712223333@c.us', body: 'Ünïcode, too' },
  environment: { ...RELEASE, name: 'local' },
  engine: 'WEBJS',
};
const body = JSON.stringify(EVENT);

test('an event with the right signature is read as it was sent', async () => {
  expect(await readWebhook(body, signatureOf(KEY, body), KEY)).toEqual(EVENT);
});

test.each([
  ['another key', body, signatureOf('another', body)],
  ['another body', `${body} `, signatureOf(KEY, body)],
  ['no signature', body, undefined],
  ['an empty one', body, ''],
  ['a cut one', body, signatureOf(KEY, body).slice(2)],
  ['one that is no hex', body, 'z'.repeat(128)],
  ['several', body, [signatureOf(KEY, body)]],
  ['a body that is no event', '{}', signatureOf(KEY, '{}')],
  ['a body that is no JSON', 'event', signatureOf(KEY, 'event')],
])('%s is no event', async (_, sent, signature) => {
  expect(await readWebhook(sent, signature, KEY)).toBeUndefined();
});

const NOW = 1_767_225_600_000;
const headersAt = (timestamp: number, sent = body, key = KEY) => ({
  'x-webhook-timestamp': String(timestamp),
  'x-webhook-signature': signatureOf(key, `${timestamp}.${sent}`),
  'x-webhook-hmac': signatureOf(key, sent),
});

test('a request is good for the tolerance and not for longer, whichever clock is ahead', async () => {
  for (const [away, good] of [
    [0, true],
    [299_000, true],
    [301_000, false],
  ] as const)
    for (const now of [NOW + away, NOW - away])
      expect((await readWebhook(body, headersAt(NOW), KEY, { now })) !== undefined).toBe(good);
  const later = { now: NOW + 3_000_000 };
  expect(await readWebhook(body, headersAt(NOW), KEY, { ...later, toleranceSeconds: 3_600 })).toEqual(EVENT);
});

test('the Fetch API’s headers are read as Node’s are', async () => {
  expect(await readWebhook(body, new Headers(headersAt(NOW)), KEY, { now: NOW })).toEqual(EVENT);
});

test('a recorded request with a new time is no event', async () => {
  const replayed = { ...headersAt(NOW), 'x-webhook-timestamp': String(NOW + 3_600_000) };
  expect(await readWebhook(body, replayed, KEY, { now: NOW + 3_600_000 })).toBeUndefined();
});

test.each([
  ['another key', headersAt(NOW, body, 'another')],
  ['another body', headersAt(NOW, `${body} `)],
  ['no signature', { 'x-webhook-timestamp': String(NOW) }],
  ['the signature of the body alone', { 'x-webhook-hmac': signatureOf(KEY, body) }],
  ['no time', { 'x-webhook-signature': signatureOf(KEY, `${NOW}.${body}`) }],
  ['a time that is no number', { ...headersAt(NOW), 'x-webhook-timestamp': 'now' }],
  ['no headers', {}],
])('with %s it is no event', async (_, headers) => {
  expect(await readWebhook(body, headers, KEY, { now: NOW })).toBeUndefined();
});
