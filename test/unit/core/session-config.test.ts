import { hash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type SessionConfig,
  type SessionConfigRequest,
  sessionConfigRequestSchema,
  sessionConfigSchema,
} from '../../../contract/bodies/session-config.ts';
import { BOUNDS } from '../../../contract/bounds.ts';
import { Problem } from '../../../contract/errors.ts';
import { createSession } from '../../../core/admission/create.ts';
import { deliver } from '../../../core/events/deliver.ts';
import { enqueue } from '../../../core/events/publish.ts';
import { acceptConfig, MASK, maskedUrl, shownConfig } from '../../../core/lifecycle/session-config.ts';
import { sessionView } from '../../../core/lifecycle/session-view.ts';
import { updateConfig } from '../../../core/lifecycle/update.ts';
import { testSystem } from './test-system.ts';

const MOST = BOUNDS.configBytes.default;
const sha256 = (text: string) => hash('sha256', text);
const accept = (request: SessionConfigRequest, known?: SessionConfig): SessionConfig =>
  sessionConfigSchema.parse(acceptConfig(sha256, known, sessionConfigRequestSchema.parse(request), MOST));
const refusal = (request: unknown, known?: SessionConfig): string[] => {
  const parsed = sessionConfigRequestSchema.safeParse(request);
  if (!parsed.success) return parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
  try {
    acceptConfig(sha256, known, parsed.data, MOST);
  } catch (error) {
    if (error instanceof Problem && error.code === 'malformed')
      return (error.extras.errors ?? []).map(({ path, message }) => `${path} ${message}`);
    throw error;
  }
  return [];
};

const hook = (over: Partial<NonNullable<SessionConfigRequest['webhooks']>[number]> = {}) => ({
  url: 'https://ann:url-secret@example.com/hook',
  events: ['message' as const],
  hmac: { key: 'hmac-secret' },
  customHeaders: [{ name: 'X-Token', value: 'header-secret' }],
  ...over,
});
const FULL: SessionConfigRequest = {
  metadata: { a: 'b' },
  webhooks: [hook(), hook({ url: 'https://token-secret@example.com/other', events: ['*'] })],
  proxy: { server: 'http://bob:proxy-secret@proxy.example:3128' },
  client: { deviceName: 'Berth' },
  keepAlive: true,
};

test('reading a config and writing it back changes nothing, with any content (F8)', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'B', '7', '-'), minLength: 1, maxLength: 8 });
  const webhook = fc.record(
    {
      url: fc.constantFrom(
        'https://a.example/',
        'https://u:p-w@a.example/x',
        'https://t@a.example',
        'http://b',
      ),
      events: fc.uniqueArray(fc.constantFrom('*' as const, 'message' as const, 'session.status' as const), {
        minLength: 1,
      }),
      hmac: fc.record({ key: text }),
      customHeaders: fc.uniqueArray(fc.record({ name: text, value: text }), {
        selector: ({ name }) => name.toLowerCase(),
        maxLength: 3,
      }),
    },
    { requiredKeys: ['url', 'events'] },
  );
  const proxy = fc.constantFrom(
    { server: 'p:1' },
    { server: 'http://u:pw%40@p:1' },
    { server: 'p:1', username: 'u', password: 'pw' },
    { server: 'socks5://p:1' },
  );
  const config = fc.record({ webhooks: fc.array(webhook, { maxLength: 5 }), proxy }, { requiredKeys: [] });
  fc.assert(
    fc.property(config, (request) => {
      const stored = accept(request);
      const shown = shownConfig(stored);
      expect(accept(shown, stored)).toEqual(stored);
      // As an older client reads it, without what it does not know.
      const { webhooks, ...rest } = shown;
      const plain = webhooks?.map(({ id: _id, hmac: _hmac, ...one }) => one);
      expect(accept({ ...rest, ...(plain ? { webhooks: plain } : {}) }, stored)).toEqual(stored);
    }),
  );
});

