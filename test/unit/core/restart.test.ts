import { expect, test } from 'vitest';
import type { SessionConfig } from '../../../contract/bodies/session-config.ts';
import { sessionConfigRequestSchema } from '../../../contract/bodies/session-config.ts';
import { restartRuleOf } from '../../../contract/restart.ts';
import { WEBHOOK_PAYLOADS } from '../../../contract/webhooks/bodies.ts';
import { createSession } from '../../../core/admission/create.ts';
import { started } from '../../../core/admission/launch-and-publish.ts';
import { deleteSession, forgetWaiting } from '../../../core/lifecycle/end.ts';
import { launch } from '../../../core/lifecycle/launch.ts';
import { isLoss, restartDelayMs } from '../../../core/lifecycle/restart.ts';
import type { Session } from '../../../core/lifecycle/session.ts';
import { sessionView } from '../../../core/lifecycle/session-view.ts';
import { startWhenEnded } from '../../../core/lifecycle/start.ts';
import { stopSession } from '../../../core/lifecycle/stop.ts';
import { taskStopped } from '../../../core/lifecycle/task-stopped.ts';
import { bootstrap, lastWord, report } from '../../../core/lifecycle/worker.ts';
import { type Metrics, TaskEngineUnavailable } from '../../../core/ports.ts';
import { reap } from '../../../core/reaping/reap.ts';
import { bootstrapped, load, secret, USER, uploaded } from './session.ts';
import { type Lab, lab } from './test-system.ts';

const ALWAYS: SessionConfig = { restart: { policy: 'always' } };

/** WORKING, with a saved account. */
const working = async (place: Lab, config: SessionConfig = ALWAYS, name = 'a'): Promise<Session> => {
  const admitted = await createSession(place.deps, { userId: USER, name, config, start: true });
  return worksNow(place, await launch(place.deps, admitted.session));
};

/** The worker of the session's epoch comes up, works, and saves the account. */
const worksNow = async (place: Lab, launched: Session): Promise<Session> => {
  const session = await bootstrapped(place, launched, 'w', launched.taskArn);
  await report(place.deps, session, { seq: 1, status: 'WORKING', me: { id: '1@c.us' } });
  const { commit } = await uploaded(place, await load(place, session.listName), 'a');
  await commit(await load(place, session.listName));
  return load(place, session.listName);
};

/** ECS reports the end of the session's task. */
const lose = async (place: Lab, session: Session, stopCode = 'EssentialContainerExited') => {
  const { taskArn = '', sessionId, epoch } = session;
  const task = place.tasks.get(taskArn);
  if (task) place.tasks.set(taskArn, { ...task, stopped: true });
  return taskStopped(place.deps, {
    taskArn,
    sessionId,
    epoch,
    neverStarted: false,
    stopCode,
    detail: 'exit code 137',
  });
};

const slots = (place: Lab) =>
  [...place.table.items()].filter(({ pk }) => String(pk).startsWith('SLOT#')).map(({ epoch }) => epoch);
const activeOf = (place: Lab) =>
  [...place.table.items()].flatMap(({ pk, sk, active }) =>
    String(sk).startsWith('SHARD#') || String(pk).startsWith('USER#') ? [active] : [],
  );
const toldOf = (place: Lab, event: string) =>
  [...place.table.items()].filter(({ pk, event: e }) => String(pk).startsWith('EVENT#') && e === event);

test('without a policy only a session that is kept alive restarts; what is left out has defaults', () => {
  expect(restartRuleOf({})).toEqual({ policy: 'never', maxAttempts: 5, windowSeconds: 3600 });
  expect(restartRuleOf({ keepAlive: true }).policy).toBe('always');
  expect(restartRuleOf({ keepAlive: true, restart: { policy: 'never' } }).policy).toBe('never');
  const bad = sessionConfigRequestSchema.safeParse({ restart: { policy: 'sometimes', maxAttempts: 0 } });
  expect(bad.error?.issues.map(({ path }) => path.join('.'))).toEqual([
    'restart.policy',
    'restart.maxAttempts',
  ]);
});

test('the wait grows fourfold with each attempt, up to five minutes, and is spread over its upper half', () => {
  expect([1, 2, 3, 4, 5, 9].map((n) => restartDelayMs(n, 0))).toEqual([
    1_000, 4_000, 16_000, 64_000, 150_000, 150_000,
  ]);
  expect([1, 2, 3, 4, 5, 9].map((n) => restartDelayMs(n, 1))).toEqual([
    2_000, 8_000, 32_000, 128_000, 300_000, 300_000,
  ]);
});

