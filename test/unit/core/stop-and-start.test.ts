/** A caller's restart: what can be foreseen changes nothing, and what cannot is said. */
import { expect, test } from 'vitest';
import { createSession } from '../../../core/admission/create.ts';
import { changeLimits } from '../../../core/admission/limits.ts';
import { release } from '../../../core/lifecycle/release.ts';
import { startSession } from '../../../core/lifecycle/start.ts';
import { stopAndStart } from '../../../core/lifecycle/stop-and-start.ts';
import type { Store } from '../../../core/store.ts';
import { admittedSession, load, USER, withoutCapacity, workingSession } from './session.ts';
import { testSystem } from './test-system.ts';

const BUDGET_MS = 5_000;

test('starts that come too fast refuse a restart before its stop', async () => {
  const system = testSystem({ startsPerMinute: 1 });
  const before = await workingSession(system);
  const { session } = await createSession(system.deps, { userId: USER, name: 'b', config: {}, start: true });
  await release(system.deps, session, 'user');
  for (let n = 0; n < 8; n++)
    await release(system.deps, (await startSession(system.deps, USER, 'b')).session, 'user');
  const refused = { code: 'too_many', extras: { scope: 'starts', retryAfterSeconds: 60 } };
  await expect(stopAndStart(system.deps, before, BUDGET_MS)).rejects.toMatchObject(refused);
  expect(await load(system)).toEqual(before);
  expect(system.stopCalls).toEqual([]);
});

test('a limit that was lowered below what runs refuses a restart before its stop', async () => {
  const system = testSystem();
  const before = await workingSession(system);
  await admittedSession(system, 'b');
  await changeLimits(system.deps, { user: { userId: USER, limit: 1 } });
  const refused = { code: 'too_many', extras: { scope: 'user', limit: 1, active: 2 } };
  await expect(stopAndStart(system.deps, before, BUDGET_MS)).rejects.toMatchObject(refused);
  expect(await load(system)).toEqual(before);
});

test('a restart whose slot is taken after the stop says that the session was stopped', async () => {
  const system = testSystem({ globalLimit: 1 });
  const session = await withoutCapacity(system);
  let taken = false;
  const store: Store = {
    ...system.deps.store,
    transact: async (writes, token) => {
      const result = await system.deps.store.transact(writes, token);
      if (!taken) {
        taken = true;
        await admittedSession(system, 'other', 'other');
      }
      return result;
    },
  };
  await expect(stopAndStart({ ...system.deps, store }, session, BUDGET_MS)).rejects.toMatchObject({
    code: 'too_many',
    message: expect.stringMatching(
      /^The session was asked to stop and is not started again: The limit of 1 /,
    ),
    extras: { scope: 'global' },
  });
  expect(await load(system)).toMatchObject({ state: 'STOPPED' });
});

test('a restart of a session that ended is its start', async () => {
  const system = testSystem();
  const session = await admittedSession(system);
  await release(system.deps, session, 'user');
  const restarted = await stopAndStart(system.deps, await load(system), BUDGET_MS);
  expect(restarted).toMatchObject({ admitted: true, session: { state: 'PENDING', epoch: 2 } });
});
