import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  ApiError,
  type Client,
  type ClientOptions,
  createClient,
  UnexpectedAnswerError,
  UnreachableError,
  WaitTimeoutError,
} from '../../../client/index.ts';
import { OPERATIONS } from '../../../contract/routes.ts';
import { API_KEY, FakeApi, message, refuse, WORKING } from './fake-api.ts';

let api: FakeApi;
let pauses: number[];
let client: Client;

const connect = (options: Partial<ClientOptions> = {}): Client =>
  createClient({
    baseUrl: api.url,
    apiKey: API_KEY,
    random: () => 0.5,
    sleep: async (ms) => {
      pauses.push(ms);
    },
    ...options,
  });

beforeEach(async () => {
  api = new FakeApi();
  await api.start();
  pauses = [];
  client = connect();
});
afterEach(() => api.stop());

const failure = async (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => expect.unreachable('the call must fail'),
    (error: unknown) => error,
  );

describe('every method', () => {
  const everything = async () => {
    api.set('shop', { status: 'SCAN_QR_CODE' });
    await client.ping();
    await client.health();
    await client.stats();
    await client.statsHistory({ hours: 12 });
    await client.me();
    await client.signIn(API_KEY);
    await client.signOut();
    await client.limits.get();
    await client.limits.set({ global: 10 });
    await client.cleanup({ dryRun: true });
    await client.keys.list();
    await client.keys.create({ userId: 'anna' });
    await client.keys.delete('k1');
    await client.sessions.create({ name: 'other' });
    await client.sessions.list().next();
    await client.sessions.get('shop');
    await client.sessions.me('shop');
    await client.sessions.events('shop');
    await client.auth.qr('shop');
    await client.auth.qrPng('shop');
    await client.auth.qrSvg('shop');
    await client.auth.requestCode('shop', '+49 170 1234567');
    await client.messages.sendText({ session: 'shop', chatId: '15550002222@c.us', text: 'hi' });
    await client.sessions.update('shop', { config: { metadata: { team: 'sales' } } });
    await client.sessions.start('shop');
    await client.sessions.restart('shop');
    await client.sessions.stop('shop');
    await client.sessions.logout('shop');
    await client.sessions.delete('shop');
  };

  test('calls a route that the API has, and gets an answer of its shape', async () => {
    await everything();
    const routes = OPERATIONS.map(({ method, path }) => ({
      method,
      pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
    }));
    for (const { method, path } of api.seen)
      expect(
        routes.some((route) => route.method === method && route.pattern.test(path)),
        `${method} ${path}`,
      ).toBe(true);
  });

  test('sends the key', async () => {
    await everything();
    expect(new Set(api.seen.map((seen) => seen.key))).toEqual(new Set([API_KEY]));
  });
});

describe('lists', () => {
  test('run over all pages, asking for the next one only when it is wanted', async () => {
    for (let i = 0; i < 5; i++) api.set(`s${i}`);
    const names: string[] = [];
    for await (const session of client.sessions.list({ userId: '*', pageSize: 2 })) {
      names.push(session.name);
      if (names.length === 2) expect(api.calls('GET /api/sessions')).toHaveLength(1);
    }
    expect(names).toEqual(['s0', 's1', 's2', 's3', 's4']);
    expect(api.calls('GET /api/sessions').map((seen) => seen.query)).toEqual([
      { userId: '*', limit: '2' },
      { userId: '*', limit: '2', cursor: '2' },
      { userId: '*', limit: '2', cursor: '4' },
    ]);
  });
});

describe('problems', () => {
  test('come typed, with fields, scope and the time to come back', async () => {
    api.next(
      'POST /api/sessions',
      refuse('too_many', 'You may run 5.', { scope: 'user', limit: 5, active: 5, retryAfterSeconds: 90 }),
    );
    const error = await failure(client.sessions.create({ name: 'shop' }));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      status: 429,
      message: 'You may run 5.',
      retryAfterSeconds: 90,
      problem: { scope: 'user', limit: 5, active: 5 },
    });

    api.next(
      'POST /api/sessions',
      refuse('malformed', 'bad', { errors: [{ path: 'config.webhooks[0].url', message: 'Invalid URL' }] }),
    );
    expect(await failure(client.sessions.create())).toMatchObject({
      problem: { errors: [{ path: 'config.webhooks[0].url', message: 'Invalid URL' }] },
    });
  });

  test('are made from the status if a gateway answered without one', async () => {
    api.next('GET /api/stats', { status: 403, body: { message: 'Forbidden' } });
    expect(await failure(client.stats())).toMatchObject({ status: 403, problem: { status: 403 } });
  });

  test('an answer of another shape is an UnexpectedAnswerError, never a wrong value', async () => {
    api.next('GET /api/stats', { status: 200, body: '<html>hello</html>' });
    expect(await failure(client.stats())).toBeInstanceOf(UnexpectedAnswerError);
  });

  test('a redirect is not followed: it would carry the key elsewhere', async () => {
    api.next('GET /api/stats', { status: 302, headers: { location: `${api.url}/elsewhere` } });
    expect(await failure(client.stats())).toBeInstanceOf(UnexpectedAnswerError);
    expect(api.seen).toHaveLength(1);
  });

  test('a degraded health is an answer', async () => {
    api.next('GET /api/health', {
      status: 503,
      body: { status: 'degraded', activeSessions: 1, maxSessions: 2 },
    });
    expect(await client.health()).toMatchObject({ status: 'degraded' });
    expect(api.seen).toHaveLength(1);
  });
});