test('a lost task: one transaction begins the next epoch on the same slot, and its task is launched after the wait', async () => {
  const place = lab();
  const before = await working(place);
  const lostAt = place.now;
  await lose(place, before);
  const after = await load(place);
  expect(after).toMatchObject({
    state: 'STARTING',
    status: 'STARTING',
    epoch: 2,
    slotShard: before.slotShard,
    startedAt: before.startedAt,
    authState: before.authState,
    me: { id: '1@c.us' },
    taskArn: 'task-2',
    restarts: [lostAt],
    restartReason: 'crashed',
  });
  expect(after.restartAt).toBeGreaterThanOrEqual(lostAt + 1_000);
  expect(place.launchCalls).toEqual([`${after.sessionId}:1`, `${after.sessionId}:2`]);
  expect(slots(place)).toEqual([2]);
  expect(activeOf(place)).toEqual([1, 1]);
  const [told] = toldOf(place, 'session.restarting');
  expect(WEBHOOK_PAYLOADS['session.restarting'].payload.parse(told?.payload)).toEqual({
    epoch: 2,
    reason: 'crashed',
    status: 'STARTING',
    attempt: 1,
    maxAttempts: 5,
    nextAttemptAt: after.restartAt,
    detail: 'exit code 137',
  });
  expect(toldOf(place, 'session.stopped')).toEqual([]);

  // The event once more, and the old worker: nothing of the epoch before changes anything.
  await lose(place, before);
  await expect(lastWord(place.deps, before, { reason: 'crashed' })).resolves.toBeUndefined();
  expect(await load(place)).toMatchObject({ epoch: 2, state: 'STARTING' });
  expect(await worksNow(place, after)).toMatchObject({ epoch: 2, status: 'WORKING', slotShard: 0 });
});

test('while it waits, the session shows when its next attempt is, why, and how many there were', async () => {
  const place = lab();
  const before = await working(place);
  await lastWord(place.deps, before, { reason: 'task_stopped' });
  const waiting = await load(place);
  expect(sessionView(waiting, place.settings)).toMatchObject({
    state: 'PENDING',
    status: 'STARTING',
    linked: true,
    restart: {
      policy: 'always',
      maxAttempts: 5,
      windowSeconds: 3600,
      attempts: 1,
      reason: 'task_stopped',
      nextAttemptAt: new Date(waiting.restartAt ?? 0).toISOString(),
    },
  });
  // The event of the task that the worker's last word ended launches it.
  await lose(place, before, 'UserInitiated');
  expect(await load(place)).toMatchObject({ state: 'STARTING', epoch: 2, taskArn: 'task-2' });
  expect(sessionView(await load(place), place.settings).restart.nextAttemptAt).toBeNull();
});

test.each([
  ['always', 'UserInitiated', 'STARTING'],
  ['always', 'SpotInterruption', 'STARTING'],
  ['on-failure', 'EssentialContainerExited', 'STARTING'],
  ['on-failure', 'UserInitiated', 'STOPPED'],
  ['never', 'EssentialContainerExited', 'FAILED'],
] as const)('policy %s, task ended with %s: %s', async (policy, stopCode, state) => {
  const place = lab();
  await lose(place, await working(place, { restart: { policy } }), stopCode);
  expect(await load(place)).toMatchObject({ state });
});

test('a session without a usable account, or that asks to be linked, is never restarted', async () => {
  const place = lab();
  const request = { userId: USER, name: 'a', config: ALWAYS, start: true };
  const { session } = await createSession(place.deps, request);
  const scanning = await bootstrapped(place, await launch(place.deps, session));
  await report(place.deps, scanning, { seq: 1, status: 'SCAN_QR_CODE' });
  await lose(place, await load(place));
  expect(await load(place)).toMatchObject({ state: 'FAILED', stopReason: 'crashed', epoch: 1 });

  const linked = await working(place, ALWAYS, 'b');
  const key = { pk: linked.pk, sk: linked.sk };
  place.table.write({ kind: 'update', key, set: { status: 'SCAN_QR_CODE' } });
  await lose(place, await load(place, 'b'));
  expect(await load(place, 'b')).toMatchObject({ state: 'FAILED', epoch: 1 });
});

