/** A launch that takes longer than its caller waits, or that fails: what was admitted is answered, and launched later. */
import { expect, test } from 'vitest';
import { createSession } from '../../../core/admission/create.ts';
import { launchAndPublish } from '../../../core/admission/launch-and-publish.ts';
import { TaskEngineUnavailable } from '../../../core/ports.ts';
import { reap } from '../../../core/reaping/reap.ts';
import { StoreUnavailable } from '../../../core/store.ts';
import { admittedSession, load, lose, restartable, USER } from './session.ts';
import { type TestSystem, testSystem } from './test-system.ts';

const throttled = () => new TaskEngineUnavailable('ThrottlingException: Rate exceeded');

/** The first sweep that finds the launch due. */
const sweepWhenDue = async (system: TestSystem): Promise<void> => {
  system.now += 31_000;
  expect(await reap(system.deps)).toMatchObject({ acted: { launch_due: 1 }, failed: 0 });
};

test('what ECS throttles is answered as PENDING, and the next sweep launches it', async () => {
  const system = testSystem();
  system.launchResult = throttled;
  const answer = await launchAndPublish(system.deps, await admittedSession(system));
  expect(answer).toMatchObject({ state: 'PENDING', slotShard: 0 });
  system.launchResult = (taskArn) => ({ ok: true, taskArn });
  await sweepWhenDue(system);
  expect(await load(system)).toMatchObject({ state: 'STARTING', taskArn: 'task-1' });
});

test('a session for which there is no capacity keeps its slot until a sweep finds some', async () => {
  const system = testSystem();
  system.launchResult = () => ({ ok: false, retryable: true, detail: 'RESOURCE:CPU' });
  expect(await launchAndPublish(system.deps, await admittedSession(system))).toMatchObject({
    state: 'PENDING',
  });
  await sweepWhenDue(system);
  expect(await load(system)).toMatchObject({ state: 'PENDING', slotShard: 0 });
  system.launchResult = (taskArn) => ({ ok: true, taskArn });
  await sweepWhenDue(system);
  expect(await load(system)).toMatchObject({ state: 'STARTING' });
});

test('a task that could not be written down is no error for the caller; the sweep finds it and starts no other', async () => {
  const system = testSystem();
  const session = await admittedSession(system);
  system.meanwhile = (call) => {
    if (call.startsWith('write SESSION#')) throw new StoreUnavailable('throttled');
  };
  const answer = await launchAndPublish(system.deps, session);
  expect(answer).toMatchObject({ sessionId: session.sessionId, state: 'PENDING' });
  system.meanwhile = () => {};
  await sweepWhenDue(system);
  expect(await load(system)).toMatchObject({ state: 'STARTING', taskArn: 'task-1' });
  expect(system.launchCalls).toEqual([`${session.sessionId}:1`]);
});

test('a refusal whose release fails is no error for the caller either', async () => {
  const system = testSystem();
  const session = await admittedSession(system);
  system.launchResult = () => ({ ok: false, retryable: false, detail: 'AccessDeniedException' });
  system.meanwhile = (call) => {
    if (call === 'transact') throw new StoreUnavailable('throttled');
  };
  expect(await launchAndPublish(system.deps, session)).toMatchObject({ state: 'PENDING' });
  system.meanwhile = () => {};
  await sweepWhenDue(system);
  expect(await load(system)).toMatchObject({ state: 'FAILED', stopReason: 'launch_failed' });
});

test('an engine that takes its time costs the caller no more than what a launch may take', async () => {
  const system = testSystem();
  const session = await admittedSession(system);
  const limits: number[] = [];
  const slow = {
    ...system.deps,
    tasks: {
      ...system.deps.tasks,
      launch: async (_request: unknown, limitMs: number) => {
        limits.push(limitMs);
        system.now += limitMs;
        throw throttled();
      },
    },
  };
  const begun = system.now;
  expect(await launchAndPublish(slow, session)).toMatchObject({ state: 'PENDING' });
  expect(system.now - begun).toBeLessThanOrEqual(6_000);
  expect(limits).toEqual([4_000]);
});

test('any browser fits a session without proxy and language, with an account as well, and no other', async () => {
  const system = testSystem();
  const { sessionId } = await restartable(system);
  expect(system.fittingAnyBrowser).toEqual([`${sessionId}:1`]);
  await lose(system, await load(system));
  expect(await load(system)).toMatchObject({ epoch: 2, taskArn: 'task-2' });
  for (const config of [{ proxy: { server: 'http://proxy:3128' } }, { client: { locale: 'de-DE' } }]) {
    const { session } = await createSession(system.deps, {
      userId: USER,
      name: Object.keys(config).join(),
      config,
      start: true,
    });
    expect(await launchAndPublish(system.deps, session)).toMatchObject({ state: 'STARTING' });
  }
  expect(system.launchCalls).toHaveLength(4);
  expect(system.fittingAnyBrowser).toEqual([`${sessionId}:1`, `${sessionId}:2`]);
});
