import { expect, test } from 'vitest';
import { createSession } from '../../../core/admission/create.ts';
import { release } from '../../../core/lifecycle/release.ts';
import { drain } from '../../../core/reaping/drain.ts';
import { admittedSession, load, withoutCapacity, workingSession } from './session.ts';
import { testSystem } from './test-system.ts';

test('a dry run counts and changes nothing', async () => {
  const system = testSystem({ globalLimit: 7 });
  await workingSession(system);
  expect(await drain(system.deps, { dryRun: true })).toEqual({
    dryRun: true,
    limitBefore: 7,
    active: 1,
    tasks: 1,
    failed: 0,
    drained: false,
  });
  expect((await load(system)).state).toBe('RUNNING');
  await expect(admittedSession(system, 'b')).resolves.toMatchObject({ state: 'PENDING' });
});

test('draining lets nothing start, ends what runs, and says so once nothing is left', async () => {
  const system = testSystem({ globalLimit: 7 });
  const working = await workingSession(system);
  await withoutCapacity(system, 'pending');
  const first = await drain(system.deps, { dryRun: false });
  // The session without a task ends at once; the other saves its account first.
  expect(first).toMatchObject({ limitBefore: 7, active: 1, tasks: 1, drained: false });
  expect((await load(system)).state).toBe('STOPPING');
  expect((await load(system, 'pending')).state).toBe('STOPPED');
  await expect(
    createSession(system.deps, { userId: 'ann', name: 'late', config: {}, start: true }),
  ).rejects.toMatchObject({ code: 'too_many' });

  await release(system.deps, working, 'emergency');
  // The slot is free before ECS has stopped the task, and a cluster with a task can't be deleted.
  expect(await drain(system.deps, { dryRun: false })).toMatchObject({
    active: 0,
    tasks: 1,
    drained: false,
  });
  system.tasks.clear();
  expect(await drain(system.deps, { dryRun: false })).toMatchObject({
    limitBefore: 0,
    active: 0,
    tasks: 0,
    drained: true,
  });
});

test('one call asks at most 200 sessions to end, and the next ones take the rest', async () => {
  const system = testSystem({ globalLimit: 240, userLimit: 240 });
  for (let i = 0; i < 220; i++) await withoutCapacity(system, `s${i}`);
  expect(await drain(system.deps, { dryRun: false })).toMatchObject({ active: 20 });
  expect(await drain(system.deps, { dryRun: false })).toMatchObject({ active: 0, drained: true });
});