test.each(['user', 'idle', 'max_duration', 'logged_out', 'banned', 'emergency', 'qr_expired'] as const)(
  'an end for %s is not a loss, and is not restarted',
  async (reason) => {
    expect(isLoss(reason)).toBe(false);
    const place = lab();
    await lastWord(place.deps, await working(place), {
      reason: reason === 'user' ? 'emergency' : reason,
    });
    expect((await load(place)).slotShard).toBeUndefined();
  },
);

test('the worker of a restart may not ask to be linked; where it does, the session ends and says why', async () => {
  const place = lab();
  await lose(place, await working(place));
  const launched = await load(place);
  const answer = await bootstrap(place.deps, {
    sessionId: launched.sessionId,
    epoch: 2,
    bootstrapToken: launched.bootstrapToken ?? '',
    workerSecret: secret('w'),
    commandSecret: secret('c'),
    address: 'http://10.0.0.1:8080',
    chromiumBuild: '1',
  });
  expect(answer).toMatchObject({ mayLink: false });
  expect(answer.deadlines.startBy).toBe((launched.restartAt ?? 0) + 240_000);
  const session = await load(place);
  // A worker of an earlier release does not know the rule.
  expect(await report(place.deps, session, { seq: 1, status: 'SCAN_QR_CODE' })).toMatchObject({
    stop: 'crashed',
  });
  expect(await load(place)).toMatchObject({ state: 'STOPPING', status: 'STARTING' });
  expect((await load(place)).detail).toMatch(/asked for a code/);
});

test('after the attempts of the window it ends as FAILED with the reason, and an old window does not count', async () => {
  const place = lab();
  const counted: string[] = [];
  const metrics: Metrics = { count: (name, _value, ..._dimensions) => void counted.push(name) };
  const deps = { ...place.deps, metrics };
  let session = await working(place, { restart: { policy: 'always', maxAttempts: 2, windowSeconds: 600 } });
  for (let n = 0; n < 2; n++) {
    await lose(place, session);
    session = await worksNow(place, await load(place));
  }
  const { taskArn = '', sessionId, epoch } = session;
  await taskStopped(deps, {
    taskArn,
    sessionId,
    epoch,
    neverStarted: false,
    stopCode: 'UserInitiated',
    detail: 'by hand',
  });
  const ended = await load(place);
  expect(ended).toMatchObject({
    state: 'FAILED',
    stopReason: 'task_stopped',
    detail: 'given up after 2 restarts: by hand',
    epoch: 3,
  });
  expect(ended.slotShard).toBeUndefined();
  expect(counted).toContain('RestartsGivenUp');
  expect(toldOf(place, 'session.stopped')[0]?.payload).toMatchObject({ state: 'FAILED', restarts: 2 });
  expect(sessionView(ended, place.settings).restart).toMatchObject({ attempts: 2, nextAttemptAt: null });

  // Started by a person, it counts anew; and restarts that are older than the window do not count.
  const again = await startWhenEnded(place.deps, USER, 'a', 1_000);
  session = await worksNow(place, await started(place.deps, again));
  expect(sessionView(session, place.settings).restart).toMatchObject({ attempts: 0, reason: null });
  for (let n = 0; n < 4; n++) {
    await lose(place, session);
    session = await worksNow(place, await load(place));
    place.now += 400_000;
  }
  expect(session).toMatchObject({ epoch: 8, status: 'WORKING' });
});

test('a stop, a delete and a logout during the wait win: the slot is free, and nothing is launched', async () => {
  const place = lab();
  for (const name of ['a', 'b', 'c']) await lastWord(place.deps, await working(place, ALWAYS, name), CRASH);
  const launches = place.launchCalls.length;

  await stopSession(place.deps, await load(place, 'a'), 'user');
  expect(await load(place, 'a')).toMatchObject({ state: 'STOPPED', stopReason: 'user' });
  await deleteSession(place.deps, await stopSession(place.deps, await load(place, 'b'), 'user'));
  expect(await forgetWaiting(place.deps, await load(place, 'c'))).toBe(true);
  const forgotten = await load(place, 'c');
  expect(forgotten).toMatchObject({ state: 'STOPPED', stopReason: 'logged_out' });
  expect(forgotten).not.toHaveProperty('authState');

  place.now += 600_000;
  await reap(place.deps);
  expect(place.launchCalls).toHaveLength(launches);
  expect(slots(place)).toEqual([]);
});
const CRASH = { reason: 'crashed' } as const;

