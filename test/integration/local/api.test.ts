import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { problemSchema } from '../../../contract/errors.ts';
import type { AccessEntry } from '../../../local/api/http-api.ts';
import { type ApiListener, openApi } from '../../../local/api/server.ts';
import type { AuthorizerModel, RouteModel } from '../../../local/assembly/model.ts';
import { Principals } from '../../../local/gateway/principals.ts';
import { Functions } from '../../../local/runtime/functions.ts';
import { MetricStore } from '../../../local/runtime/metrics.ts';
import { FunctionFiles } from './fixture.ts';

const files = new FunctionFiles();
const logDir = mkdtempSync(join(tmpdir(), 'berth-logs-'));
let api: ApiListener;
let functions: Functions;
let access: AccessEntry[] = [];
let now = 0;

const authorizer: AuthorizerModel = {
  id: 'auth1',
  functionName: 'berth-local-authorizer',
  identitySources: ['$request.header.X-Api-Key'],
  ttlSeconds: 30,
  simpleResponses: true,
};
const route = (key: string, fn: string, changes: Partial<RouteModel> = {}): RouteModel => {
  const [method = '', path = ''] = key.split(' ');
  return {
    id: key,
    method,
    path,
    functionName: `berth-local-${fn}`,
    timeoutMs: 30_000,
    authorizer: undefined,
    ...changes,
  };
};

const ECHO =
  'export const handler = async (event) => ({ statusCode: 200, headers: { "content-type": "application/json" }, body: JSON.stringify(event) });';
const AUTHORIZER = `let calls = 0;
export const handler = async (event) => {
  calls += 1;
  if (event.identitySource.length === 0) return { isAuthorized: true, context: { calls, key: event.headers['x-api-key'] ?? 'none' } };
  if (event.identitySource[0] === 'crash') throw new Error('secret detail');
  return { isAuthorized: event.identitySource[0] !== 'wrong', context: { userId: event.identitySource[0], calls, type: event.type } };
};`;

beforeAll(async () => {
  functions = new Functions({
    models: [
      files.add('echo', ECHO),
      files.add('authorizer', AUTHORIZER),
      files.add('answer', 'export const handler = async (event) => JSON.parse(event.body);'),
      files.add('throws', 'export const handler = async () => { throw new Error("secret detail"); };'),
      files.add('slow', 'export const handler = async () => new Promise(() => {});'),
      files.add('forbidden', ECHO),
    ],
    endpoint: 'http://127.0.0.1:4566',
    principals: new Principals(),
    metrics: new MetricStore(Date.now),
    logDir,
    clock: Date.now,
    onWarning: () => {},
  });
  const source = 'arn:aws:execute-api:us-east-1:000000000000:api1/*/*/*';
  const permission = (fn: string, sourceArn = source) => ({
    functionName: `berth-local-${fn}`,
    principal: 'apigateway.amazonaws.com',
    sourceArn,
  });
  api = await openApi(0);
  api.serve({
    api: {
      id: 'api1',
      url: api.url,
      throttles: { byDefault: undefined, byRoute: { 'GET /throttled': { rate: 1, burst: 2 } } },
      cors: {
        allowOrigins: ['https://app.example'],
        allowMethods: ['GET'],
        allowHeaders: ['x-api-key'],
        exposeHeaders: [],
        allowCredentials: false,
        maxAgeSeconds: 60,
      },
      routes: [
        route('ANY /echo/{name}', 'echo'),
        route('GET /guarded', 'echo', { authorizer }),
        route('GET /announced', 'echo', {
          authorizer: { ...authorizer, id: 'auth2', identitySources: [], ttlSeconds: 0 },
        }),
        route('POST /answer', 'answer'),
        route('GET /throttled', 'echo'),
        route('GET /throws', 'throws'),
        route('GET /slow', 'slow', { timeoutMs: 50 }),
        route('GET /no-permission', 'forbidden'),
      ],
    },
    permissions: [
      ...['echo', 'answer', 'throws', 'slow'].map((fn) => permission(fn)),
      ...['auth1', 'auth2'].map((id) =>
        permission('authorizer', `arn:aws:execute-api:us-east-1:000000000000:api1/authorizers/${id}`),
      ),
    ],
    invoke: (name, event) => functions.invoke(name, event),
    clock: () => now,
    onAccess: (entry) => access.push(entry),
  });
});
afterAll(async () => {
  await api.close(0);
  await functions.close();
  files.remove();
  rmSync(logDir, { recursive: true, force: true });
});
beforeEach(() => {
  access = [];
  now += 3_600_000;
});

