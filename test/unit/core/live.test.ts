import { describe, expect, test } from 'vitest';
import { ALL_USERS, EVENTS_MISSED, LIVE_LIMITS, liveQuerySchema } from '../../../contract/bodies/live.ts';
import { RELEASE } from '../../../contract/release.ts';
import type { Scope } from '../../../contract/scopes.ts';
import { type ApiKey, apiKeyById, createApiKey, deleteApiKey } from '../../../core/access/keys.ts';
import { connectionKey, liveLogPartition } from '../../../core/items.ts';
import { connect, createTicket, redeemTicket } from '../../../core/live/connect.ts';
import { connectionsOf, removeConnection } from '../../../core/live/connections.ts';
import { fanOut } from '../../../core/live/fan-out.ts';
import { publishLive } from '../../../core/live/publish.ts';
import { isFor, mayFollow, scopeOf } from '../../../core/live/rights.ts';
import { eraseFromLog, LIVE_KEEP_MS, readTopic } from '../../../core/live/topics.ts';
import type { PostOutcome } from '../../../core/ports.ts';
import { StoreUnavailable } from '../../../core/store.ts';
import { admittedSession, USER } from './session.ts';
import { type TestSystem, testSystem } from './test-system.ts';

/** Opens once in a while: connections as a gateway has them. */
class Gateway {
  readonly sent = new Map<string, Record<string, unknown>[]>();
  readonly closed: string[] = [];
  /** The results of the next posts, by connection. */
  readonly outcomes = new Map<string, PostOutcome[]>();
  closes = true;
  /** Runs before each post. */
  before: () => Promise<void> = async () => {};

  readonly post = async (id: string, message: string): Promise<PostOutcome> => {
    await this.before();
    const outcome = this.outcomes.get(id)?.shift() ?? 'sent';
    if (outcome === 'sent') {
      const all = this.sent.get(id) ?? [];
      this.sent.set(id, [...all, JSON.parse(message)]);
    }
    return outcome;
  };
  readonly close = async (id: string): Promise<boolean> => {
    if (this.closes) this.closed.push(id);
    return this.closes;
  };
  ids(id: string): unknown[] {
    return (this.sent.get(id) ?? []).map((message) => message.id);
  }
}

type Change = Partial<Pick<ApiKey, 'role' | 'scopes' | 'sessions'>>;

const holderOf = async (system: TestSystem, change: Change = {}, userId = USER) => {
  const { id } = await createApiKey(system.deps, { userId, role: 'user', ...change });
  const key = await apiKeyById(system.deps, id);
  if (!key) throw new Error('the key is not there');
  return { ...key, keyId: id };
};

const open = (
  system: TestSystem,
  id: string,
  holder: Awaited<ReturnType<typeof holderOf>>,
  parameters: Record<string, string[]> = {},
) => connect(system.deps, id, holder, liveQuerySchema.parse(parameters));

const message = (id: string, event = 'message', payload: Record<string, unknown> = { body: id }) => ({
  id,
  timestamp: 1,
  event,
  payload,
});
const about = { sessionId: 'ses_a', userId: USER, name: 'a', me: null, metadata: { tier: 'gold' } };
const publish = (system: TestSystem, events: ReturnType<typeof message>[], whose = about) =>
  publishLive(system.deps, whose, events);

const serve = (system: TestSystem, gateway: Gateway, topic = USER) =>
  fanOut({ ...system.deps, connections: gateway }, topic, system.now + 60_000);

test('a connection gets what happens from now on, as webhooks get it, with a cursor', async () => {
  const system = testSystem();
  const gateway = new Gateway();
  await publish(system, [message('before')]);
  await open(system, 'c1', await holderOf(system));
  await publish(system, [message('one'), message('two')]);
  expect(system.woken).toEqual([USER]);
  expect(await serve(system, gateway)).toBe('done');
  expect(gateway.sent.get('c1')).toEqual([
    {
      ...{ id: 'one', timestamp: 1, event: 'message', session: 'a', metadata: { tier: 'gold' }, me: null },
      ...{
        payload: { body: 'one' },
        environment: { ...RELEASE, name: 'local' },
        engine: 'WEBJS',
        cursor: '2',
      },
    },
    expect.objectContaining({ id: 'two', cursor: '3' }),
  ]);
  await serve(system, gateway);
  expect(gateway.ids('c1')).toEqual(['one', 'two']);
});