describe('repeats', () => {
  test('create is repeated after a lost connection, with the same key, and makes one session', async () => {
    api.next('POST /api/sessions', { status: 0, drop: true });
    api.next('POST /api/sessions', refuse('unavailable', 'busy', { retryAfterSeconds: 1 }));
    const session = await client.sessions.create({ name: 'shop' });
    expect(session.name).toBe('shop');
    const keys = api.calls('POST /api/sessions').map((seen) => seen.idempotencyKey);
    expect(keys).toHaveLength(3);
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(new Set(keys).size).toBe(1);
    expect(pauses).toEqual([100, 1000 + 200]);
  });

  test('two creates have two keys', async () => {
    await client.sessions.create({ name: 'a' });
    await client.sessions.create({ name: 'b' });
    expect(new Set(api.calls('POST /api/sessions').map((seen) => seen.idempotencyKey)).size).toBe(2);
  });

  test.each([{ drop: true, status: 0 }, refuse('unavailable', 'unknown outcome', { retryAfterSeconds: 1 })])(
    'a send whose outcome is unknown is not repeated without an idempotency key ($status)',
    async (reply) => {
      api.next('POST /api/sendText', reply);
      await failure(client.messages.sendText({ session: 'shop', chatId: '15550002222@c.us', text: 'hi' }));
      expect(api.seen).toHaveLength(1);
    },
  );

  test('a send with an idempotency key is repeated under that key', async () => {
    api.next('POST /api/sendText', { drop: true, status: 0 });
    const message = { session: 'shop', chatId: '15550002222@c.us', text: 'hi' };
    await client.messages.sendText(message, { idempotencyKey: 'order-1' });
    expect(api.calls('POST /api/sendText').map((seen) => seen.idempotencyKey)).toEqual([
      'order-1',
      'order-1',
    ]);
  });

  test('a send that wakes is made a key, and repeated under it', async () => {
    api.next('POST /api/sendText', { drop: true, status: 0 });
    const request = { session: 'shop', chatId: '15550002222@c.us', text: 'hi' };
    expect(await client.messages.sendText(request, { wake: true })).toMatchObject({ body: 'hi' });
    const [first, second] = api.calls('POST /api/sendText');
    expect(first).toMatchObject({ query: { wake: 'true' }, idempotencyKey: expect.any(String) });
    expect(second?.idempotencyKey).toBe(first?.idempotencyKey);
  });

  test('a send that outlasts its request resolves with the command, which is waited for', async () => {
    api.next('POST /api/sendText', { status: 202, body: { commandId: 'cmd_1' } });
    const request = { session: 'shop', chatId: '15550002222@c.us', text: 'hi' };
    const sent = await client.messages.sendText(request, { wake: true });
    expect(sent).toEqual({ commandId: 'cmd_1' });
    const view = { id: 'cmd_1', session: 'shop' };
    const result = message('15550002222@c.us', 'hi');
    api.next(
      'GET /api/commands/cmd_1',
      { status: 200, body: { ...view, status: 'pending' } },
      { status: 200, body: { ...view, status: 'done', result } },
    );
    expect(await client.commands.wait('cmd_1')).toEqual(result);
  });

  test.each(['failed', 'unknown'] as const)(
    'a command that is %s rejects with its problem',
    async (status) => {
      const { body: problem } = refuse('worker_timeout', 'no answer');
      api.next('GET /api/commands/cmd_1', {
        status: 200,
        body: { id: 'cmd_1', session: 'shop', status, problem },
      });
      const error = await failure(client.commands.wait('cmd_1'));
      expect(error).toMatchObject({ status: 504, message: 'no answer' });
    },
  );

  test('the rate limit is waited for, for every call', async () => {
    api.next('POST /api/sendText', refuse('too_many', 'slow down', { scope: 'rate', retryAfterSeconds: 2 }));
    await client.messages.sendText({ session: 'shop', chatId: '15550002222@c.us', text: 'hi' });
    expect(pauses).toEqual([2000 + 100]);
  });

  test.each(['global', 'user', 'stored', 'configBytes'] as const)(
    'a %s limit is not: waiting does not lift it',
    async (scope) => {
      api.next('POST /api/sessions', refuse('too_many', 'full', { scope, retryAfterSeconds: 1 }));
      await failure(client.sessions.create());
      expect(api.seen).toHaveLength(1);
    },
  );

  test('a Retry-After of minutes is left to the caller', async () => {
    api.next('GET /api/stats', refuse('unavailable', 'busy', { retryAfterSeconds: 300 }));
    expect(await failure(client.stats())).toMatchObject({ status: 503, retryAfterSeconds: 300 });
    expect(api.seen).toHaveLength(1);
  });

  test('end after the given number', async () => {
    const busy = refuse('unavailable', 'busy');
    api.next('GET /api/stats', busy, busy, busy, busy, busy);
    expect(await failure(connect({ retries: 2 }).stats())).toMatchObject({ status: 503 });
    expect(api.seen).toHaveLength(3);
  });

  test('none begins after the deadline of the call', async () => {
    let now = 0;
    api.next(
      'GET /api/stats',
      refuse('unavailable', 'busy', { retryAfterSeconds: 6 }),
      refuse('unavailable', 'busy', { retryAfterSeconds: 6 }),
    );
    const slow = connect({
      timeoutMs: 10_000,
      clock: () => now,
      sleep: async (ms) => {
        now += ms;
      },
    });
    await failure(slow.stats());
    expect(api.seen).toHaveLength(2);
  });
});

