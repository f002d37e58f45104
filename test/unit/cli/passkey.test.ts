import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { signingScript } from '../../../contract/whatsapp/passkey.ts';
import { API_KEY, CHALLENGE, FakeApi } from './fake-api.ts';
import { runCli } from './run-cli.ts';

const ANSWER = {
  id: 'a2V5',
  rawId: 'a2V5',
  type: 'public-key',
  response: { clientDataJSON: 'e30', authenticatorData: 'AAAA', signature: 'BBBB', userHandle: 'Q0ND' },
};

let api: FakeApi;
let folder: string;
beforeEach(async () => {
  api = new FakeApi();
  await api.start();
  folder = await mkdtemp(join(tmpdir(), 'berth-cli-passkey-'));
});
afterEach(async () => {
  await api.stop();
  await rm(folder, { recursive: true, force: true });
});

const berth = (...args: string[]) =>
  runCli(['passkey', ...args], { cwd: folder, env: { BERTH_URL: api.url, BERTH_API_KEY: API_KEY } });

test('--script prints what to paste, and nothing else', async () => {
  api.set('shop', { status: 'PASSKEY_REQUIRED', state: 'RUNNING' });
  expect(await berth('shop', '--script')).toEqual({
    code: 0,
    stdout: `${signingScript(CHALLENGE)}\n`,
    stderr: '',
  });
});

test('--answer gives what the console printed, in quotation marks or not, and shows the code to compare', async () => {
  api.set('shop', { status: 'PASSKEY_REQUIRED', state: 'RUNNING' });
  await writeFile(join(folder, 'answer.json'), `'${JSON.stringify(ANSWER)}'\n`);
  const ended = await berth('shop', '--answer', 'answer.json');
  expect(api.calls('POST /api/shop/auth/passkey').map(({ body }) => body)).toEqual([ANSWER]);
  expect(ended).toMatchObject({ code: 2, stdout: 'ABCD1234\n' });
  expect(ended.stderr).toContain('--confirm');
  expect(api.calls('POST /api/shop/auth/passkey/confirm')).toHaveLength(0);

  expect(await berth('shop', '--confirm')).toMatchObject({
    code: 0,
    stdout: 'linked as +15550001111 (Anna)\n',
  });
});

test('what is no answer of the script is refused before anything is sent', async () => {
  api.set('shop', { status: 'PASSKEY_REQUIRED', state: 'RUNNING' });
  await writeFile(join(folder, 'answer.json'), '{"id": 1}');
  const ended = await berth('shop', '--answer', 'answer.json');
  expect(ended).toMatchObject({ code: 2, stdout: '' });
  expect(ended.stderr).toContain('that is not the result of the script');
  expect(api.calls('POST /api/shop/auth/passkey')).toHaveLength(0);
});

test('without a terminal and an answer it says what to do', async () => {
  api.set('shop', { status: 'PASSKEY_REQUIRED', state: 'RUNNING' });
  const ended = await berth('shop');
  expect(ended.code).toBe(2);
  expect(ended.stderr).toContain('--script');
});

test('an assertion that is refused ends with the reason', async () => {
  api.set('shop', { status: 'PASSKEY_REQUIRED', state: 'RUNNING' });
  await writeFile(join(folder, 'answer.json'), JSON.stringify(ANSWER));
  api.next('POST /api/shop/auth/passkey', {
    status: 410,
    body: {
      type: 'about:blank',
      title: 'The passkey challenge has expired',
      status: 410,
      detail: 'this challenge has expired: get the new one and sign that',
      instance: '/api/shop/auth/passkey',
      requestId: 'r1',
    },
  });
  const ended = await berth('shop', '--answer', 'answer.json');
  expect(ended).toMatchObject({ code: 1 });
  expect(ended.stderr).toContain('this challenge has expired');
});

test('a session that has ended says so', async () => {
  api.set('shop', { status: 'STOPPED', state: 'STOPPED', stopReason: 'qr_expired' });
  const ended = await berth('shop');
  expect(ended.code).toBe(1);
  expect(ended.stderr).toContain('berth sessions start shop --qr');
});

test('a signature that WhatsApp refuses ends with what to do', async () => {
  api.set('shop', { status: 'PASSKEY_REQUIRED', state: 'RUNNING' });
  await writeFile(join(folder, 'answer.json'), JSON.stringify(ANSWER));
  // Taken, and the session asks again.
  api.next('POST /api/shop/auth/passkey', { status: 201, body: {} });
  const ended = await berth('shop', '--answer', 'answer.json');
  expect(ended.code).toBe(1);
  expect(ended.stderr).toContain('did not accept the signature');
  expect(ended.stderr).toContain('--script');
});