test('without a watcher, an event costs a read and writes nothing', async () => {
  const system = testSystem();
  await publish(system, [message('one')]);
  expect([...system.table.items()]).toEqual([]);
  expect(system.woken).toEqual([]);
});

describe('a reader that comes back', () => {
  test('gets everything behind its cursor and nothing twice', async () => {
    const system = testSystem();
    const gateway = new Gateway();
    const holder = await holderOf(system);
    const { cursor } = await createTicket(system.deps, holder, undefined);
    await publish(system, [message('one')]);
    await open(system, 'c1', holder, { after: [cursor] });
    await serve(system, gateway);
    await removeConnection(system.deps, { topic: USER, id: 'c1' });
    await publish(system, [message('two')]);
    system.now += LIVE_KEEP_MS / 2;
    await publish(system, [message('three')]);
    const last = String(gateway.sent.get('c1')?.at(-1)?.cursor);
    await open(system, 'c2', holder, { after: [last] });
    await serve(system, gateway);
    expect([gateway.ids('c1'), gateway.ids('c2')]).toEqual([['one'], ['two', 'three']]);
    expect(system.woken.slice(-1)).toEqual([USER]);
  });

  test('after more than the log keeps gets a message that events are missing', async () => {
    const system = testSystem();
    const gateway = new Gateway();
    const holder = await holderOf(system);
    const { cursor } = await createTicket(system.deps, holder, undefined);
    // The last connection ended long ago, so nothing was written meanwhile.
    system.now += LIVE_LIMITS.durationMs + 2 * LIVE_KEEP_MS;
    await publish(system, [message('lost')]);
    await open(system, 'c1', holder, { after: [cursor] });
    await publish(system, [message('one')]);
    await serve(system, gateway);
    expect(gateway.sent.get('c1')).toMatchObject([{ event: EVENTS_MISSED, session: '*' }, { id: 'one' }]);
    await open(system, 'c2', holder, { after: [String(gateway.sent.get('c1')?.[0]?.cursor)] });
  });

  test('gets it as well if old entries have been removed', async () => {
    const system = testSystem();
    const gateway = new Gateway();
    const holder = await holderOf(system);
    const { cursor } = await createTicket(system.deps, holder, undefined);
    await publish(system, [message('one'), message('two')]);
    const [, second] = (await system.deps.store.query({ partition: liveLogPartition(USER), limit: 9 })).items;
    await system.deps.store.write({
      kind: 'delete',
      key: { pk: String(second?.pk), sk: String(second?.sk) },
    });
    await open(system, 'c1', holder, { after: [cursor] });
    await serve(system, gateway);
    expect(gateway.sent.get('c1')).toMatchObject([{ event: EVENTS_MISSED }, { id: 'two' }]);
  });

  test('with a cursor that was never given out is refused', async () => {
    const system = testSystem();
    await expect(open(system, 'c1', await holderOf(system), { after: ['99999'] })).rejects.toMatchObject({
      code: 'malformed',
    });
    expect(await connectionsOf(system.deps, USER)).toEqual([]);
  });
});

test('writers at once lose nothing and leave no gap', async () => {
  const system = testSystem();
  const gateway = new Gateway();
  await open(system, 'c1', await holderOf(system));
  const names = Array.from({ length: 20 }, (_, i) => `e${i}`);
  await Promise.all(names.map((name) => publish(system, [message(name)])));
  await serve(system, gateway);
  expect(gateway.ids('c1').toSorted()).toEqual(names.toSorted());
});

test('an event that comes while a pass is under way is sent by it or by the next one, once and in order', async () => {
  const system = testSystem();
  const gateway = new Gateway();
  await open(system, 'c1', await holderOf(system));
  let count = 0;
  gateway.before = async () => {
    count += 1;
    if (count < 4) await publish(system, [message(`late${count}`)]);
  };
  await publish(system, [message('first')]);
  await serve(system, gateway);
  await serve(system, gateway);
  expect(gateway.ids('c1')).toEqual(['first', 'late1', 'late2', 'late3']);
});

