import { expect, test } from 'vitest';
import { createApiKey, deleteApiKey, findApiKey, listApiKeys } from '../../../core/access/keys.ts';
import { lab } from './control.ts';

test('a key is found by what was shown once, and kept nowhere', async () => {
  const place = lab();
  const made = await createApiKey(place.control, {
    userId: 'ann',
    role: 'user',
    scopes: ['messages:send'],
    sessions: ['shop'],
    label: 'bot',
    rate: { perMinute: 60 },
  });
  expect(await findApiKey(place.control, made.key)).toMatchObject({
    userId: 'ann',
    role: 'user',
    scopes: ['messages:send'],
    sessions: ['shop'],
    rate: { perMinute: 60 },
  });
  expect(JSON.stringify([...place.table.items()])).not.toContain(made.key.slice(6));
  const { key: _shownOnce, ...view } = made;
  expect(await listApiKeys(place.control)).toEqual([view]);
});

test('an expired key is no key from that moment on', async () => {
  const place = lab();
  const { key, expiresAt } = await createApiKey(place.control, {
    userId: 'ann',
    role: 'user',
    expiresInSeconds: 60,
  });
  expect(expiresAt).toBe(new Date(place.now + 60_000).toISOString());
  place.now += 59_999;
  expect(await findApiKey(place.control, key)).toBeDefined();
  place.now += 1;
  expect(await findApiKey(place.control, key)).toBeUndefined();
});

test('a revoked key is no key any more, and can be revoked only once', async () => {
  const place = lab();
  const { key, id } = await createApiKey(place.control, { userId: 'ann', role: 'user' });
  await deleteApiKey(place.control, id);
  expect(await findApiKey(place.control, key)).toBeUndefined();
  expect(await listApiKeys(place.control)).toEqual([]);
  await expect(deleteApiKey(place.control, id)).rejects.toMatchObject({ code: 'not_found' });
});

test.each([undefined, '', 'berth_', 'berth_wrong', `berth_${'x'.repeat(200)}`, 'x'.repeat(49)])(
  'what is no key is none: %j',
  async (presented) => expect(await findApiKey(lab().control, presented)).toBeUndefined(),
);
