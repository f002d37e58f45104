/** `berth call`: every operation by its name. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createProgram } from '../../../cli/program.ts';
import { run } from '../../../cli/run.ts';
import { API_KEY, FakeApi } from './fake-api.ts';

let api: FakeApi;
beforeEach(async () => {
  api = new FakeApi();
  await api.start();
});
afterEach(() => api.stop());

const berth = async (...args: string[]) => {
  vi.stubEnv('BERTH_URL', api.url);
  vi.stubEnv('BERTH_API_KEY', API_KEY);
  const stdout = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    const code = await run(createProgram(), ['node', 'berth', ...args]);
    const textOf = (spy: typeof stdout) => spy.mock.calls.map(([text]) => text).join('');
    return { code, stdout: textOf(stdout), stderr: textOf(stderr) };
  } finally {
    stdout.mockRestore();
    stderr.mockRestore();
    vi.unstubAllEnvs();
  }
};

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
