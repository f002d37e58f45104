import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createKeyRequestSchema } from '../../../contract/bodies/admin.ts';
import { OPERATIONS } from '../../../contract/routes.ts';
import { mayUse, type Scope, scopeSchema } from '../../../contract/scopes.ts';

const scope = fc.constantFrom(...scopeSchema.options);
const holder = fc.record({
  role: fc.constantFrom('admin' as const, 'user' as const),
  scopes: fc.option(fc.uniqueArray(scope, { minLength: 1 }), { nil: undefined }),
});

test.each<[string, string, 'key' | 'admin' | 'none' | 'worker', Scope | null]>([
  ['GET', '/api/sessions', 'key', 'sessions:read'],
  ['POST', '/api/sessions', 'key', 'sessions:write'],
  ['GET', '/api/sessions/{name}/events', 'key', 'sessions:read'],
  ['DELETE', '/api/sessions/{name}', 'key', 'sessions:write'],
  ['GET', '/api/stats', 'key', 'sessions:read'],
  ['GET', '/api/limits', 'key', 'sessions:read'],
  ['GET', '/api/health', 'key', 'sessions:read'],
  ['GET', '/api/{session}/auth/qr', 'key', 'sessions:write'],
  ['POST', '/api/{session}/auth/request-code', 'key', 'sessions:write'],
  ['POST', '/api/sendText', 'key', 'messages:send'],
  ['PUT', '/api/reaction', 'key', 'messages:send'],
  ['GET', '/api/commands/{id}', 'key', 'messages:send'],
  ['GET', '/api/events', 'key', 'sessions:read'],
  ['GET', '/api/{session}/chats/{chatId}/messages', 'key', 'messages:read'],
  ['POST', '/api/{session}/groups', 'key', 'messages:send'],
  ['GET', '/metrics', 'key', 'metrics'],
  ['GET', '/api/keys', 'admin', 'admin'],
  ['PUT', '/api/limits', 'admin', 'admin'],
  ['GET', '/ping', 'none', null],
  ['POST', '/worker/v1/report', 'worker', null],
])('%s %s is for keys with %s: %s', (method, path, auth, wanted) => {
  const operation = OPERATIONS.find((one) => one.method === method && one.path === path);
  expect(operation).toMatchObject({ auth, scope: wanted });
});

test('a key may use what its scopes name and no more; without scopes, a user’s key all that is about one user', () => {
  fc.assert(
    fc.property(holder, scope, ({ role, scopes }, wanted) => {
      const named = scopes ?? scopeSchema.options;
      const admin = role === 'admin' && named.includes('admin');
      const given = scopes ? named.includes(wanted) : wanted !== 'metrics';
      expect(mayUse({ role, scopes }, wanted)).toBe(admin || (wanted !== 'admin' && given));
    }),
  );
});

test.each([
  [{ role: 'user', scopes: ['admin'] }, 'scopes'],
  [{ role: 'admin', sessions: ['shop'] }, 'sessions'],
  [{ role: 'user', scopes: [] }, 'scopes'],
  [{ role: 'user', scopes: ['everything'] }, 'scopes'],
  [{ role: 'user', rate: { perMinute: 0 } }, 'rate'],
  [{ role: 'user', expiresInSeconds: 1e15 }, 'expiresInSeconds'],
])('a key %j is refused for its %s', (request, path) => {
  const parsed = createKeyRequestSchema.safeParse({ userId: 'ann', ...request });
  expect(parsed.error?.issues[0]?.path[0]).toBe(path);
});
