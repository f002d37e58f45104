import { expect, test } from 'vitest';
import { changeLimits } from '../../../core/admission/limits.ts';
import { stats } from '../../../core/observability/stats.ts';
import { admittedSession } from './session.ts';
import { testSystem } from './test-system.ts';

test('an admin sees the count of each user who runs something, against the limit that is theirs', async () => {
  const system = testSystem({ userLimit: 5 });
  await admittedSession(system, 'a', 'ann');
  await admittedSession(system, 'b', 'ann');
  await admittedSession(system, 'a', 'bob');
  await changeLimits(system.deps, { user: { userId: 'bob', limit: 2 } });
  await changeLimits(system.deps, { user: { userId: 'idle', limit: 9 } });
  expect(await stats(system.deps, 'root', true)).toMatchObject({
    active: 3,
    byState: { PENDING: 3 },
    byUser: { ann: { active: 2, limit: 5 }, bob: { active: 1, limit: 2 } },
  });
});

test('a user sees their own count only', async () => {
  const system = testSystem();
  await admittedSession(system, 'a', 'ann');
  await admittedSession(system, 'a', 'bob');
  const seen = await stats(system.deps, 'ann', false);
  expect(seen).toMatchObject({ active: 1, limit: 5, byState: { PENDING: 1 }, oldest: { userId: 'ann' } });
  expect(seen).not.toHaveProperty('byUser');
  expect(seen).not.toHaveProperty('lastDay');
});
