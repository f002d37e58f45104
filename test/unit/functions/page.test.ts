import { brotliCompressSync, brotliDecompressSync, gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { PageFile } from '../../../contract/dashboard-path.ts';
import { problemSchema } from '../../../contract/errors.ts';
import { servePage } from '../../../functions/edge/page.ts';

const file = (text: string, contentType: string): PageFile => ({
  contentType,
  etag: `tag-of-${text.length}`,
  brotli: brotliCompressSync(text).toString('base64'),
});
const INDEX = '<!doctype html>';
const SCRIPT = 'console.log(1)';
const FILES = {
  'index.html': file(INDEX, 'text/html; charset=utf-8'),
  'assets/main-ABC.js': file(SCRIPT, 'text/javascript; charset=utf-8'),
};

const ask = (rawPath: string, headers: Record<string, string> = {}) => {
  const answer = servePage(
    FILES,
    { rawPath, headers, requestContext: { requestId: 'r-1' } },
    'wss://live.example.com',
  );
  const body = Buffer.from(answer.body ?? '', answer.isBase64Encoded ? 'base64' : 'utf8');
  return { status: answer.statusCode, headers: answer.headers ?? {}, body };
};

test('/ leads to the page', () => {
  expect(ask('/')).toMatchObject({ status: 302, headers: { location: '/dashboard' } });
});

test.each(['/dashboard', '/dashboard/', '/dashboard/sessions', '/dashboard/sessions/ann%40x.com/shop/'])(
  '%s is the page, requested again each time',
  (path) => {
    const answer = ask(path);
    expect(answer.status).toBe(200);
    expect(answer.body.toString()).toBe(INDEX);
    expect(answer.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
  },
);

test('the page may load from its own origin only, run no script of its markup, and cannot be framed', () => {
  const policy = String(ask('/dashboard').headers['content-security-policy']);
  for (const part of [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self' wss://live.example.com",
    "img-src 'self' data: blob:",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'self'",
  ])
    expect(policy.split('; ')).toContain(part);
  expect(policy).not.toMatch(/unsafe|\*|https?:/);
});

test('a file with a hash in its name is kept for ever', () => {
  const answer = ask('/dashboard/assets/main-ABC.js');
  expect(answer.body.toString()).toBe(SCRIPT);
  expect(answer.headers['cache-control']).toBe('public, max-age=31536000, immutable');
});

describe('an unchanged file is not sent again', () => {
  test.each(['W/"tag-of-15"', '"tag-of-15"', '"other", W/"tag-of-15"', '*'])('for %s', (tag) => {
    const answer = ask('/dashboard', { 'if-none-match': tag });
    expect(answer).toMatchObject({
      status: 304,
      headers: { etag: 'W/"tag-of-15"', 'cache-control': 'no-cache' },
    });
    expect(answer.body).toHaveLength(0);
    expect(answer.headers).not.toHaveProperty('content-type');
  });

  test('but a changed one is', () => {
    expect(ask('/dashboard', { 'if-none-match': 'W/"older"' }).status).toBe(200);
  });
});

describe('compressed', () => {
  test.each(['br', 'gzip, deflate, br, zstd', 'BR;q=0.5, gzip'])(
    'with Brotli if a client takes %s',
    (encoding) => {
      const answer = ask('/dashboard', { 'accept-encoding': encoding });
      expect(answer.headers).toMatchObject({ 'content-encoding': 'br', vary: 'accept-encoding' });
      expect(brotliDecompressSync(answer.body).toString()).toBe(INDEX);
    },
  );

  test.each(['gzip', 'br;q=0, gzip;q=0.5', '*', 'GZIP'])('with gzip if a client takes %s', (encoding) => {
    const answer = ask('/dashboard', { 'accept-encoding': encoding });
    expect(answer.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' });
    expect(gunzipSync(answer.body).toString()).toBe(INDEX);
  });

  test.each(['zstd', 'br;q=0', 'gzip;q=0', 'identity'])('not if a client takes %s', (encoding) => {
    const answer = ask('/dashboard', { 'accept-encoding': encoding });
    expect(answer.headers).not.toHaveProperty('content-encoding');
    expect(answer.body.toString()).toBe(INDEX);
  });
});

test.each([
  '/dashboard/assets/none.js',
  '/dashboard/assets',
  '/dashboard/assets/',
  '/dashboard/../index.html',
  '/dashboard/%2e%2e/x',
  '/dashboard/x/.%2E/y',
  '/dashboard/./x',
  '/dashboard//x',
  '/dashboard/a%2fb',
  '/dashboard/a%5Cb',
  '/dashboard/a\\b',
  '/dashboard/a%00',
  '/dashboard/%zz',
  '/dashboardx',
  '/other',
])('%s is 404', (path) => {
  const answer = ask(path);
  expect(answer.status).toBe(404);
  expect(answer.headers).toMatchObject({
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
  });
  expect(problemSchema.parse(JSON.parse(answer.body.toString()))).toMatchObject({
    status: 404,
    requestId: 'r-1',
  });
});

test('names that objects have by nature are no files', () => {
  expect(ask('/dashboard/constructor').body.toString()).toBe(INDEX);
  expect(ask('/dashboard/assets/__proto__').status).toBe(404);
});

test('by TLS, the answer makes browsers use TLS only', () => {
  expect(ask('/dashboard', { 'x-forwarded-proto': 'https' }).headers).toHaveProperty(
    'strict-transport-security',
  );
  expect(ask('/dashboard').headers).not.toHaveProperty('strict-transport-security');
});