describe('posts that do not succeed', () => {
  test('a connection that is just opening is tried again', async () => {
    const system = testSystem();
    const gateway = new Gateway();
    await open(system, 'c1', await holderOf(system));
    await publish(system, [message('one')]);
    gateway.outcomes.set('c1', ['gone']);
    expect(await serve(system, gateway)).toBe('again');
    expect(await serve(system, gateway)).toBe('done');
    expect(gateway.ids('c1')).toEqual(['one']);
  });

  test('one that is gone later is removed, and nothing is written for it after an hour', async () => {
    const system = testSystem();
    const gateway = new Gateway();
    await open(system, 'c1', await holderOf(system));
    system.now += 60_000;
    await publish(system, [message('one')]);
    gateway.outcomes.set('c1', ['gone']);
    expect(await serve(system, gateway)).toBe('done');
    expect(await connectionsOf(system.deps, USER)).toEqual([]);
    expect((await readTopic(system.deps, USER)).watchedUntil).toBe(system.now + LIVE_KEEP_MS);
  });

  test('a slow client is closed, and only then forgotten', async () => {
    const system = testSystem();
    const gateway = new Gateway();
    await open(system, 'slow', await holderOf(system));
    await open(system, 'quick', await holderOf(system));
    await publish(system, [message('one')]);
    gateway.closes = false;
    gateway.outcomes.set('slow', ['slow', 'slow']);
    expect(await serve(system, gateway)).toBe('again');
    expect((await connectionsOf(system.deps, USER)).map(({ id }) => id).sort()).toEqual(['quick', 'slow']);
    gateway.closes = true;
    expect(await serve(system, gateway)).toBe('done');
    expect(gateway.closed).toEqual(['slow']);
    expect((await connectionsOf(system.deps, USER)).map(({ id }) => id)).toEqual(['quick']);
    expect(gateway.ids('quick')).toEqual(['one']);
  });

  test('after an unclear answer a message may come again, and none is left out', async () => {
    const system = testSystem();
    const gateway = new Gateway();
    await open(system, 'c1', await holderOf(system));
    await publish(system, [message('one'), message('two')]);
    gateway.outcomes.set('c1', ['sent', 'unknown']);
    expect(await serve(system, gateway)).toBe('again');
    expect(await serve(system, gateway)).toBe('done');
    expect(gateway.ids('c1')).toEqual(['one', 'two']);
  });

  test('a pass ends when its time has passed, and the next one continues', async () => {
    const system = testSystem();
    const gateway = new Gateway();
    await open(system, 'c1', await holderOf(system));
    await publish(system, [message('one'), message('two')]);
    gateway.before = async () => {
      system.now += 100_000;
    };
    expect(await serve(system, gateway)).toBe('again');
    expect(gateway.ids('c1')).toEqual(['one']);
    gateway.before = async () => {};
    expect(await serve(system, gateway)).toBe('done');
    expect(gateway.ids('c1')).toEqual(['one', 'two']);
  });
});