test('no secret of a config is shown, not even to its owner (F8, F10)', () => {
  const text = JSON.stringify(shownConfig(accept(FULL)));
  expect(text).not.toMatch(/secret/);
  expect(text).toContain(`ann:${MASK}@example.com`);
  // The form that was stored before logins were split off.
  const old = shownConfig({ proxy: { server: 'http://bob:proxy-secret@proxy.example:3128' } });
  expect(old.proxy).toEqual({ server: 'http://proxy.example:3128', username: 'bob', password: MASK });
});

test('a secret that is left out or masked is kept, null removes it (F8)', () => {
  const known = accept(FULL);
  const first = (request: unknown) => accept(sessionConfigRequestSchema.parse(request), known);
  const url = maskedUrl(FULL.webhooks?.[0]?.url ?? '');
  const kept = first({ webhooks: [{ url, events: ['message'] }] }).webhooks?.[0];
  expect(kept).toMatchObject({ hmac: { key: 'hmac-secret' }, customHeaders: [{ value: 'header-secret' }] });
  expect(kept?.url).toContain('url-secret');
  const removed = first({ webhooks: [{ url, events: ['message'], hmac: null, customHeaders: null }] });
  expect(removed.webhooks?.[0]).not.toHaveProperty('hmac');
  expect(removed.webhooks?.[0]).not.toHaveProperty('customHeaders');
  expect(
    first({ webhooks: [{ url, events: ['message'], hmac: { key: null } }] }).webhooks?.[0],
  ).not.toHaveProperty('hmac');
  const server = 'http://proxy.example:3128';
  expect(first({ proxy: { server, username: 'bob' } }).proxy).toMatchObject({ password: 'proxy-secret' });
  expect(first({ proxy: { server, username: 'bob', password: null } }).proxy).toEqual({
    server,
    username: 'bob',
  });
  expect(first({ proxy: null })).not.toHaveProperty('proxy');
});

test('a kept secret never goes to another host (F8)', () => {
  const known = accept(FULL);
  const [one] = shownConfig(known).webhooks ?? [];
  expect(refusal({ webhooks: [{ ...one, url: 'https://evil.example/' }] }, known)).toEqual([
    'config.webhooks.0.customHeaders.0.value is a mask, but no value is stored; give the value',
  ]);
  expect(refusal({ webhooks: [{ ...one, url: `https://ann:${MASK}@evil.example/hook` }] }, known)[0]).toMatch(
    /^config\.webhooks\.0\.url/,
  );
  expect(
    refusal({ proxy: { server: 'http://evil.example:3128', username: 'bob', password: MASK } }, known)[0],
  ).toMatch(/^config\.proxy\.password/);
  // Of a new session nothing can be kept.
  expect(refusal(shownConfig(known)).length).toBeGreaterThan(3);
});

test('two webhooks of one URL are each their own: events, key and headers (F9)', async () => {
  const system = testSystem();
  const url = 'https://example.com/hook';
  const webhooks = [
    { url, events: ['message' as const], hmac: { key: 'first' } },
    { url, events: ['session.stopped' as const], hmac: { key: 'second' } },
  ];
  const { session } = await createSession(system.deps, {
    userId: 'ann',
    name: 'a',
    config: { webhooks },
    start: false,
  });
  const keysOf = async (config: SessionConfig, event: string): Promise<(string | undefined)[]> => {
    const now = { ...session, config };
    system.queue.length = 0;
    await enqueue(system.deps, now, [{ id: 'evt_1', timestamp: 1, event, payload: {} }]);
    const keys: (string | undefined)[] = [];
    for (const delivery of system.queue)
      await deliver(
        system.deps,
        async (webhook) => {
          keys.push(webhook.hmac?.key);
          return { ok: true, status: 200 };
        },
        { ...delivery, me: null },
        { receives: 1, queuedMs: 0, sequence: '1' },
      );
    return keys;
  };
  expect(await keysOf(session.config, 'message')).toEqual(['first']);
  expect(await keysOf(session.config, 'session.stopped')).toEqual(['second']);
  // Written back in another order, and without the first: each stays what it was.
  const shown = sessionView(session, system.settings).config;
  const turned = await updateConfig(system.deps, 'ann', 'a', {
    webhooks: [...(shown.webhooks ?? [])].reverse(),
  });
  expect(await keysOf(turned.config, 'message')).toEqual(['first']);
  const one = await updateConfig(system.deps, 'ann', 'a', { webhooks: shown.webhooks?.slice(1) });
  expect(one.config.webhooks).toEqual([session.config.webhooks?.[1]]);
  expect(await keysOf(one.config, 'session.stopped')).toEqual(['second']);
  expect(await keysOf(one.config, 'message')).toEqual([]);
});

