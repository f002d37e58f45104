/** Callers of the API that disconnect, and functions that do not return: the waiting side is notified. */
import { afterEach, expect, test } from 'vitest';
import type { AccessEntry } from '../../../local/api/http-api.ts';
import { type ApiListener, openApi } from '../../../local/api/server.ts';
import { UNTHROTTLED } from '../../../local/api/throttle.ts';
import { type InvokeResult, ThrottledError } from '../../../local/runtime/pool.ts';

type Invocation = { readonly name: string; readonly signal: AbortSignal | undefined };

let api: ApiListener | undefined;
let access: AccessEntry[] = [];
afterEach(async () => {
  await api?.close(0);
  access = [];
});

const start = async (invoke: (call: Invocation) => Promise<InvokeResult>, timeoutMs: number) => {
  api = await openApi(0);
  api.serve({
    api: {
      id: 'api1',
      url: api.url,
      throttles: UNTHROTTLED,
      cors: undefined,
      routes: [
        {
          id: 'r',
          method: 'GET',
          path: '/wait',
          functionName: 'waits',
          timeoutMs,
          authorizer: {
            id: 'auth1',
            functionName: 'authorizer',
            identitySources: [],
            ttlSeconds: 0,
            simpleResponses: true,
          },
        },
      ],
    },
    permissions: ['waits', 'authorizer'].map((functionName) => ({
      functionName,
      principal: 'apigateway.amazonaws.com',
      sourceArn: undefined,
    })),
    invoke: (name, _event, signal) => invoke({ name, signal }),
    clock: Date.now,
    onAccess: (entry) => access.push(entry),
  });
  return `${api.url}/wait`;
};

const allowed: InvokeResult = { ok: true, requestId: 'r', payload: '{"isAuthorized":true}' };

test.each(['authorizer', 'waits'])('a caller that disconnects while %s works is noticed', async (which) => {
  const begun = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  const url = await start(async ({ name, signal }) => {
    if (name !== which) return allowed;
    signal?.addEventListener('abort', () => gone.resolve());
    begun.resolve();
    return new Promise<InvokeResult>(() => {});
  }, 60_000);
  const caller = new AbortController();
  const call = fetch(url, { signal: caller.signal });
  const ended = expect(call).rejects.toThrow();
  await begun.promise;
  caller.abort();
  await ended;
  await gone.promise;
  await expect.poll(() => access).toMatchObject([{ error: 'the caller went away' }]);
});

test('a function that does not come back is given up at the limit of its route', async () => {
  const gone = Promise.withResolvers<void>();
  const url = await start(async ({ name, signal }) => {
    if (name === 'authorizer') return allowed;
    signal?.addEventListener('abort', () => gone.resolve());
    return new Promise<InvokeResult>(() => {});
  }, 50);
  expect((await fetch(url)).status).toBe(503);
  await gone.promise;
  expect(access).toMatchObject([{ status: 503, error: 'waits was too slow' }]);
});

test('an authorizer that has no instance free is a 503, which may be repeated, and not a 500', async () => {
  const url = await start(async () => {
    throw new ThrottledError('the authorizer has no instance free');
  }, 60_000);
  expect((await fetch(url)).status).toBe(503);
});
