/** The audit log: an administrative act that happened is never missing in it. */
import { expect, test } from 'vitest';
import { OPERATIONS } from '../../../contract/routes.ts';
import { TTL_ATTRIBUTE } from '../../../core/items.ts';
import { type Act, beginAct, listAudit } from '../../../core/observability/audit.ts';
import { type Lab, lab, NOW } from './test-system.ts';

const act = (action = 'createKey', details: Act['details'] = { body: { userId: 'ann' } }): Act => ({
  action,
  who: { userId: 'root', keyId: 'key_1', via: 'key' },
  from: { ip: '192.0.2.1', userAgent: 'curl' },
  requestId: 'req-1',
  details,
});
const listed = async ({ deps }: Lab, filter = {}) => (await listAudit(deps, filter, { limit: 100 })).entries;

test('every operation of admins that changes something, and every deletion of a session, is audited', () => {
  const changing = OPERATIONS.filter(({ auth, method }) => auth === 'admin' && method !== 'GET');
  expect(changing.filter(({ audited }) => !audited).map(({ id }) => id)).toEqual([]);
  expect(OPERATIONS.find(({ id }) => id === 'deleteSession')?.audited).toBe(true);
});

test('an entry says who, what, when, from where, and how it ended', async () => {
  const place = lab();
  const end = await beginAct(place.deps, act());
  expect(await listed(place)).toMatchObject([{ outcome: 'started' }]);
  place.now += 5;
  await end({ outcome: 'done', status: 201 });
  expect(await listed(place)).toEqual([
    { ...act(), id: expect.any(String), at: new Date(NOW).toISOString(), outcome: 'done', status: 201 },
  ]);
});

test('what can not be written down does not happen', async () => {
  const place = lab();
  place.meanwhile = (call) => {
    if (call.startsWith('write')) throw new Error('no database');
  };
  await expect(beginAct(place.deps, act())).rejects.toThrow('no database');
});

test('an act whose end can not be written down stays listed as started', async () => {
  const place = lab();
  const end = await beginAct(place.deps, act());
  place.meanwhile = (call) => {
    if (call.startsWith('write')) throw new Error('no database');
  };
  await end({ outcome: 'failed', status: 409 });
  expect(await listed(place)).toMatchObject([{ outcome: 'started' }]);
});

test('entries are listed newest first, by user or by act, and kept for the set time', async () => {
  const place = lab({ auditDays: 30 });
  for (const action of ['createKey', 'setLimits', 'createKey']) {
    place.now += 1000;
    await (await beginAct(place.deps, act(action)))({ outcome: 'done', status: 200 });
  }
  expect((await listed(place)).map(({ action }) => action)).toEqual(['createKey', 'setLimits', 'createKey']);
  expect(await listed(place, { action: 'setLimits' })).toHaveLength(1);
  expect(await listed(place, { userId: 'ann' })).toEqual([]);
  const [item] = (await place.deps.store.query({ partition: 'AUDIT', limit: 1 })).items;
  expect(item?.[TTL_ATTRIBUTE]).toBe(Math.floor((NOW + 1000) / 1000) + 30 * 24 * 3600);
});

test('a long body is not kept whole', async () => {
  const place = lab();
  await beginAct(place.deps, act('saveBuild', { version: '2.3', body: { html: 'x'.repeat(100_000) } }));
  expect((await listed(place))[0]?.details).toEqual({ omittedChars: expect.any(Number) });
});
