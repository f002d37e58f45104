/**
 * Requests that the API rejects, and its error answers; limits; keys; the dashboard's sign-in. Without a worker if
 * none is needed.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { type Client, createClient } from '../../../client/index.ts';
import { problemSchema } from '../../../contract/errors.ts';
import type { System } from '../../helpers/system.ts';

/** @param open the running system; no session runs there, and the caller has none */
export const refusals = (open: () => System): void => {
  let system: System;
  beforeAll(() => {
    system = open();
  });

  /** The problem that a call is answered with; fails if the answer is not a problem. */
  const problem = async (...call: Parameters<System['call']>) => {
    const answer = await system.call(...call);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    const body = problemSchema.parse(await answer.json());
    expect(body.status).toBe(answer.status);
    expect(body.requestId).not.toBe('');
    return body;
  };

  const clientOf = async (
    userId: string,
    more: { role?: 'user' | 'admin'; sessions?: string[] } = {},
  ): Promise<Client> => {
    const { key } = await system.berth.keys.create({ userId, ...more });
    return createClient({ baseUrl: system.stack.url, apiKey: key });
  };

  describe('bad input is named and changes nothing', () => {
    test('no key and a wrong key are 401', async () => {
      expect(await problem('GET', '/api/sessions', { key: '' })).toMatchObject({ status: 401 });
      expect(await problem('GET', '/api/sessions', { key: 'berth_wrong' })).toMatchObject({ status: 401 });
      expect(
        await problem('POST', '/api/sessions', { key: 'berth_wrong', body: { name: 'x' } }),
      ).toMatchObject({ status: 401 });
    });

    test('an unknown route is 404', async () => {
      expect(await problem('GET', '/api/no/such/route')).toMatchObject({ status: 404 });
    });

    test('malformed JSON is 400, and names the position', async () => {
      const body = await problem('POST', '/api/sessions', { body: '{"name": "x", }' });
      expect(body).toMatchObject({ status: 400, errors: [{ path: 'body' }] });
    });

    test('a wrong field is 400 with its path, and nothing is created', async () => {
      const bodies: [object, string][] = [
        [{ name: 'has space' }, 'name'],
        [{ name: '../etc' }, 'name'],
        [{ name: 'x', start: 'yes' }, 'start'],
        [{ name: 'x', config: { webhooks: [{ url: 'https://example.com' }] } }, 'config.webhooks[0].events'],
        [
          { name: 'x', config: { webhooks: [{ url: 'ftp://example.com', events: ['*'] }] } },
          'config.webhooks[0].url',
        ],
        [{ name: 'x', config: { idleTimeoutSeconds: 1.5 } }, 'config.idleTimeoutSeconds'],
        [{ name: 'x', config: { metadata: { a: 1 } } }, 'config.metadata.a'],
      ];
      for (const [body, path] of bodies) {
        const answer = await problem('POST', '/api/sessions', { body });
        expect(answer, JSON.stringify(body)).toMatchObject({ status: 400 });
        expect(answer.errors?.[0]?.path).toBe(path);
      }
      expect(await problem('GET', '/api/sessions?limit=-1')).toMatchObject({
        status: 400,
        errors: [{ path: 'limit' }],
      });
      // On Berth's own paths an unknown field is rejected.
      expect(await problem('PUT', '/api/limits', { body: { userDefault: 5, gloabl: 1 } })).toMatchObject({
        status: 400,
        errors: [{ path: 'gloabl' }],
      });
      expect((await system.berth.stats()).active).toBe(0);
      expect(await (await system.call('GET', '/api/sessions?all=true')).json()).toEqual([]);
    });

    test('a field that is not known on a path of WAHA is left out and named', async () => {
      const body = { nmae: 'x', start: false, config: { noweb: null, webhooks: [] } };
      const made = await system.call('POST', '/api/sessions?expand=apps', { body });
      const ignored = made.headers.get('x-berth-ignored')?.split(',').sort();
      expect([made.status, ignored]).toEqual([201, ['config.noweb', 'expand', 'nmae']]);
      const { name } = z.looseObject({ name: z.string() }).parse(await made.json());
      expect(name).toMatch(/^session_[0-9a-z]{26}$/);
      for (const _ of ['there', 'gone'])
        expect((await system.call('DELETE', `/api/sessions/${name}`)).status).toBe(200);
      expect(await (await system.call('GET', '/api/sessions?all=true')).json()).toEqual([]);
    });

    test('another content type is 415, a body too large is 413', async () => {
      expect(
        await problem('POST', '/api/sessions', { body: 'name=x', headers: { 'content-type': 'text/plain' } }),
      ).toMatchObject({ status: 415 });
      const answer = await system.call('POST', '/api/sessions', {
        body: { name: 'x'.repeat(11 * 1024 * 1024) },
      });
      expect(answer.status).toBe(413);
    });

    test('a name that exists is 422, and the session stays as it is', async () => {
      const made = await system.berth.sessions.create({
        name: 'twice',
        start: false,
        config: { metadata: { a: 'b' } },
      });
      expect(await problem('POST', '/api/sessions', { body: { name: 'twice' } })).toMatchObject({
        status: 422,
        state: 'STOPPED',
      });
      expect(await system.berth.sessions.get('twice')).toEqual(made);
      await system.berth.sessions.delete('twice');
    });

    test('a command to a session that does not run is 422 and says its status', async () => {
      await system.berth.sessions.create({ name: 'still', start: false });
      const body = { session: 'still', chatId: '491700000009@c.us', text: 'x' };
      expect(await problem('POST', '/api/sendText', { body })).toMatchObject({
        status: 422,
        state: 'STOPPED',
      });
      expect(await problem('GET', '/api/still/auth/qr')).toMatchObject({ status: 422, state: 'STOPPED' });
      await system.berth.sessions.delete('still');
    });
  });

  describe('creating is idempotent', () => {
    test('the same key and body make one session, another body is 422', async () => {
      const headers = { 'idempotency-key': 'create-1' };
      const body = { name: 'idem', start: false };
      const [first, second] = await Promise.all([
        system.call('POST', '/api/sessions', { body, headers }),
        system.call('POST', '/api/sessions', { body, headers }),
      ]);
      expect([first.status, second.status]).toEqual([201, 201]);
      expect(await second.json()).toEqual(await first.json());
      expect(
        await problem('POST', '/api/sessions', { body: { ...body, name: 'other' }, headers }),
      ).toMatchObject({ status: 422 });
      await system.berth.sessions.delete('idem');
    });
  });

  describe('limits', () => {
    test('the user limit refuses with scope, limit, count and Retry-After, and takes no slot', async () => {
      await system.berth.limits.set({ user: { userId: 'ann', limit: 1 } });
      const ann = await clientOf('ann');
      await ann.sessions.create({ name: 'one' });
      await expect(ann.sessions.create({ name: 'two' })).rejects.toMatchObject({
        status: 429,
        retryAfterSeconds: expect.any(Number),
        problem: { scope: 'user', limit: 1, active: 1 },
      });
      expect(await ann.stats()).toMatchObject({ active: 1, limit: 1 });
      await expect(ann.sessions.get('two')).rejects.toMatchObject({ status: 404 });

      await ann.sessions.delete('one');
      await ann.sessions.create({ name: 'two' });
      await ann.sessions.delete('two');
    });

    test('the global limit changes at run time, refuses new admissions and stops no session', async () => {
      const ben = await clientOf('ben');
      await ben.sessions.create({ name: 'one' });
      await system.berth.limits.set({ global: 1 });
      await expect(system.berth.sessions.create({ name: 'mine' })).rejects.toMatchObject({
        status: 429,
        problem: { scope: 'global', limit: 1, active: 1 },
      });
      await system.berth.limits.set({ global: 50 });
      await system.berth.sessions.create({ name: 'mine', start: false });
      await Promise.all([ben.sessions.delete('one'), system.berth.sessions.delete('mine')]);
      expect(await system.berth.stats()).toMatchObject({ active: 0, limit: 50 });
    });

    test('a session that no capacity was found for waits as PENDING, and can be stopped', async () => {
      system.stack.faults.ecs.capacity(100, { as: 'failure' });
      const session = await system.berth.sessions.create({ name: 'patient' });
      expect(session).toMatchObject({ state: 'PENDING', status: 'STARTING' });
      system.stack.faults.ecs.clear();
      await system.berth.sessions.stop('patient');
      expect(await system.berth.sessions.get('patient')).toMatchObject({
        state: 'STOPPED',
        stopReason: 'user',
      });
      await system.berth.sessions.delete('patient');
    });
  });

  describe('requests a minute', () => {
    const passing = async (key: string, calls: number) => {
      const answers = await Promise.all(
        Array.from({ length: calls }, () => system.call('GET', '/api/sessions', { key })),
      );
      return answers.filter(({ status }) => status === 200).length;
    };

    test('of a user are counted over all their keys, and refused with scope, limit and Retry-After', async () => {
      const rate = { perMinute: 1, burst: 3 };
      const view = await system.berth.limits.set({ user: { userId: 'gus', rate } });
      expect(view.user).toMatchObject({ userId: 'gus', rate, ownRate: true });
      const [one, two] = await Promise.all([1, 2].map(() => system.berth.keys.create({ userId: 'gus' })));
      expect(await passing(one?.key ?? '', 5)).toBe(3);
      const refused = await system.call('POST', '/api/sessions', {
        key: two?.key ?? '',
        body: { name: 'x' },
      });
      expect(refused.status).toBe(429);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(1);
      expect(problemSchema.parse(await refused.json())).toMatchObject({ scope: 'rate', limit: 1 });
      await expect(system.berth.sessions.get('x', { userId: 'gus' })).rejects.toMatchObject({ status: 404 });
    });

    test("of a key are counted for it alone, in place of its user's", async () => {
      const own = await system.berth.keys.create({ userId: 'gus', rate: { perMinute: 1, burst: 2 } });
      expect(own.rate).toEqual({ perMinute: 1, burst: 2 });
      expect(await passing(own.key, 4)).toBe(2);
    });
  });

  describe('isolation', () => {
    test("another user's session is 404 for a user, and an admin names its owner", async () => {
      const cyd = await clientOf('cyd');
      const dan = await clientOf('dan');
      await cyd.sessions.create({ name: 'default', start: false });
      await dan.sessions.create({ name: 'default', start: false, config: { metadata: { of: 'dan' } } });
      await dan.sessions.create({ name: 'private', start: false });

      await expect(cyd.sessions.get('private')).rejects.toMatchObject({ status: 404 });
      await expect(cyd.sessions.get('default', { userId: 'dan' })).rejects.toMatchObject({ status: 403 });
      const mine = await Array.fromAsync(cyd.sessions.list({ all: true }));
      expect(mine.map((s) => `${s.userId}/${s.name}`)).toEqual(['cyd/default']);

      expect(await system.berth.sessions.get('default', { userId: 'dan' })).toMatchObject({
        config: { metadata: { of: 'dan' } },
      });
      const all = await Array.fromAsync(system.berth.sessions.list({ all: true, userId: '*', pageSize: 2 }));
      expect(all.map((s) => `${s.userId}/${s.name}`).sort()).toEqual([
        'cyd/default',
        'dan/default',
        'dan/private',
      ]);
      await Promise.all([
        cyd.sessions.delete('default'),
        dan.sessions.delete('default'),
        dan.sessions.delete('private'),
      ]);
    });

    test('a key for named sessions sees no others', async () => {
      const eve = await clientOf('eve');
      const limited = await clientOf('eve', { sessions: ['open'] });
      await eve.sessions.create({ name: 'open', start: false });
      await eve.sessions.create({ name: 'closed', start: false });
      expect(await limited.sessions.get('open')).toMatchObject({ name: 'open' });
      await expect(limited.sessions.get('closed')).rejects.toMatchObject({ status: 404 });
      expect((await Array.fromAsync(limited.sessions.list({ all: true }))).map((s) => s.name)).toEqual([
        'open',
      ]);
      await Promise.all([eve.sessions.delete('open'), eve.sessions.delete('closed')]);
    });

    test('admin routes are 403 for a user, and a revoked key is 401 at once', async () => {
      const fay = await system.berth.keys.create({ userId: 'fay' });
      expect(await problem('PUT', '/api/limits', { key: fay.key, body: { global: 1 } })).toMatchObject({
        status: 403,
      });
      expect(await problem('POST', '/api/cleanup', { key: fay.key, body: {} })).toMatchObject({
        status: 403,
      });
      expect(await problem('GET', '/api/keys', { key: fay.key })).toMatchObject({ status: 403 });
      expect(
        await problem('POST', '/api/sessions', {
          key: fay.key,
          body: { name: 'x', config: { keepAlive: true } },
        }),
      ).toMatchObject({ status: 403 });
      expect((await system.berth.keys.list()).find((k) => k.id === fay.id)).not.toHaveProperty('key');
      await system.berth.keys.delete(fay.id);
      expect(await problem('GET', '/api/sessions', { key: fay.key })).toMatchObject({ status: 401 });
    });
  });

  describe('health', () => {
    test('without a key says only whether the system is up; with one, every part', async () => {
      expect(await (await system.call('GET', '/ping', { key: '' })).json()).toEqual({ message: 'pong' });
      expect(await (await system.call('GET', '/health', { key: '' })).json()).toEqual({ status: 'ok' });
      await system.stack.trigger('reaper');
      const health = await system.berth.health();
      expect(health).toMatchObject({
        status: 'ok',
        maxSessions: 50,
        checks: { database: { ok: true }, storage: { ok: true }, taskEngine: { ok: true } },
      });
    });
  });

  describe('the dashboard', () => {
    /** As a browser of that page: cookie and proof are kept, and requests carry both. */
    const browser = () => {
      let cookie = '';
      let proof = '1';
      return async (method: string, path: string, body?: object, mark: boolean = true): Promise<Response> => {
        const answer = await system.call(method, path, {
          key: '',
          ...(body === undefined ? {} : { body }),
          headers: { ...(cookie === '' ? {} : { cookie }), ...(mark ? { 'x-berth-dashboard': proof } : {}) },
        });
        const [set] = answer.headers.getSetCookie();
        if (set !== undefined) cookie = set.split(';')[0] ?? '';
        proof = answer.headers.get('x-berth-dashboard') ?? proof;
        return answer;
      };
    };

    test('is served with its files without a key, under a policy that loads nothing from other origins', async () => {
      const page = await system.call('GET', '/', { key: '' });
      expect(page.url).toBe(`${system.stack.url}/dashboard`);
      expect(page.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'");
      const html = await page.text();
      const assets = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? '');
      expect(assets.length).toBeGreaterThan(1);
      for (const path of assets) {
        const asset = await system.call('GET', path, { key: '' });
        expect(asset.status, path).toBe(200);
        expect(asset.headers.get('content-encoding')).toBe('gzip');
        expect((await asset.arrayBuffer()).byteLength).toBeGreaterThan(0);
        const again = await system.call('GET', path, {
          key: '',
          headers: { 'if-none-match': asset.headers.get('etag') ?? '' },
        });
        expect(again.status).toBe(304);
      }
      expect(await (await system.call('GET', '/dashboard/any/view', { key: '' })).text()).toBe(html);
      expect(await problem('GET', '/dashboard/assets/none.js', { key: '' })).toMatchObject({ status: 404 });
    });

    test('signs in by a key, acts for it only with its mark, and is out as soon as the key is revoked', async () => {
      const gil = await system.berth.keys.create({ userId: 'gil', label: 'laptop' });
      const ask = browser();
      expect((await ask('GET', '/api/me')).status).toBe(401);
      expect((await ask('POST', '/dashboard/sign-in', { key: 'berth_wrong' })).status).toBe(401);

      const signedIn = await ask('POST', '/dashboard/sign-in', { key: gil.key });
      expect(signedIn.status).toBe(204);
      const [cookie = ''] = signedIn.headers.getSetCookie();
      expect(cookie).toMatch(/; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/);
      expect(cookie).not.toContain(gil.key);
      expect(await (await ask('GET', '/api/me')).json()).toEqual({
        userId: 'gil',
        role: 'user',
        scopes: null,
        sessions: null,
        key: { id: gil.id, label: 'laptop', expiresAt: null },
        via: 'cookie',
        environment: 'local',
        whatsapp: 'simulator',
      });

      const session = { name: 'seen', start: false };
      expect((await ask('POST', '/api/sessions', session, false)).status).toBe(403);
      expect((await ask('GET', '/api/sessions/seen')).status).toBe(404);
      expect((await ask('POST', '/api/sessions', session)).status).toBe(201);
      expect((await ask('PUT', '/api/limits', { global: 1 })).status).toBe(403);
      expect((await ask('DELETE', '/api/sessions/seen')).status).toBe(200);

      await system.berth.keys.delete(gil.id);
      expect((await ask('GET', '/api/me')).status).toBe(401);
    });

    test('signs out at the server too: the cookie is worth nothing afterwards', async () => {
      const ask = browser();
      const signedIn = await ask('POST', '/dashboard/sign-in', { key: system.adminKey });
      const cookie = signedIn.headers.getSetCookie()[0]?.split(';')[0] ?? '';
      expect((await ask('POST', '/dashboard/sign-out', undefined, false)).status).toBe(403);
      expect((await ask('GET', '/api/me')).status).toBe(200);
      // Another site's form: no cookie (SameSite) and no custom header. Its answer must not remove the cookie.
      const foreign = await system.call('POST', '/dashboard/sign-out', { key: '' });
      expect([foreign.status, foreign.headers.getSetCookie()]).toEqual([403, []]);
      const signedOut = await ask('POST', '/dashboard/sign-out');
      expect(signedOut.status).toBe(204);
      expect(signedOut.headers.getSetCookie()[0]).toContain('Max-Age=0');
      expect((await system.call('GET', '/api/me', { key: '', headers: { cookie } })).status).toBe(401);
    });

    test('shows only an admin how full it was at each sweep', async () => {
      await system.stack.trigger('reaper');
      expect((await system.berth.statsHistory({ hours: 1 })).points.at(-1)).toMatchObject({
        active: 0,
        limit: 50,
      });
      expect(await problem('GET', '/api/stats/history?hours=49')).toMatchObject({ status: 400 });
      await expect((await clientOf('hal')).statsHistory()).rejects.toMatchObject({ status: 403 });
    });

    test('bounds the rate of sign-in attempts', async () => {
      let refused: Response | undefined;
      for (let n = 0; n < 200 && refused === undefined; n++) {
        const answer = await system.call('POST', '/dashboard/sign-in', { key: '', body: { key: 'wrong' } });
        if (answer.status === 429) refused = answer;
        else expect(answer.status).toBe(401);
      }
      expect(problemSchema.parse(await refused?.json())).toMatchObject({ scope: 'rate', limit: 60 });
      expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
    });
  });
};
