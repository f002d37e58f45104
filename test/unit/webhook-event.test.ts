import { expect, test } from 'vitest';
import { readWebhook } from '../../client/index.ts';
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
  environment: 'local',
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