test('a stop that comes while the loss is still being handled wins, too', async () => {
  const place = lab();
  const session = await working(place);
  // The reaper stops a silent worker; before its task is gone, a person stops the session.
  await stopSession(place.deps, session, 'heartbeat_lost');
  await stopSession(place.deps, await load(place), 'user');
  await lose(place, await load(place));
  expect(await load(place)).toMatchObject({ state: 'STOPPED', stopReason: 'user', epoch: 1 });

  // A person asks for epoch 1 to end just when it is lost: epoch 2 is what is stopped.
  const other = await working(place, ALWAYS, 'b');
  await lastWord(place.deps, other, CRASH);
  await stopSession(place.deps, other, 'user');
  expect(await load(place, 'b')).toMatchObject({ state: 'STOPPED', stopReason: 'user', epoch: 2 });
});

test('a start during the wait starts at once', async () => {
  const place = lab();
  let session = await working(place);
  for (let n = 0; n < 3; n++) {
    await lastWord(place.deps, session, CRASH);
    const waiting = await load(place);
    if (n < 2) {
      place.now = waiting.restartAt ?? 0;
      await reap(place.deps);
      session = await worksNow(place, await load(place));
    }
  }
  const waiting = await load(place);
  const asked = place.now;
  expect((waiting.restartAt ?? 0) - asked).toBeGreaterThan(15_000);
  const start = await startWhenEnded(place.deps, USER, 'a', 1_000);
  expect(start).toMatchObject({ admitted: false, restartsNow: true });
  expect(await started(place.deps, start)).toMatchObject({ state: 'STARTING', epoch: 4 });
  expect(place.now - asked).toBeLessThan(1_000);
  expect((await load(place)).restarts).toHaveLength(3);
});

test('the longest duration counts from the admission, over all restarts', async () => {
  const place = lab();
  let session = await working(place, { ...ALWAYS, maxDurationSeconds: 7200 });
  const end = (session.startedAt ?? 0) + 7_200_000;
  place.now += 3_600_000;
  await lose(place, session);
  session = await worksNow(place, await load(place));
  expect(Date.parse(sessionView(session, place.settings).expiresAt ?? '')).toBe(end);
  // Lost a moment before its end: there is no time left for another start.
  place.now = end - 500;
  await lose(place, session);
  expect(await load(place)).toMatchObject({ state: 'FAILED', stopReason: 'crashed', epoch: 2 });
});

test('a lost heartbeat restarts only once the task is gone, and the sweep launches what it began', async () => {
  const place = lab();
  const session = await working(place);
  place.now += 200_000;
  await reap(place.deps);
  expect(await load(place)).toMatchObject({ state: 'STOPPING', stopReason: 'heartbeat_lost', epoch: 1 });
  place.tasks.delete(session.taskArn ?? '');
  place.now += 200_000;
  await reap(place.deps);
  expect(await load(place)).toMatchObject({
    state: 'STARTING',
    epoch: 2,
    taskArn: 'task-2',
    restartReason: 'heartbeat_lost',
  });
});

test('a launch that is not possible yet is made by a later sweep; one that never is counts as an attempt', async () => {
  const place = lab();
  const session = await working(place);
  place.launchResult = () => new TaskEngineUnavailable('throttled');
  await lose(place, session);
  expect(await load(place)).toMatchObject({ state: 'PENDING', epoch: 2, slotShard: 0 });
  place.launchResult = (taskArn) => ({ ok: true, taskArn });
  place.now += 60_000;
  await reap(place.deps);
  const launched = await load(place);
  expect(launched).toMatchObject({ state: 'STARTING', epoch: 2 });

  await taskStopped(place.deps, {
    taskArn: launched.taskArn ?? '',
    sessionId: launched.sessionId,
    epoch: 2,
    neverStarted: true,
    detail: 'CannotPullContainerError',
  });
  expect(await load(place)).toMatchObject({ epoch: 3, restartReason: 'launch_failed' });
});

test('a restart that finds every saved state corrupt ends at once, and the session is no longer linked (F24)', async () => {
  for (const status of ['STARTING', 'SCAN_QR_CODE'] as const) {
    const place = lab();
    await lose(place, await working(place));
    const session = await bootstrapped(place, await load(place));
    await report(place.deps, session, { seq: 1, status, qrReason: 'auth_state_corrupt' });
    await lastWord(place.deps, await load(place), { reason: 'crashed' });
    const ended = await load(place);
    expect(ended).toMatchObject({ state: 'FAILED', stopReason: 'crashed', epoch: 2 });
    expect(sessionView(ended, place.settings).linked).toBe(false);
  }
});
