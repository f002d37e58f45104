/** Erasing a user: every item that names the user before and after, through crashes, and what others keep. */
import { expect, test } from 'vitest';
import { createApiKey, findApiKey } from '../../../core/access/keys.ts';
import { setRate } from '../../../core/access/rate.ts';
import { eraseUsers, orderUserErasure } from '../../../core/accounts/erase-user.ts';
import { eraseDeleted } from '../../../core/accounts/erasure.ts';
import { listErasures } from '../../../core/accounts/erasure-report.ts';
import { createSession } from '../../../core/admission/create.ts';
import { changeLimits } from '../../../core/admission/limits.ts';
import { endpointKey } from '../../../core/items.ts';
import { loadSession } from '../../../core/lifecycle/load.ts';
import { taskStopped } from '../../../core/lifecycle/task-stopped.ts';
import { load, USER, workingSession } from './session.ts';
import { type TestSystem, testSystem } from './test-system.ts';

const MINUTE = 60_000;

/** Keys of items that name the user, but for answers that expire in a day. */
const itemsOf = ({ table }: TestSystem, userId: string): string[] =>
  [...table.items()]
    .filter((item) => new RegExp(`\\b${userId}\\b`).test(JSON.stringify(item)))
    .map(({ pk, sk }) => `${String(pk)} ${String(sk)}`)
    .sort();

const erasing = (system: TestSystem) => {
  const erase = async (prefix: string): Promise<number> => {
    const keys = [...system.objects.keys()].filter((key) => key.startsWith(prefix));
    for (const key of keys) system.objects.delete(key);
    return keys.length;
  };
  return { ...system.deps, objects: { erase } };
};

/** One run of the eraser's schedule. */
const sweep = async (system: TestSystem) => {
  const deps = erasing(system);
  const users = await eraseUsers(deps, deps.clock() + MINUTE);
  return { users, sessions: await eraseDeleted(deps, MINUTE) };
};

/** A running session, a stopped one, keys, limits, bounds, a rate and an endpoint that fails. */
const inhabited = async (system: TestSystem, userId: string) => {
  const { deps } = system;
  await createSession(deps, { userId, name: 'stored', config: {}, start: false });
  await changeLimits(deps, { user: { userId, limit: 4 } });
  await setRate(deps, userId, { perMinute: 10 });
  const endpoint = endpointKey(userId, 'e1');
  await deps.store.write({ kind: 'put', key: endpoint, item: { ...endpoint, url: 'https://example.com/' } });
  return (await createApiKey(deps, { userId, role: 'user' })).key;
};

test('an erased user has no item, no object and no key left but the report; another user keeps all', async () => {
  const system = testSystem();
  const key = await inhabited(system, USER);
  const { sessionId } = await workingSession(system, 'a');
  system.objects.set(`auth/${sessionId}/1`, 1);
  const bobs = await inhabited(system, 'bob');
  const [before, others] = [itemsOf(system, USER), itemsOf(system, 'bob')];
  expect(before.length, before.join('\n')).toBeGreaterThanOrEqual(11);

  expect(await orderUserErasure(system.deps, USER, 'root')).toMatchObject({ kind: 'user', state: 'waiting' });
  // The running session ends first.
  expect(await sweep(system)).toMatchObject({ users: { erased: 0, left: 1, failed: 0 } });
  expect(await load(system, 'a')).toMatchObject({ state: 'STOPPING', stopReason: 'user' });
  expect(await findApiKey(system.deps, key)).toBeUndefined();
  await taskStopped(system.deps, { taskArn: 'task-1', sessionId, epoch: 1, neverStarted: false, detail: '' });
  system.now += 2_000;
  await sweep(system);
  await expect(loadSession(system.deps, USER, 'a')).rejects.toMatchObject({ code: 'not_found' });
  const [open] = (await listErasures(system.deps, USER)).filter(({ kind }) => kind === 'user');
  expect(open).toMatchObject({ keys: 1, state: 'waiting' });
  system.now += 22 * MINUTE;
  await sweep(system);
  await sweep(system);
  const reports = await listErasures(system.deps, USER);
  expect(reports.map(({ kind, session, state }) => [kind, session, state]).sort()).toEqual([
    ['session', 'a', 'erased'],
    ['session', 'stored', 'erased'],
    ['user', null, 'erased'],
  ]);
  expect(itemsOf(system, USER).filter((item) => !item.startsWith(`ERASED#${USER} `))).toEqual([]);
  expect([...system.objects.keys()].filter((object) => object.includes(sessionId))).toEqual([]);
  expect(itemsOf(system, 'bob')).toEqual(others);
  expect(await findApiKey(system.deps, bobs)).toBeDefined();
});

test('a repeated order is the same erasure, and no key erases its own user', async () => {
  const system = testSystem();
  const first = await orderUserErasure(system.deps, 'ann', 'root');
  system.now += MINUTE;
  expect(await orderUserErasure(system.deps, 'ann', 'root')).toEqual(first);
  await expect(orderUserErasure(system.deps, 'root', 'root')).rejects.toMatchObject({ status: 422 });
});

test('a sweep that dies at any of its calls is finished by the next ones', async () => {
  for (let dies = 0; ; dies += 1) {
    const system = testSystem();
    await inhabited(system, USER);
    await orderUserErasure(system.deps, USER, 'root');
    let calls = 0;
    system.meanwhile = () => {
      calls += 1;
      if (calls === dies + 2) throw new Error('died');
    };
    const report = await eraseUsers(erasing(system), system.now + MINUTE).catch(() => undefined);
    const isDead = report === undefined || report.failed > 0;
    system.meanwhile = () => {};
    for (let n = 0; n < 4; n++) {
      await sweep(system);
      system.now += 21 * MINUTE;
    }
    const left = itemsOf(system, USER).filter((item) => !item.startsWith(`ERASED#${USER} `));
    expect(left, `died at call ${dies}`).toEqual([]);
    if (!isDead) break;
  }
});

test('a session that is made while its user is erased is erased as well', async () => {
  const system = testSystem();
  await orderUserErasure(system.deps, 'ann', 'root');
  await sweep(system);
  await createSession(system.deps, { userId: 'ann', name: 'late', config: {}, start: false });
  for (let n = 0; n < 4; n++) {
    system.now += 21 * MINUTE;
    await sweep(system);
  }
  expect((await listErasures(system.deps, 'ann')).map(({ session, state }) => [session, state])).toEqual(
    expect.arrayContaining([
      ['late', 'erased'],
      [null, 'erased'],
    ]),
  );
  expect(itemsOf(system, 'ann').filter((item) => !item.startsWith('ERASED#ann '))).toEqual([]);
});
