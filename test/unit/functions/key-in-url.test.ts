/** A key as a query parameter: read by the WebSocket API alone (docs/decisions/2026-11-29-keys-in-urls.md). */
import type { APIGatewayProxyEventV2WithLambdaAuthorizer, Context } from 'aws-lambda';
import { expect, test } from 'vitest';
import { listSessions } from '../../../contract/operations/sessions.ts';
import { defineHandler } from '../../../functions/edge/http.ts';

const serve = defineHandler(listSessions)(async () => ({ status: 200, body: [] }));

const ask = async (query: Record<string, string>, role?: 'admin') => {
  const event = {
    version: '2.0',
    routeKey: 'GET /api/sessions',
    rawPath: '/api/sessions',
    rawQueryString: new URLSearchParams(query).toString(),
    queryStringParameters: query,
    headers: {},
    isBase64Encoded: false,
    requestContext: {
      requestId: 'r',
      http: { method: 'GET', path: '/api/sessions', sourceIp: '127.0.0.1' },
      authorizer: role && { lambda: { role, userId: 'ada', keyId: 'k', via: 'key' } },
    },
  };
  // What a handler reads of an event.
  const {
    statusCode,
    headers,
    body = '',
  } = await serve(
    event as unknown as APIGatewayProxyEventV2WithLambdaAuthorizer<Record<string, unknown>>,
    {} as Context,
  );
  return { status: statusCode, ignored: headers?.['x-berth-ignored'], body };
};

test.each(['x-api-key', 'X-Api-Key'])(
  '%s in the URL is no key: the refusal says where it goes',
  async (name) => {
    const { status, body } = await ask({ [name]: 'berth_secret' });
    expect(status).toBe(401);
    expect(JSON.parse(body).detail).toContain('only /ws reads a key in the URL');
    expect(body).not.toContain('berth_secret');
  },
);

test('without any key, the refusal says nothing of URLs', async () => {
  const { status, body } = await ask({});
  expect(status).toBe(401);
  expect(JSON.parse(body).detail).toBe('Send a valid API key in the header X-Api-Key.');
});

test('beside a key in the header it is ignored, and named as it was sent', async () => {
  expect(await ask({ 'x-api-key': 'berth_secret', 'filter.a': '1' }, 'admin')).toMatchObject({
    status: 200,
    ignored: 'x-api-key,filter.a',
  });
});
