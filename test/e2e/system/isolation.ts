/**
 * No user sees or changes what belongs to another user: tested for every operation in the table, by its shape, so that one that is
 * added is asked too. One that fits no shape fails the suite until it is named here.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { createClient } from '../../../client/index.ts';
import { problemSchema } from '../../../contract/errors.ts';
import type { Operation } from '../../../contract/operation.ts';
import { UNSUPPORTED_OPERATIONS } from '../../../contract/operations/unsupported.ts';
import { OPERATIONS } from '../../../contract/routes.ts';
import { scopeSchema } from '../../../contract/scopes.ts';
import { sampleOf } from '../../helpers/sample.ts';
import type { System } from '../../helpers/system.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../../helpers/webhook-receiver.ts';

type Kind = 'open' | 'worker' | 'admin' | 'session' | 'listing' | 'own' | 'refused';

/** Neither about a session that exists nor a listing: how they are separated, and which test shows it. */
const OWN: Readonly<Record<string, string>> = {
  createLiveTicket: 'live.ts and test/unit/core/live.test.ts: what a connection may follow',
  createSession: 'below: the same name and the same Idempotency-Key are two sessions',
  startSessionByName: 'below: a key that is not for the session cannot start it',
  logoutSessionByName: 'below: as deleting a session',
  getCommand: 'wake.ts: the id of another’s command reads as unknown',
};

/** The place in which an operation names its session. */
type Place = 'name' | 'session' | 'body' | 'name in body' | 'query';
const placeOf = ({ path, body, query }: Operation): Place | undefined => {
  if (path.includes('{session}')) return 'session';
  if (path.startsWith('/api/sessions/{name}')) return 'name';
  if (body instanceof z.ZodObject && 'session' in body.shape) return 'body';
  if (path.startsWith('/api/sessions/') && body instanceof z.ZodObject && 'name' in body.shape)
    return 'name in body';
  return query && 'session' in query.shape ? 'query' : undefined;
};

const kindOf = (operation: Operation): Kind | undefined => {
  if (operation.auth === 'none') return 'open';
  if (operation.auth === 'worker' || operation.auth === 'admin') return operation.auth;
  if (operation.id in OWN) return 'own';
  if (placeOf(operation)) return 'session';
  // Operations that the engine does not support, for any session.
  if (operation.id in UNSUPPORTED_OPERATIONS) return 'refused';
  return operation.method === 'GET' && !operation.path.includes('{') ? 'listing' : undefined;
};

const of = (kind: Kind) => OPERATIONS.filter((operation) => kindOf(operation) === kind);
const title = ({ method, path }: Operation) => `${method} ${path}`;

type Asked = { readonly key: string; readonly session?: string; readonly userId?: string };

/** The URL of the operation for a session, with all other parameters that its schemas require. */
const addressOf = (operation: Operation, { session = 'x', userId }: Omit<Asked, 'key'>): string => {
  const { params, query } = operation;
  const segments = params ? texts(sampleOf(params, pick(params, { name: session, session }))) : {};
  const known = {
    ...(placeOf(operation) === 'query' ? { session } : {}),
    // All that happened so far, at once.
    ...(operation.id === 'followEvents' ? { after: '0', wait: 0 } : {}),
  };
  const asked = query ? texts(sampleOf(query, known)) : {};
  const search = new URLSearchParams({ ...asked, ...(userId === undefined ? {} : { userId }) });
  const path = operation.path.replace(/\{(\w+)\+?\}/g, (_, name) =>
    encodeURIComponent(segments[name] ?? 'x'),
  );
  return search.size > 0 ? `${path}?${search}` : path;
};

const bodyOf = (operation: Operation, session = 'x'): { body?: unknown } =>
  operation.body ? { body: sampleOf(operation.body, namedInBody(operation, session)) } : {};

const namedInBody = (operation: Operation, session: string): Record<string, string> => {
  const place = placeOf(operation);
  if (place === 'name in body') return { name: session };
  return place === 'body' ? { session } : {};
};

