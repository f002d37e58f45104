/** A key as a query parameter: read by the WebSocket API alone (docs/decisions/2026-11-29-keys-in-urls.md). */
import type { APIGatewayProxyEventV2WithLambdaAuthorizer, Context } from 'aws-lambda';
import { expect, test } from 'vitest';
import { getFile } from '../../../contract/operations/files.ts';
import { listSessions } from '../../../contract/operations/sessions.ts';
import { defineHandler } from '../../../functions/edge/http.ts';

const LOCATION = 'https://bucket.example.com/x';
const HANDLERS = {
  sessions: defineHandler(listSessions)(async () => ({ status: 200, body: [] })),
  file: defineHandler(getFile)(async () => ({ status: 302, headers: { location: LOCATION } })),
};
const ROUTES = {
  sessions: { path: '/api/sessions', rawPath: '/api/sessions', params: {} },
  file: {
    path: getFile.path,
    rawPath: `/api/files/ses_1/${'x'.repeat(43)}`,
    params: { sessionId: 'ses_1', file: 'x'.repeat(43) },
  },
};

const ask = async (route: keyof typeof ROUTES, query: Record<string, string>, role?: 'admin') => {
  const { path, rawPath, params } = ROUTES[route];
  const event = {
    version: '2.0',
    routeKey: `GET ${path}`,
    rawPath,
    rawQueryString: new URLSearchParams(query).toString(),
    pathParameters: params,
    queryStringParameters: query,
    headers: {},
    isBase64Encoded: false,
    requestContext: {
      requestId: 'r',
      http: { method: 'GET', path: rawPath, sourceIp: '127.0.0.1' },
      authorizer: role && { lambda: { role, userId: 'ada', keyId: 'k', via: 'key' } },
    },
  };
  // What a handler reads of an event.
  const {
    statusCode,
    headers,
    body = '',
  } = await HANDLERS[route](
    event as unknown as APIGatewayProxyEventV2WithLambdaAuthorizer<Record<string, unknown>>,
    {} as Context,
  );
  return { status: statusCode, headers, ignored: headers?.['x-berth-ignored'], body };
};

test.each(['x-api-key', 'X-Api-Key'])(
  '%s in the URL is no key: the refusal says where it goes',
  async (name) => {
    const { status, body } = await ask('sessions', { [name]: 'berth_secret' });
    expect(status).toBe(401);
    expect(JSON.parse(body).detail).toContain('only /ws reads a key in the URL');
    expect(body).not.toContain('berth_secret');
  },
);

test('without any key, the refusal says nothing of URLs', async () => {
  const { status, body } = await ask('sessions', {});
  expect(status).toBe(401);
  expect(JSON.parse(body).detail).toBe('Send a valid API key in the header X-Api-Key.');
});

test('beside a key in the header it is ignored, and named as it was sent', async () => {
  expect(await ask('sessions', { 'x-api-key': 'berth_secret', 'filter.a': '1' }, 'admin')).toMatchObject({
    status: 200,
    ignored: 'x-api-key,filter.a',
  });
});

test('a link to a received file works with a key behind it, as WAHA documents for <img>, and does not pass it on', async () => {
  const { status, headers } = await ask('file', { 'x-api-key': 'berth_secret' });
  expect([status, headers?.location]).toEqual([302, LOCATION]);
});
