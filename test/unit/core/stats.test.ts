import { expect, test } from 'vitest';
import { changeLimits } from '../../../core/admission/limits.ts';
import { stats } from '../../../core/observability/stats.ts';
import { admittedSession } from './session.ts';
import { lab } from './test-system.ts';

test('an admin sees the count of each user who runs something, against the limit that is theirs', async () => {
  const place = lab({ userLimit: 5 });
  await admittedSession(place, 'a', 'ann');
  await admittedSession(place, 'b', 'ann');
  await admittedSession(place, 'a', 'bob');
  await changeLimits(place.deps, { user: { userId: 'bob', limit: 2 } });
  await changeLimits(place.deps, { user: { userId: 'idle', limit: 9 } });
  expect(await stats(place.deps, 'root', true)).toMatchObject({
    active: 3,
    byState: { PENDING: 3 },
    byUser: { ann: { active: 2, limit: 5 }, bob: { active: 1, limit: 2 } },
  });
});

test('a user sees their own count only', async () => {
  const place = lab();
  await admittedSession(place, 'a', 'ann');
  await admittedSession(place, 'a', 'bob');
  const seen = await stats(place.deps, 'ann', false);
  expect(seen).toMatchObject({ active: 1, limit: 5, byState: { PENDING: 1 }, oldest: { userId: 'ann' } });
  expect(seen).not.toHaveProperty('byUser');
  expect(seen).not.toHaveProperty('lastDay');
});