const pick = (schema: z.ZodObject, known: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(known).filter(([name]) => name in schema.shape));

const texts = (sample: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(z.record(z.string(), z.unknown()).parse(sample)).map(([k, v]) => [k, String(v)]),
  );

const HERS = 'of-olga-only';
const NOWHERE = 'no-such-thing';

/** For a system that launches nothing by itself: the tests take its capacity away and give it back. */
export const isolation = (systemOf: () => System): void => {
  const keys = { olga: '', paul: '', limited: '', reader: '' };
  const without = new Map<string, string>();
  let system: System;

  const ask = async (operation: Operation, { key, ...about }: Asked) => {
    const body = bodyOf(operation, about.session);
    const answer = await system.call(operation.method, addressOf(operation, about), { key, ...body });
    return { status: answer.status, text: await answer.text() };
  };
  /** A refusal without what names the request itself. */
  const refusal = async (operation: Operation, asked: Asked) => {
    const { status, text } = await ask(operation, asked);
    const { data, success } = problemSchema.safeParse(JSON.parse(text));
    if (!success) throw new Error(`not a problem document: ${status} ${text}`);
    const { requestId: _id, instance: _path, message: _detail, ...said } = data;
    return { ...said, detail: said.detail.replaceAll(asked.session ?? '', '…') };
  };
  /** A session of Olga's to do things to; what was deleted is made again. */
  const makeProbe = async () => {
    const body = { name: 'probe', start: false };
    const { status } = await system.call('POST', '/api/sessions', { key: keys.olga, body });
    expect([201, 422]).toContain(status);
  };
  const client = (key: string) => createClient({ baseUrl: system.stack.url, apiKey: key });

  beforeAll(async () => {
    system = systemOf();
    const make = async (request: Parameters<System['berth']['keys']['create']>[0]) =>
      (await system.berth.keys.create(request)).key;
    keys.olga = await make({ userId: 'olga' });
    keys.paul = await make({ userId: 'paul' });
    keys.limited = await make({ userId: 'olga', sessions: ['open'] });
    keys.reader = await make({ userId: 'rosa', role: 'admin', scopes: ['sessions:read', 'messages:read'] });
    for (const scope of scopeSchema.options)
      without.set(
        scope,
        await make({
          userId: 'olga',
          scopes: scopeSchema.options.filter((s) => s !== scope && s !== 'admin'),
        }),
      );
    system.stack.faults.ecs.capacity(1_000_000, { as: 'failure' });
    const olga = client(keys.olga);
    await olga.sessions.create({ name: HERS, config: { metadata: { of: 'olga' } } });
    await olga.sessions.create({ name: 'open', start: false });
    await client(keys.paul).sessions.create({ name: 'open', start: false });
    await system.berth.limits.set({ user: { userId: 'olga', limit: 1 } });
  });

  afterAll(async () => {
    await makeProbe();
    system.stack.faults.ecs.clear();
    for (const [key, name] of [
      [keys.olga, HERS],
      [keys.olga, 'open'],
      [keys.olga, 'probe'],
      [keys.paul, 'open'],
    ] as const)
      await client(key).sessions.delete(name);
  });

  test('every operation is of a kind that is tested below', () => {
    expect(OPERATIONS.filter((operation) => kindOf(operation) === undefined).map(title)).toEqual([]);
    expect(Object.keys(OWN).filter((id) => !OPERATIONS.some((o) => o.id === id))).toEqual([]);
  });

  /** As WAHA has it, deleting what is not there is done: what is another's is not there either. */
  const bySession = of('session').filter(({ id }) => id !== 'deleteSession');

  const operationOf = (id: string): Operation => {
    const found = OPERATIONS.find((operation) => operation.id === id);
    if (found === undefined) throw new Error(`there is no operation ${id}`);
    return found;
  };

  test.each([
    ['deleteSession', 200],
    ['logoutSessionByName', 201],
  ])('%s of another’s session is answered as that of none, and deletes nothing', async (id, done) => {
    const operation = operationOf(id);
    const before = await client(keys.olga).sessions.get(HERS);
    for (const session of [HERS, NOWHERE]) {
      expect(await ask(operation, { key: keys.paul, session })).toMatchObject({ status: done });
      expect(await ask(operation, { key: keys.limited, session })).toMatchObject({ status: 404 });
      expect(await ask(operation, { key: keys.paul, session, userId: 'olga' })).toMatchObject({
        status: 403,
      });
    }
    expect(await client(keys.olga).sessions.get(HERS)).toEqual(before);
  });

  test('a key that is not for a session cannot start it by its name, nor create one', async () => {
    const operation = operationOf('startSessionByName');
    for (const session of [HERS, NOWHERE]) {
      expect(await ask(operation, { key: keys.limited, session })).toMatchObject({ status: 404 });
      expect(await ask(operation, { key: keys.paul, session, userId: 'olga' })).toMatchObject({
        status: 403,
      });
    }
    await expect(client(keys.olga).sessions.get(NOWHERE)).rejects.toMatchObject({ status: 404 });
  });

  test.each(of('refused').map((operation) => [title(operation), operation] as const))(
    '%s: is refused with the reason alone',
    async (_, operation) => {
      const { status, text } = await ask(operation, { key: keys.limited });
      expect(status).toBe(501);
      expect(text).not.toContain('olga');
    },
  );

  test.each(bySession.map((operation) => [title(operation), operation] as const))(
    '%s: another’s session reads as none',
    async (_, operation) => {
      const before = await client(keys.olga).sessions.get(HERS);
      const unknown = await refusal(operation, { key: keys.paul, session: NOWHERE });
      expect(unknown).toMatchObject({ status: 404 });
      const answers = await Promise.all([
        refusal(operation, { key: keys.paul, session: HERS }),
        refusal(operation, { key: keys.limited, session: HERS }),
        refusal(operation, { key: keys.limited, session: NOWHERE }),
      ]);
      expect(answers).toEqual([unknown, unknown, unknown]);
      const [existing, none] = await Promise.all(
        [HERS, NOWHERE].map((session) => refusal(operation, { key: keys.paul, session, userId: 'olga' })),
      );
      expect(existing).toMatchObject({ status: 403 });
      expect(existing).toEqual(none);
      expect(await refusal(operation, { key: keys.limited, session: 'open', userId: 'paul' })).toMatchObject({
        status: 403,
      });
      expect(await client(keys.olga).sessions.get(HERS)).toEqual(before);
    },
  );

  test.each(of('session').map((operation) => [title(operation), operation] as const))(
    '%s: an admin who names the owner reaches it, and no caller reaches it without naming one',
    async (_, operation) => {
      await makeProbe();
      const reached = await ask(operation, { key: system.adminKey, session: 'probe', userId: 'olga' });
      expect(reached.status, reached.text).not.toBe(404);
      expect(reached.status, reached.text).not.toBe(403);
      // 501: the engine does not support it, for any session.
      if (reached.status !== 501) expect(reached.status, reached.text).toBeLessThan(500);
      const own = await ask(operation, { key: system.adminKey, session: HERS });
      expect(own.status).toBe(operation.id === 'deleteSession' ? 200 : 404);
    },
  );

  test.each(of('listing').map((operation) => [title(operation), operation] as const))(
    '%s: names nothing of another’s, nor what the key is not for',
    async (_, operation) => {
      const paul = await ask(operation, { key: keys.paul });
      expect(paul.status).toBeLessThan(500);
      expect(paul.text).not.toContain('olga');
      const limited = await ask(operation, { key: keys.limited });
      expect(limited.status).toBeLessThan(500);
      expect(limited.text).not.toContain(HERS);
      expect((await ask(operation, { key: keys.paul, userId: 'olga' })).text).not.toContain(HERS);
    },
  );

  test.each([...of('session'), ...of('listing'), ...of('own')].map((o) => [title(o), o] as const))(
    '%s: needs the scope that it is for, and a key',
    async (_, operation) => {
      expect(await refusal(operation, { key: '', session: 'open' })).toMatchObject({ status: 401 });
      const scope = operation.scope;
      if (!scope) return;
      const key = without.get(scope) ?? '';
      expect(await refusal(operation, { key, session: 'open' })).toMatchObject({
        status: 403,
        detail: expect.stringContaining(scope),
      });
    },
  );

  test.each(of('admin').map((operation) => [title(operation), operation] as const))(
    '%s: is for admin keys, and not for those whose scopes leave it out',
    async (_, operation) => {
      for (const key of [keys.olga, keys.limited, keys.reader])
        expect(await refusal(operation, { key })).toMatchObject({ status: 403 });
      expect(await refusal(operation, { key: '' })).toMatchObject({ status: 401 });
    },
  );

  test.each(of('worker').map((operation) => [title(operation), operation] as const))(
    '%s: no API key opens it',
    async (_, operation) => {
      for (const key of [keys.olga, system.adminKey]) {
        const headers = { authorization: `Bearer ${key}` };
        const { status } = await system.call(operation.method, operation.path, { key, headers, body: {} });
        expect([400, 401]).toContain(status);
      }
    },
  );

  test.each(of('open').map((operation) => [title(operation), operation] as const))(
    '%s: returns no user’s data',
    async (_, operation) => {
      const url = `${system.stack.url}${addressOf(operation, {})}`;
      const answer = await fetch(url, { method: operation.method, redirect: 'manual' });
      expect(answer.status).toBeLessThan(500);
      expect(await answer.text()).not.toMatch(/olga|paul/);
    },
  );

  describe('two users with the same names', () => {
    const receivers: WebhookReceiver[] = [];
    beforeAll(async () => {
      receivers.push(await startWebhookReceiver(), await startWebhookReceiver());
      return () => Promise.all(receivers.map((receiver) => receiver.close()));
    });

    test('have two sessions for one name and one Idempotency-Key, each with its own events and webhooks', async () => {
      await system.berth.limits.set({ user: { userId: 'olga', limit: null } });
      const people = [
        ['olga', keys.olga, receivers[0]],
        ['paul', keys.paul, receivers[1]],
      ] as const;
      for (const [of, key, receiver] of people) {
        const webhooks = [{ url: receiver?.url ?? '', events: ['*' as const] }];
        const request = { name: 'twin', config: { metadata: { of }, webhooks } };
        const made = await client(key).sessions.create(request, { idempotencyKey: 'one-key' });
        expect(made).toMatchObject({ userId: of, config: { metadata: { of } } });
      }
      const eventIds = await Promise.all(
        people.map(async ([of, key, receiver]) => {
          const admitted = await receiver?.event(({ event }) => event === 'session.admitted');
          expect(admitted?.metadata).toEqual({ of });
          expect(new Set(receiver?.received.map(({ metadata }) => metadata.of))).toEqual(new Set([of]));
          return (await client(key).sessions.events('twin')).map(({ id }) => id);
        }),
      );
      expect(eventIds.flat()).toHaveLength(new Set(eventIds.flat()).size);
      for (const [, key] of people) await client(key).sessions.delete('twin');
    });

    test('can’t turn the page of the other’s list', async () => {
      const first = await system.call('GET', '/api/sessions?all=true&limit=1', { key: keys.olga });
      const cursor = first.headers.get('x-next-cursor') ?? '';
      expect(cursor).not.toBe('');
      const stolen = await system.call('GET', `/api/sessions?all=true&cursor=${cursor}`, { key: keys.paul });
      expect(stolen.status).toBeLessThan(500);
      expect(await stolen.text()).not.toContain('olga');
    });
  });
};
