import { expect, test } from 'vitest';
import { createSession } from '../../../core/admission/create.ts';
import { release } from '../../../core/lifecycle/release.ts';
import { drain } from '../../../core/reaping/drain.ts';
import { admittedSession, load, workingSession } from './session.ts';
import { lab } from './test-system.ts';

test('a dry run counts and changes nothing', async () => {
  const place = lab({ globalLimit: 7 });
  await workingSession(place);
  expect(await drain(place.deps, { dryRun: true })).toEqual({
    dryRun: true,
    limitBefore: 7,
    active: 1,
    tasks: 1,
    failed: 0,
    drained: false,
  });
  expect((await load(place)).state).toBe('RUNNING');
  await expect(admittedSession(place, 'b')).resolves.toMatchObject({ state: 'PENDING' });
});

test('draining lets nothing start, ends what runs, and says so once nothing is left', async () => {
  const place = lab({ globalLimit: 7 });
  const working = await workingSession(place);
  await admittedSession(place, 'pending');
  const first = await drain(place.deps, { dryRun: false });
  // What no worker has called from is over at once; the other saves its account first.
  expect(first).toMatchObject({ limitBefore: 7, active: 1, tasks: 1, drained: false });
  expect((await load(place)).state).toBe('STOPPING');
  expect((await load(place, 'pending')).state).toBe('STOPPED');
  await expect(
    createSession(place.deps, { userId: 'ann', name: 'late', config: {}, start: true }),
  ).rejects.toMatchObject({ code: 'too_many' });

  await release(place.deps, working, 'emergency');
  // The slot is free before ECS has stopped the task, and a cluster with a task can't be deleted.
  expect(await drain(place.deps, { dryRun: false })).toMatchObject({
    active: 0,
    tasks: 1,
    drained: false,
  });
  place.tasks.clear();
  expect(await drain(place.deps, { dryRun: false })).toMatchObject({
    limitBefore: 0,
    active: 0,
    tasks: 0,
    drained: true,
  });
});

test('one call asks at most 200 sessions to end, and the next ones take the rest', async () => {
  const place = lab({ globalLimit: 240, userLimit: 240 });
  for (let i = 0; i < 220; i++) await admittedSession(place, `s${i}`);
  expect(await drain(place.deps, { dryRun: false })).toMatchObject({ active: 20 });
  expect(await drain(place.deps, { dryRun: false })).toMatchObject({ active: 0, drained: true });
});