describe('no answer', () => {
  test('a refused connection says so and names the address', async () => {
    const { url } = api;
    const gone = connect({ retries: 0 });
    await api.stop();
    const error = await failure(gone.stats());
    expect(error).toBeInstanceOf(UnreachableError);
    expect(error).toMatchObject({ reason: 'refused', baseUrl: url });
    api = new FakeApi();
    await api.start();
  });

  test('an answer that does not come ends at the deadline', async () => {
    const hangs: typeof fetch = (_, init) =>
      new Promise((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => reject(init.signal?.reason));
      });
    const error = await failure(connect({ fetch: hangs, timeoutMs: 20, retries: 0 }).stats());
    expect(error).toMatchObject({ name: 'UnreachableError', reason: 'timeout' });
  });

  test("the caller's own signal ends a call with its reason", async () => {
    const stop = new AbortController();
    stop.abort(new Error('enough'));
    const error = await failure(client.stats({ signal: stop.signal }));
    expect(error).toMatchObject({ message: 'enough' });
  });

  test('no error, nor its cause, holds the key', async () => {
    const leaky: typeof fetch = () => Promise.reject(new TypeError(`bad header ${API_KEY}`));
    const error = await failure(connect({ fetch: leaky, retries: 0 }).stats());
    expect(error).toBeInstanceOf(UnreachableError);
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(API_KEY);
    expect(() => connect({ apiKey: 'two\r\nlines' })).toThrow(/^apiKey must be/);
  });
});

describe('addresses', () => {
  test('a path in the base URL is kept', async () => {
    await failure(connect({ baseUrl: `${api.url}/stage` }).stats());
    expect(api.seen[0]?.path).toBe('/stage/api/stats');
  });

  test.each(['..', '.', ''])('the name "%s" is refused before it can change the path', async (name) => {
    await expect(client.sessions.delete(name)).rejects.toBeInstanceOf(TypeError);
    await expect(client.sessions.get(name)).rejects.toBeInstanceOf(TypeError);
    await expect(client.sessions.start(name)).rejects.toBeInstanceOf(TypeError);
    expect(api.seen).toEqual([]);
  });

  test('a name can not leave its segment', async () => {
    await failure(client.sessions.get('../limits?x'));
    expect(api.seen[0]?.path).toBe('/api/sessions/..%2Flimits%3Fx');
  });

  test.each(['ftp://x', 'nonsense', 'http://user:pass@127.0.0.1'])(
    'the base URL %s is refused',
    (baseUrl) => {
      expect(() => connect({ baseUrl })).toThrow(TypeError);
    },
  );
});

describe('waiting', () => {
  test('long-polls until the status is reached', async () => {
    api.set('shop', { status: 'STARTING' });
    const steps = [{ status: 'SCAN_QR_CODE' } as const, WORKING];
    const waiting = connect({
      sleep: async () => {
        const step = steps.shift();
        if (step) api.set('shop', step);
      },
    });
    const session = await waiting.sessions.waitForStatus('shop', 'WORKING');
    expect(session.me?.id).toBe('15550001111@c.us');
    const waits = api.calls('GET /api/sessions/shop').map((seen) => seen.query.wait);
    expect(waits).toContain('status!=STARTING');
    expect(waits).toContain('status!=SCAN_QR_CODE');
  });

  test('ends with the last seen state when the time has passed', async () => {
    api.set('shop', { status: 'STARTING' });
    let now = 0;
    const waiting = connect({
      clock: () => now,
      sleep: async () => {
        now += 10_000;
      },
    });
    const error = await failure(waiting.sessions.waitForStatus('shop', ['WORKING'], { timeoutMs: 30_000 }));
    expect(error).toBeInstanceOf(WaitTimeoutError);
    expect(error).toMatchObject({ last: 'STARTING' });
  });
});
