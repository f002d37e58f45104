import { expect, test } from 'vitest';
import { createKeyRequestSchema, updateKeyRequestSchema } from '../../../contract/bodies/admin.ts';
import {
  createApiKey,
  deleteApiKey,
  findApiKey,
  listApiKeys,
  updateApiKey,
} from '../../../core/access/keys.ts';
import { testSystem } from './test-system.ts';

test('a key is found by what was shown once, and kept nowhere', async () => {
  const system = testSystem();
  const made = await createApiKey(system.deps, {
    userId: 'ann',
    role: 'user',
    scopes: ['messages:send'],
    sessions: ['shop'],
    label: 'bot',
    rate: { perMinute: 60 },
  });
  expect(await findApiKey(system.deps, made.key)).toMatchObject({
    userId: 'ann',
    role: 'user',
    scopes: ['messages:send'],
    sessions: ['shop'],
    rate: { perMinute: 60 },
  });
  expect(JSON.stringify([...system.table.items()])).not.toContain(made.key.slice(6));
  const { key: _shownOnce, ...view } = made;
  expect(await listApiKeys(system.deps)).toEqual([view]);
});

test('an expired key is no key from that moment on', async () => {
  const system = testSystem();
  const { key, expiresAt } = await createApiKey(system.deps, {
    userId: 'ann',
    role: 'user',
    expiresInSeconds: 60,
  });
  expect(expiresAt).toBe(new Date(system.now + 60_000).toISOString());
  system.now += 59_999;
  expect(await findApiKey(system.deps, key)).toBeDefined();
  system.now += 1;
  expect(await findApiKey(system.deps, key)).toBeUndefined();
});

test('a revoked key is no key any more, and can be revoked only once', async () => {
  const system = testSystem();
  const { key, id } = await createApiKey(system.deps, { userId: 'ann', role: 'user' });
  await deleteApiKey(system.deps, id);
  expect(await findApiKey(system.deps, key)).toBeUndefined();
  expect(await listApiKeys(system.deps)).toEqual([]);
  await expect(deleteApiKey(system.deps, id)).rejects.toMatchObject({ code: 'not_found' });
});

test.each([undefined, '', 'berth_', 'berth_wrong', `berth_${'x'.repeat(200)}`, 'x'.repeat(49)])(
  'what is no key is none: %j',
  async (presented) => expect(await findApiKey(testSystem().deps, presented)).toBeUndefined(),
);

test('a key that is made inactive is no key until it is active again; it stays the same key', async () => {
  const system = testSystem();
  const { key, id } = await createApiKey(system.deps, { userId: 'ann', role: 'user' });
  const change = (request: object) => updateApiKey(system.deps, id, updateKeyRequestSchema.parse(request));
  expect(await change({ isActive: false })).toMatchObject({ isActive: false });
  expect(await findApiKey(system.deps, key)).toBeUndefined();
  expect(await listApiKeys(system.deps)).toMatchObject([{ id, isActive: false }]);
  expect(await change({ isActive: true, session: 'shop', actions: { read: true } })).toMatchObject({
    session: 'shop',
    sessions: ['shop'],
    scopes: ['sessions:read', 'messages:read'],
    actions: { read: true, send: false, control: false, setting: false, app: false, delete: false },
  });
  expect(await findApiKey(system.deps, key)).toMatchObject({ sessions: ['shop'] });
  // What is shown can be sent back.
  const { actions } = await change({ actions: { control: true } });
  expect(actions).toEqual({
    read: false,
    send: false,
    control: true,
    setting: true,
    app: false,
    delete: true,
  });
  expect(await change({ actions })).toMatchObject({ scopes: ['sessions:write'], actions });
  expect(await change({ session: null, actions: null })).toMatchObject({ sessions: null, scopes: null });
  await expect(updateApiKey(system.deps, 'none', updateKeyRequestSchema.parse({}))).rejects.toMatchObject({
    code: 'not_found',
  });
});

test('a change in Berth’s own words: role, scopes, sessions, rate and expiry; null takes a restriction away', async () => {
  const system = testSystem();
  const { id } = await createApiKey(system.deps, { userId: 'ann', role: 'user' });
  const change = (request: object) => updateApiKey(system.deps, id, updateKeyRequestSchema.parse(request));
  const restricted = {
    scopes: ['messages:read', 'metrics'],
    sessions: ['shop', 'bar'],
    rate: { perMinute: 60 },
  };
  expect(await change({ ...restricted, expiresInSeconds: 600 })).toMatchObject({
    ...restricted,
    expiresAt: new Date(system.deps.clock() + 600_000).toISOString(),
  });
  expect(await change({ label: 'bot' })).toMatchObject({ ...restricted, label: 'bot' });
  expect(await change({ scopes: null, sessions: null, rate: null, expiresInSeconds: null })).toMatchObject({
    scopes: null,
    sessions: null,
    rate: null,
    expiresAt: null,
  });
  expect(await change({ role: 'admin', scopes: ['admin'] })).toMatchObject({ role: 'admin', isAdmin: true });
  // Its data as an admin is not kept.
  expect(await change({ role: 'user' })).toMatchObject({ role: 'user', scopes: null });
  await expect(change({ scopes: ['admin'] })).rejects.toMatchObject({ code: 'malformed' });
});

test('a key for one session cannot be made an admin’s', async () => {
  const system = testSystem();
  const { id } = await createApiKey(system.deps, { userId: 'ann', role: 'user', sessions: ['shop'] });
  const change = updateKeyRequestSchema.parse({ isAdmin: true });
  await expect(updateApiKey(system.deps, id, change)).rejects.toMatchObject({ code: 'malformed' });
});

test('a change that meets another one is refused, and neither is lost', async () => {
  const system = testSystem();
  const { id } = await createApiKey(system.deps, { userId: 'ann', role: 'user' });
  const changes = ['a', 'b'].map((label) =>
    updateApiKey(system.deps, id, updateKeyRequestSchema.parse({ label })),
  );
  const results = await Promise.allSettled(changes);
  const done = results.filter(({ status }) => status === 'fulfilled');
  expect(done.length).toBeGreaterThan(0);
  for (const result of results)
    if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'conflict' });
});

test.each([
  [
    { isAdmin: true, isActive: true },
    { role: 'admin', active: true },
  ],
  [
    { isAdmin: false, session: 'shop', isActive: false },
    { role: 'user', sessions: ['shop'], active: false },
  ],
  [
    { isAdmin: false, session: 'shop', actions: { read: true, send: true, app: true } },
    { role: 'user', scopes: ['sessions:read', 'messages:read', 'messages:send'] },
  ],
  [
    { userId: 'ann', role: 'user', scopes: ['messages:send'] },
    { userId: 'ann', scopes: ['messages:send'] },
  ],
])('a key asked for as %j is %j', (asked, meant) => {
  expect(createKeyRequestSchema.parse(asked)).toMatchObject(meant);
});

test.each([
  [{ isAdmin: true, session: 'shop' }, 'sessions'],
  [{ isAdmin: false, actions: { read: false } }, 'actions'],
  [{ isAdmin: false, actions: { app: true } }, 'actions'],
])('a key requested as %j is refused for its %s: it would allow more than was requested', (asked, path) => {
  expect(createKeyRequestSchema.safeParse(asked).error?.issues[0]?.path[0]).toBe(path);
});
