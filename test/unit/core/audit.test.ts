/** The audit log: an administrative act that happened is never missing in it. */
import { expect, test } from 'vitest';
import { OPERATIONS } from '../../../contract/routes.ts';
import { TTL_ATTRIBUTE } from '../../../core/items.ts';
import { type Act, beginAct, listAudit } from '../../../core/observability/audit.ts';
import { NOW, type TestSystem, testSystem } from './test-system.ts';

const act = (action = 'createKey', details: Act['details'] = { body: { userId: 'ann' } }): Act => ({
  action,
  who: { userId: 'root', keyId: 'key_1', via: 'key' },
  from: { ip: '192.0.2.1', userAgent: 'curl' },
  requestId: 'req-1',
  details,
});
const listed = async ({ deps }: TestSystem, filter = {}) =>
  (await listAudit(deps, filter, { limit: 100 })).entries;

test('every operation of admins that changes something, and every deletion of a session, is audited', () => {
  const changing = OPERATIONS.filter(({ auth, method }) => auth === 'admin' && method !== 'GET');
  expect(changing.filter(({ audited }) => !audited).map(({ id }) => id)).toEqual([]);
  expect(OPERATIONS.find(({ id }) => id === 'deleteSession')?.audited).toBe(true);
});

test('an entry says who, what, when, from where, and how it ended', async () => {
  const system = testSystem();
  const end = await beginAct(system.deps, act());
  expect(await listed(system)).toMatchObject([{ outcome: 'started' }]);
  system.now += 5;
  await end({ outcome: 'done', status: 201 });
  expect(await listed(system)).toEqual([
    { ...act(), id: expect.any(String), at: new Date(NOW).toISOString(), outcome: 'done', status: 201 },
  ]);
});

test('what can not be written down does not happen', async () => {
  const system = testSystem();
  system.meanwhile = (call) => {
    if (call.startsWith('write')) throw new Error('no database');
  };
  await expect(beginAct(system.deps, act())).rejects.toThrow('no database');
});

test('an act whose end can not be written down stays listed as started', async () => {
  const system = testSystem();
  const end = await beginAct(system.deps, act());
  system.meanwhile = (call) => {
    if (call.startsWith('write')) throw new Error('no database');
  };
  await end({ outcome: 'failed', status: 409 });
  expect(await listed(system)).toMatchObject([{ outcome: 'started' }]);
});

test('entries are listed newest first, by user or by act, and kept for the set time', async () => {
  const system = testSystem({ auditDays: 30 });
  for (const action of ['createKey', 'setLimits', 'createKey']) {
    system.now += 1000;
    await (await beginAct(system.deps, act(action)))({ outcome: 'done', status: 200 });
  }
  expect((await listed(system)).map(({ action }) => action)).toEqual(['createKey', 'setLimits', 'createKey']);
  expect(await listed(system, { action: 'setLimits' })).toHaveLength(1);
  expect(await listed(system, { userId: 'ann' })).toEqual([]);
  const [item] = (await system.deps.store.query({ partition: 'AUDIT', limit: 1 })).items;
  expect(item?.[TTL_ATTRIBUTE]).toBe(Math.floor((NOW + 1000) / 1000) + 30 * 24 * 3600);
});

test('a long body is not kept whole', async () => {
  const system = testSystem();
  await beginAct(system.deps, act('saveBuild', { version: '2.3', body: { html: 'x'.repeat(100_000) } }));
  expect((await listed(system))[0]?.details).toEqual({ omittedChars: expect.any(Number) });
});