const call = (path: string, init: RequestInit = {}) => fetch(`${api.url}${path}`, init);
const problem = async (response: Response) => {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  return problemSchema.parse(await response.json());
};

test('the event is of payload format 2.0', async () => {
  const response = await call('/echo/a%20b?x=1&x=2&y=%26', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'X-Mixed-Case': 'Value', cookie: 'a=1; b=2' },
    body: '{"text":"ü"}',
  });
  expect(await response.json()).toMatchObject({
    version: '2.0',
    routeKey: 'ANY /echo/{name}',
    rawPath: '/echo/a%20b',
    rawQueryString: 'x=1&x=2&y=%26',
    cookies: ['a=1', 'b=2'],
    headers: { 'x-mixed-case': 'Value', 'content-type': 'application/json' },
    queryStringParameters: { x: '1,2', y: '&' },
    pathParameters: { name: 'a b' },
    body: '{"text":"ü"}',
    isBase64Encoded: false,
    requestContext: {
      apiId: 'api1',
      stage: '$default',
      http: { method: 'POST', path: '/echo/a%20b', sourceIp: '127.0.0.1' },
    },
  });
});

test('a binary body travels in base64', async () => {
  const body = new Uint8Array([0, 255, 128]);
  const response = await call('/echo/x', { method: 'PUT', headers: { 'content-type': 'image/png' }, body });
  expect(await response.json()).toMatchObject({ body: 'AP+A', isBase64Encoded: true });
});

test('a body over 10 MB is refused with 413', async () => {
  const response = await call('/echo/x', { method: 'POST', body: new Uint8Array(10 * 1024 * 1024 + 1) });
  expect(await problem(response)).toMatchObject({ status: 413 });
});

test('a request larger than a function can take is refused with 413', async () => {
  const response = await call('/echo/x', { method: 'POST', body: '"'.repeat(4 * 1024 * 1024) });
  expect(await problem(response)).toMatchObject({ status: 413 });
});

test('headers over 10,240 bytes are refused with 431', async () => {
  const response = await call('/echo/x', { headers: { 'x-large': 'x'.repeat(10_240) } });
  expect(response.status).toBe(431);
});

test('without the identity source the authorizer is not asked: 401', async () => {
  expect(await problem(await call('/guarded'))).toMatchObject({ status: 401 });
});

test('a refusing authorizer is 403, a failing one 500 without its detail', async () => {
  expect(await problem(await call('/guarded', { headers: { 'x-api-key': 'wrong' } }))).toMatchObject({
    status: 403,
  });
  const failed = await problem(await call('/guarded', { headers: { 'x-api-key': 'crash' } }));
  expect(failed.status).toBe(500);
  expect(JSON.stringify(failed)).not.toContain('secret detail');
});

test('the authorizer’s context reaches the function, and its verdict is kept for its time to live', async () => {
  const guarded = async () => {
    const response = await call('/guarded', { headers: { 'x-api-key': 'me' } });
    const event: {
      requestContext: { authorizer: { lambda: { userId: string; calls: number; type: string } } };
    } = JSON.parse(await response.text());
    return event.requestContext.authorizer.lambda;
  };
  const first = await guarded();
  expect(first).toMatchObject({ userId: 'me', type: 'REQUEST' });
  now += 29_000;
  expect((await guarded()).calls).toBe(first.calls);
  now += 2_000;
  expect((await guarded()).calls).toBe(first.calls + 1);
});