test('a new webhook does not get the events that waited for the one it replaces', () => {
  const known = accept({ webhooks: [{ url: 'https://a.example', events: ['message'] }] });
  const replaced = accept(
    {
      webhooks: [
        { id: known.webhooks?.[0]?.id, url: 'https://b.example', events: ['message'] },
        { url: 'https://a.example', events: ['message'] },
      ],
    },
    known,
  );
  expect(replaced.webhooks?.[0]?.id).toBe(known.webhooks?.[0]?.id);
  expect(replaced.webhooks?.[1]?.id).not.toBe(known.webhooks?.[0]?.id);
});

test('headers of the connection and of Berth are refused with their name, and so is one given twice (F19)', () => {
  const headers = (...names: string[]) =>
    refusal({ webhooks: [hook({ customHeaders: names.map((name) => ({ name, value: 'x' })) })] });
  for (const name of ['Transfer-Encoding', 'host', 'Connection', 'Content-Length', 'TE', 'Upgrade', 'Expect'])
    expect(headers(name)).toEqual([
      `webhooks.0.customHeaders.0.name ${name} belongs to the connection and cannot be set`,
    ]);
  expect(headers('X-Webhook-Hmac')).toEqual([
    'webhooks.0.customHeaders.0.name X-Webhook-Hmac is set by Berth',
  ]);
  expect(headers('X-A', 'x-a')).toEqual(['webhooks.0.customHeaders.1.name x-a is given twice']);
  expect(headers('Authorization', 'X-A')).toEqual([]);
});

test('a proxy’s login is split off its address; what Chromium cannot do is refused in words (F10)', () => {
  const proxy = (server: string, login: object = {}) => ({ proxy: { server, ...login } });
  expect(accept(proxy('http://bob:p%40ss@proxy.example:3128')).proxy).toEqual({
    server: 'http://proxy.example:3128',
    username: 'bob',
    password: 'p@ss',
  });
  expect(accept(proxy('[::1]:3128')).proxy).toEqual({ server: '[::1]:3128' });
  const socks = /Chromium cannot log in to a SOCKS proxy/;
  expect(refusal(proxy('socks5://bob:x@proxy.example:1080'))[0]).toMatch(socks);
  expect(refusal(proxy('socks5://proxy.example:1080', { username: 'bob', password: 'x' }))[0]).toMatch(socks);
  expect(refusal(proxy('socks5://proxy.example:1080'))).toEqual([]);
  expect(refusal(proxy('http://bob:x@p:1', { username: 'ann' }))[0]).toMatch(/use only one/);
  expect(refusal(proxy('p:1', { password: 'x' }))[0]).toMatch(/^proxy\.username is missing/);
  for (const server of [
    'ftp://p:1',
    'p:99999',
    'a;b',
    'http=p:1;https=q:1',
    'http://u:%zz@p:1',
    'http://p:1/path',
  ])
    expect(refusal(proxy(server))).toHaveLength(1);
});

test('a user may write back what an admin set, and not more', async () => {
  const { refuseAdminPolicy } = await import('../../../functions/edge/policy.ts');
  const user = {
    role: 'user' as const,
    userId: 'ann',
    keyId: 'k',
    via: 'key' as const,
    sessions: undefined,
    scopes: undefined,
  };
  const ask = (before: boolean, after: boolean) => () =>
    refuseAdminPolicy(user, { keepAlive: after }, { keepAlive: before });
  expect(ask(true, true)).not.toThrow();
  expect(ask(true, false)).not.toThrow();
  expect(ask(false, true)).toThrow(/keepAlive/);
});
