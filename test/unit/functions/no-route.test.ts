import { describe, expect, test } from 'vitest';
import { OPERATIONS } from '../../../contract/routes.ts';
import { withoutTrailingSlash } from '../../../functions/edge/trailing-slash.ts';
import { handler } from '../../../functions/no-route.ts';

const pathOf = (path: string) => path.replaceAll(/\{[^}]+\}/g, '4917%40c.us');
const ask = (method: string, rawPath: string, rawQueryString = '') => {
  const http = { method, path: rawPath, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: '' };
  const requestContext = {
    accountId: '1',
    apiId: 'a',
    domainName: 'example.com',
    domainPrefix: 'example',
    http,
    requestId: 'r',
    routeKey: '$default',
    stage: '$default',
    time: '',
    timeEpoch: 0,
  };
  const event = { version: '2.0', routeKey: '$default', rawPath, rawQueryString, headers: {} };
  return handler({ ...event, requestContext, isBase64Encoded: false });
};

describe('a path with a trailing slash', () => {
  test('leads to the path on everything that WAHA has, and on nothing else', () => {
    const shared = OPERATIONS.filter(({ waha }) => waha);
    expect(shared.length).toBeGreaterThan(150);
    for (const { method, path } of OPERATIONS) {
      const isShared = shared.some((one) => one.method === method && one.path === path);
      expect([path, withoutTrailingSlash(method, `${pathOf(path)}/`)]).toEqual([
        path,
        isShared ? pathOf(path) : undefined,
      ]);
    }
  });

  test('is answered 308 with the query, which keeps method and body', async () => {
    expect(await ask('GET', '/api/contacts/all/', 'session=shop&limit=5')).toMatchObject({
      statusCode: 308,
      headers: { location: '/api/contacts/all?session=shop&limit=5' },
    });
    expect(await ask('POST', '/api/sendText/')).toMatchObject({
      statusCode: 308,
      headers: { location: '/api/sendText' },
    });
  });

  test.each([
    ['DELETE', '/api/sendText/'],
    ['GET', '/api/nothing/'],
    ['GET', '//evil.example/api/sessions/'],
    ['GET', '/api/sessions//'],
    ['GET', '/'],
  ])('%s %s leads nowhere: 404', async (method, path) => {
    const { statusCode, body } = await ask(method, path);
    expect(statusCode).toBe(404);
    expect(JSON.parse(body ?? '')).toMatchObject({ status: 404, detail: `There is no ${method} ${path}.` });
  });
});