test('an authorizer without identity source is called for every request, also for one without a key', async () => {
  const announced = async (headers: Record<string, string>) => {
    const event: { requestContext: { authorizer: { lambda: { calls: number; key: string } } } } = JSON.parse(
      await (await call('/announced', { headers })).text(),
    );
    return event.requestContext.authorizer.lambda;
  };
  const without = await announced({});
  expect(without.key).toBe('none');
  expect(await announced({ 'x-api-key': 'me' })).toEqual({ key: 'me', calls: without.calls + 1 });
  expect(await announced({ 'x-api-key': 'me' })).toEqual({ key: 'me', calls: without.calls + 2 });
});

test('an unknown route is a 404 problem', async () => {
  const response = await call('/nowhere?key=secret');
  expect(response.headers.get('apigw-requestid')).toBeTruthy();
  expect(await problem(response)).toMatchObject({ status: 404, instance: '/nowhere' });
});

test.each([
  ['a path that is not validly encoded', '/echo/%zz', 400],
  ['a function that throws', '/throws', 500],
  ['a function slower than the integration’s limit', '/slow', 503],
  ['a function that no permission lets the API invoke', '/no-permission', 500],
])('%s', async (_name, path, status) => {
  const body = await problem(await call(path));
  expect(body.status).toBe(status);
  expect(JSON.stringify(body)).not.toContain('secret detail');
});

test.each([
  ['a malformed answer is 500', { statusCode: 'x' }, 500],
  [
    'a header that HTTP does not allow is 500',
    { statusCode: 200, headers: { 'x-split': 'a\r\nset-cookie: b' } },
    500,
  ],
  ['an answer without statusCode is 200', { hello: 1 }, 200],
])('%s', async (_name, answer, status) => {
  const response = await call('/answer', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(answer),
  });
  expect(response.status).toBe(status);
  expect(response.headers.get('set-cookie')).toBeNull();
});

test('cookies of an answer are separate headers', async () => {
  const body = JSON.stringify({ statusCode: 200, cookies: ['a=1', 'b=2'] });
  const response = await call('/answer', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
});

test('a preflight is answered from the CORS configuration, for its origins only', async () => {
  const preflight = (origin: string) =>
    call('/echo/x', { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'GET' } });
  expect((await preflight('https://app.example')).headers.get('access-control-allow-origin')).toBe(
    'https://app.example',
  );
  expect((await preflight('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull();
});

test('the access log names route and status, never path or query', async () => {
  await call('/echo/private-name?key=secret');
  expect(access).toMatchObject([
    { method: 'GET', routeKey: 'ANY /echo/{name}', status: 200, error: undefined },
  ]);
  expect(JSON.stringify(access)).not.toMatch(/private-name|secret/);
});

test('repeated headers are joined by commas', async () => {
  const body = await new Promise<string>((resolve, reject) => {
    const outgoing = httpRequest(`${api.url}/echo/x`, { headers: { 'X-Many': ['a', 'b'] } }, (response) => {
      response.setEncoding('utf8');
      let text = '';
      response.on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve(text));
    });
    outgoing.on('error', reject).end();
  });
  expect(JSON.parse(body).headers['x-many']).toBe('a,b');
});

test('before there is anything to serve, requests get a 503; a taken port is refused', async () => {
  const early = await openApi(0);
  expect((await fetch(`${early.url}/ping`)).status).toBe(503);
  await expect(openApi(early.port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await early.close(0);
});

test('above its throttle a route answers as API Gateway does, invokes nothing, and passes again with time', async () => {
  const get = () => fetch(`${api.url}/throttled`);
  const statuses = [await get(), await get()].map(({ status }) => status);
  expect(statuses).toEqual([200, 200]);
  const refused = await get();
  expect(refused.status).toBe(429);
  expect(refused.headers.get('content-type')).toBe('application/json');
  expect(refused.headers.has('retry-after')).toBe(false);
  expect(await refused.text()).toBe('{"message":"Too Many Requests"}');
  expect(access.at(-1)).toMatchObject({ status: 429, routeKey: 'GET /throttled', error: 'throttled' });
  expect((await fetch(`${api.url}/echo/x`)).status, 'other routes are not held up').toBe(200);
  now += 1_000;
  expect((await get()).status).toBe(200);
  expect((await get()).status).toBe(429);
});
