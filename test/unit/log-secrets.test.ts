import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { leaksIn } from '../helpers/log-secrets.ts';

const found = (line: string, secrets: Record<string, string[]> = {}) =>
  leaksIn(new Map([['a.log', `{"message":"before"}\n${line}\n`]]), secrets).map(({ what }) => what);
const secret = () => randomBytes(32).toString('base64url');
/** Of 43 letters a secret has all kinds nearly always; the few without are drawn again. */
const randomSecret = () => {
  let text = secret();
  while (!/[a-z]/.test(text) || !/[A-Z]/.test(text) || !/\d/.test(text)) text = secret();
  return text;
};

test.each([
  ['an API key', () => `key berth_${randomSecret()}`, 'something like a secret'],
  ['a worker secret', () => JSON.stringify({ secret: randomSecret() }), 'something like a secret'],
  [
    'a bearer',
    () => `authorization: Bearer ses_1.2.${randomSecret()}`,
    'something like a authorization header',
  ],
  ['a presigned URL', () => 'https://s3/x?X-Amz-Signature=abc', 'something like a presigned URL'],
  ['an HMAC', () => randomBytes(64).toString('hex'), 'something like a HMAC of a webhook'],
  [
    'a QR code',
    () => [1, 2, 3, 4].map(() => randomBytes(32).toString('base64')).join(','),
    'something like a QR code',
  ],
])('%s is found in a log by its form', (_, line, what) => {
  expect(found(line())).toContain(what);
});

test.each([
  ['as it is', (text: string) => text],
  ['in JSON', (text: string) => JSON.stringify({ body: text })],
  ['in a URL', (text: string) => `?text=${encodeURIComponent(text)}`],
  ['in base64', (text: string) => Buffer.from(`{"text":"${text}"}`).toString('base64')],
])('a message is found in a log %s', (_, write) => {
  const text = 'hello, is it "open" today?';
  expect(found(write(text), { 'a message': [text] })).toContain('a message');
});

test('what a log is for is no secret', () => {
  const lines = [
    '{"requestId":"4f9c1c3e-9d1f-4c25-a1b5-0d9a4a1f7c11","route":"POST /api/sendText","session":"shop"}',
    `{"sessionId":"ses_01kaxyz0000000000000000000","epoch":2,"sha256":"${'a1'.repeat(32)}"}`,
    'arn:aws:ecs:eu-central-1:000000000000:task/berth-local/3f2c1b0a9d8e4f7c8b6a5d4e3f2c1b0a',
    'at runHandler (/work/main/dist/functions/sessions-admit/index.mjs:12:34567)',
  ];
  for (const line of lines) expect(found(line)).toEqual([]);
});