describe('rights', () => {
  const scopes = (...all: Scope[]): Change => ({ scopes: all });

  test.each([
    ['session.status', 'sessions:read'],
    ['session.code', 'sessions:write'],
    ['message', 'messages:read'],
    ['group.v2.update', 'messages:read'],
  ])('%s needs %s', (event, scope) => expect(scopeOf(event)).toBe(scope));

  test('a key is sent what its scopes allow', async () => {
    const system = testSystem();
    const gateway = new Gateway();
    await open(system, 'sessions', await holderOf(system, scopes('sessions:read')));
    await open(system, 'messages', await holderOf(system, scopes('messages:read')));
    await publish(system, [message('m'), message('s', 'session.status'), message('c', 'session.code')]);
    await serve(system, gateway);
    expect([gateway.ids('sessions'), gateway.ids('messages')]).toEqual([['s'], ['m']]);
  });

  test('asking for nothing that the key may see is refused', async () => {
    const system = testSystem();
    const holder = await holderOf(system, scopes('sessions:read'));
    await expect(open(system, 'c1', holder, { events: ['message'] })).rejects.toMatchObject({
      code: 'forbidden',
    });
    await expect(open(system, 'c1', await holderOf(system, scopes('messages:send')))).rejects.toMatchObject({
      code: 'forbidden',
    });
  });

  test('a key of named sessions is sent these alone, and may name no other', async () => {
    const system = testSystem();
    const gateway = new Gateway();
    await admittedSession(system, 'a');
    await admittedSession(system, 'b');
    const holder = await holderOf(system, { sessions: ['a'] });
    await open(system, 'c1', holder);
    await publish(system, [message('of a')]);
    await publish(system, [message('of b')], { ...about, sessionId: 'ses_b', name: 'b' });
    await serve(system, gateway);
    expect(gateway.ids('c1')).toEqual(['of a']);
    await expect(open(system, 'c2', holder, { session: ['b'] })).rejects.toMatchObject({ code: 'not_found' });
  });

  test('a session that is named must exist; others are left out', async () => {
    const system = testSystem();
    const gateway = new Gateway();
    await admittedSession(system, 'a');
    const holder = await holderOf(system);
    await expect(open(system, 'c1', holder, { session: ['a', 'nope'] })).rejects.toMatchObject({
      code: 'not_found',
    });
    await open(system, 'c1', holder, { session: ['a'], events: ['message,session.status'] });
    await publish(system, [message('m'), message('ack', 'message.ack')]);
    await publish(system, [message('of b')], { ...about, name: 'b' });
    await serve(system, gateway);
    expect(gateway.ids('c1')).toEqual(['m']);
  });

  test('users follow themselves, admins any user, and all users only for session events', async () => {
    const system = testSystem();
    const gateway = new Gateway();
    const holder = await holderOf(system);
    await expect(open(system, 'c1', holder, { userId: ['bob'] })).rejects.toMatchObject({
      code: 'forbidden',
    });
    await expect(createTicket(system.deps, holder, ALL_USERS)).rejects.toMatchObject({
      code: 'forbidden',
    });
    const admin = await holderOf(system, { role: 'admin' }, 'root');
    await open(system, 'of ann', admin, { userId: [USER] });
    await open(system, 'of all', admin, { userId: [ALL_USERS] });
    await publish(system, [message('m'), message('s', 'session.status')]);
    await serve(system, gateway);
    await serve(system, gateway, ALL_USERS);
    expect([gateway.ids('of ann'), gateway.ids('of all')]).toEqual([['m', 's'], ['s']]);
    expect(gateway.sent.get('of all')).toMatchObject([{ userId: USER, session: 'a' }]);
    expect(mayFollow({ ...admin, sessions: ['a'] }, ALL_USERS)).toBe(false);
  });

  test('a key that was revoked ends its connections', async () => {
    const system = testSystem();
    const gateway = new Gateway();
    const holder = await holderOf(system);
    await open(system, 'c1', holder);
    await deleteApiKey(system.deps, holder.keyId);
    await publish(system, [message('one')]);
    expect(await serve(system, gateway)).toBe('done');
    expect([gateway.closed, gateway.ids('c1')]).toEqual([['c1'], []]);
  });

  test("the engine's raw events come only by their name", () => {
    const holder = { userId: USER, role: 'user' as const, scopes: undefined, sessions: undefined };
    const entry = { event: 'engine.event', session: 'a', sessionId: 's', body: '{}' };
    expect(isFor(holder, USER, { sessions: ['*'], events: ['*'] }, entry)).toBe(false);
    expect(isFor(holder, USER, { sessions: ['*'], events: ['*', 'engine.event'] }, entry)).toBe(true);
  });
});

