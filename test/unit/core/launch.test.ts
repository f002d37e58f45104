/** A launch that takes longer than its caller waits, or that fails: what was admitted is answered, and launched later. */
import { expect, test } from 'vitest';
import { launchAndPublish } from '../../../core/admission/launch-and-publish.ts';
import { TaskEngineUnavailable } from '../../../core/ports.ts';
import { reap } from '../../../core/reaping/reap.ts';
import { StoreUnavailable } from '../../../core/store.ts';
import { admittedSession, load } from './session.ts';
import { type Lab, lab } from './test-system.ts';

const throttled = () => new TaskEngineUnavailable('ThrottlingException: Rate exceeded');

/** The first sweep that finds the launch due. */
const sweepWhenDue = async (place: Lab): Promise<void> => {
  place.now += 31_000;
  expect(await reap(place.deps)).toMatchObject({ acted: { launch_due: 1 }, failed: 0 });
};

test('what ECS throttles is answered as PENDING, and the next sweep launches it', async () => {
  const place = lab();
  place.launchResult = throttled;
  const answer = await launchAndPublish(place.deps, await admittedSession(place));
  expect(answer).toMatchObject({ state: 'PENDING', slotShard: 0 });
  place.launchResult = (taskArn) => ({ ok: true, taskArn });
  await sweepWhenDue(place);
  expect(await load(place)).toMatchObject({ state: 'STARTING', taskArn: 'task-1' });
});

test('a session for which there is no capacity keeps its slot until a sweep finds some', async () => {
  const place = lab();
  place.launchResult = () => ({ ok: false, retryable: true, detail: 'RESOURCE:CPU' });
  expect(await launchAndPublish(place.deps, await admittedSession(place))).toMatchObject({
    state: 'PENDING',
  });
  await sweepWhenDue(place);
  expect(await load(place)).toMatchObject({ state: 'PENDING', slotShard: 0 });
  place.launchResult = (taskArn) => ({ ok: true, taskArn });
  await sweepWhenDue(place);
  expect(await load(place)).toMatchObject({ state: 'STARTING' });
});

test('a task that could not be written down is no error for the caller; the sweep finds it and starts no other', async () => {
  const place = lab();
  const session = await admittedSession(place);
  place.meanwhile = (call) => {
    if (call.startsWith('write SESSION#')) throw new StoreUnavailable('throttled');
  };
  const answer = await launchAndPublish(place.deps, session);
  expect(answer).toMatchObject({ sessionId: session.sessionId, state: 'PENDING' });
  place.meanwhile = () => {};
  await sweepWhenDue(place);
  expect(await load(place)).toMatchObject({ state: 'STARTING', taskArn: 'task-1' });
  expect(place.launchCalls).toEqual([`${session.sessionId}:1`]);
});

test('a refusal whose release fails is no error for the caller either', async () => {
  const place = lab();
  const session = await admittedSession(place);
  place.launchResult = () => ({ ok: false, retryable: false, detail: 'AccessDeniedException' });
  place.meanwhile = (call) => {
    if (call === 'transact') throw new StoreUnavailable('throttled');
  };
  expect(await launchAndPublish(place.deps, session)).toMatchObject({ state: 'PENDING' });
  place.meanwhile = () => {};
  await sweepWhenDue(place);
  expect(await load(place)).toMatchObject({ state: 'FAILED', stopReason: 'launch_failed' });
});

test('an engine that takes its time costs the caller no more than what a launch may take', async () => {
  const place = lab();
  const session = await admittedSession(place);
  const limits: number[] = [];
  const slow = {
    ...place.deps,
    tasks: {
      ...place.deps.tasks,
      launch: async (_request: unknown, limitMs: number) => {
        limits.push(limitMs);
        place.now += limitMs;
        throw throttled();
      },
    },
  };
  const begun = place.now;
  expect(await launchAndPublish(slow, session)).toMatchObject({ state: 'PENDING' });
  expect(place.now - begun).toBeLessThanOrEqual(6_000);
  expect(limits).toEqual([4_000]);
});
