/** `berth call`: every operation by its name. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { API_KEY, FakeApi } from './fake-api.ts';
import { runHere } from './run-cli.ts';

let api: FakeApi;
beforeEach(async () => {
  api = new FakeApi();
  await api.start();
});
afterEach(() => api.stop());

const berth = (...args: string[]) => runHere(args, { BERTH_URL: api.url, BERTH_API_KEY: API_KEY });

test('asks with path, query and body, and prints the response as JSON', async () => {
  api.set('shop');
  const { code, stdout } = await berth(
    'call',
    'getSession',
    'shop',
    '--wait',
    'status!=STARTING',
    '--wait-seconds',
    '1',
  );
  expect([code, JSON.parse(stdout).name]).toEqual([0, 'shop']);
  expect(api.calls('GET /api/sessions/shop')[0]?.query).toEqual({ wait: 'status!=STARTING', timeout: '1' });

  const body = JSON.stringify({ session: 'shop', chatId: '15550002222@c.us', text: 'hi' });
  const sent = await berth('call', 'sendText', '--body', body, '--idempotency-key', 'order-1');
  expect(JSON.parse(sent.stdout)).toMatchObject({ body: 'hi' });
  expect(api.calls('POST /api/sendText')[0]).toMatchObject({
    idempotencyKey: 'order-1',
    body: { text: 'hi' },
  });
});

test('a body that is no JSON, a missing one, and an unknown operation are wrong usage', async () => {
  for (const args of [['sendText', '--body', 'hi'], ['sendText'], ['sendSmoke', '--body', '{}']])
    expect((await berth('call', ...args)).code).toBe(2);
  expect(api.seen).toEqual([]);
});

test('a refusal ends as those of other commands do', async () => {
  const { code, stderr } = await berth('call', 'getSession', 'none');
  expect(code).toBe(3);
  expect(stderr).toContain('There is no session "none".');
});