test('the data of a status goes to those who may link an account, and to no reader of all users', async () => {
  const system = testSystem();
  const gateway = new Gateway();
  await open(system, 'may link', await holderOf(system, { scopes: ['sessions:read', 'sessions:write'] }));
  await open(system, 'reads', await holderOf(system, { scopes: ['sessions:read'] }));
  await open(system, 'all', await holderOf(system, { role: 'admin' }, 'root'), { userId: [ALL_USERS] });
  const payload = { name: 'a', status: 'PASSKEY_REQUIRED', data: { challenge: 'abc' } };
  await publish(system, [message('one', 'session.status', payload)]);
  await serve(system, gateway);
  await serve(system, gateway, ALL_USERS);
  expect(gateway.sent.get('may link')).toMatchObject([{ id: 'one', payload }]);
  for (const id of ['reads', 'all'])
    expect(gateway.sent.get(id)?.map((one) => one.payload)).toEqual([
      { name: 'a', status: 'PASSKEY_REQUIRED' },
    ]);
  // Erased with the session, as everything else of it.
  await eraseFromLog(system.deps, USER, 'ses_a');
  expect(JSON.stringify([...system.table.items()])).not.toContain('abc');
});

test('a ticket is good for one connect and for a minute', async () => {
  const system = testSystem();
  const holder = await holderOf(system);
  const { ticket } = await createTicket(system.deps, holder, undefined);
  const [first, second] = await Promise.all([
    redeemTicket(system.deps, ticket),
    redeemTicket(system.deps, ticket),
  ]);
  expect([first?.id, second?.id].filter((id) => id === holder.keyId)).toHaveLength(1);
  const late = await createTicket(system.deps, holder, undefined);
  system.now += 61_000;
  expect(await redeemTicket(system.deps, late.ticket)).toBeUndefined();
  expect(await redeemTicket(system.deps, 'no ticket')).toBeUndefined();
});

test('a user has so many connections at once', async () => {
  const system = testSystem({ connectionsPerUser: 2 });
  const holder = await holderOf(system);
  await open(system, 'c1', holder);
  system.now += 1;
  await open(system, 'c2', holder);
  system.now += 1;
  await expect(open(system, 'c3', holder)).rejects.toMatchObject({
    code: 'too_many',
    extras: { scope: 'connections', limit: 2 },
  });
  expect(await system.deps.store.get(connectionKey(USER, 'c3'))).toBeUndefined();
  await removeConnection(system.deps, { topic: USER, id: 'c1' });
  await open(system, 'c4', holder);
});

test('a connect that fails does not count among those of its user', async () => {
  const system = testSystem({ connectionsPerUser: 1 });
  const holder = await holderOf(system);
  const { cursor } = await createTicket(system.deps, holder, undefined);
  const deps = {
    ...system.deps,
    events: {
      ...system.deps.events,
      wake: async () => {
        throw new StoreUnavailable('the queue does not answer');
      },
    },
  };
  const query = liveQuerySchema.parse({ after: [cursor] });
  await expect(connect(deps, 'c1', holder, query)).rejects.toBeInstanceOf(StoreUnavailable);
  expect(await connectionsOf(system.deps, USER)).toEqual([]);
  await open(system, 'c2', holder);
});

test('a connection counts until it can no longer be open', async () => {
  const system = testSystem({ connectionsPerUser: 1 });
  const holder = await holderOf(system);
  await open(system, 'c1', holder);
  system.now += LIVE_LIMITS.durationMs + 5 * 60_000;
  await open(system, 'c2', holder);
});

test('an event that is too large for a message comes without what makes it so', async () => {
  const system = testSystem();
  const gateway = new Gateway();
  await open(system, 'c1', await holderOf(system));
  const large = 'ä'.repeat(LIVE_LIMITS.messageBytes / 2);
  await publish(system, [
    message('raw', 'message', { body: 'text', _data: { large } }),
    message('huge', 'message', { body: large }),
  ]);
  await serve(system, gateway);
  expect(gateway.sent.get('c1')).toMatchObject([
    { id: 'raw', payload: { body: 'text' }, omitted: ['payload._data'] },
    { id: 'huge', payload: {}, omitted: ['payload'] },
  ]);
});

test('what was erased of a session is not sent', async () => {
  const system = testSystem();
  const gateway = new Gateway();
  await open(system, 'c1', await holderOf(system));
  await publish(system, [message('of a')]);
  await publish(system, [message('of b')], { ...about, sessionId: 'ses_b', name: 'b' });
  expect(await eraseFromLog(system.deps, USER, 'ses_a')).toBe(1);
  await serve(system, gateway);
  expect(gateway.ids('c1')).toEqual(['of b']);
});
