import { describe, expect, test } from 'vitest';
import { BadPath, createRouter } from '../../../local/api/routing.ts';
import type { RouteModel } from '../../../local/assembly/model.ts';

const route = (key: string): RouteModel => {
  const [method = '', path = ''] = key === '$default' ? ['ANY', '$default'] : key.split(' ');
  return { id: key, method, path, functionName: 'fn', timeoutMs: 30_000, authorizer: undefined };
};

const KEYS = [
  'GET /api/{session}/auth/qr',
  'GET /api/{proxy+}',
  'GET /api/sessions/{name}',
  'ANY /api/sessions/{name}',
  'GET /api/sessions',
  'GET /api/sessions/special',
];

const match = (keys: readonly string[], method: string, path: string) => {
  const found = createRouter(keys.map(route))(method, path);
  return found && [found.route.id, found.parameters];
};

describe('finding the route', () => {
  test.each<[string, string, unknown]>([
    ['GET', '/api/sessions', ['GET /api/sessions', {}]],
    ['GET', '/api/sessions/special', ['GET /api/sessions/special', {}]],
    ['GET', '/api/sessions/other', ['GET /api/sessions/{name}', { name: 'other' }]],
    ['POST', '/api/sessions/other', ['ANY /api/sessions/{name}', { name: 'other' }]],
    ['GET', '/api/mine/auth/qr', ['GET /api/{session}/auth/qr', { session: 'mine' }]],
    ['GET', '/api/sessions/other/more', ['GET /api/{proxy+}', { proxy: 'sessions/other/more' }]],
    ['GET', '/api/sessions/a%2Fb%20c', ['GET /api/sessions/{name}', { name: 'a/b c' }]],
    ['GET', '/api/sessions/', ['GET /api/{proxy+}', { proxy: 'sessions/' }]],
    ['DELETE', '/api/sessions', undefined],
    ['GET', '/', undefined],
  ])('%s %s', (method, path, expected) => {
    expect(match(KEYS, method, path)).toEqual(expected);
  });

  test('$default takes what no other route takes', () => {
    expect(match([...KEYS, '$default'], 'PATCH', '/nowhere')).toEqual(['$default', {}]);
  });

  test('a path that cannot be decoded has another answer than an unknown one', () => {
    expect(() => match(KEYS, 'GET', '/api/sessions/%zz')).toThrow(BadPath);
  });
});
