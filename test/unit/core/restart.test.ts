import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { sessionConfigRequestSchema } from '../../../contract/bodies/session-config.ts';
import { restartRuleOf } from '../../../contract/restart.ts';
import { WEBHOOK_PAYLOADS } from '../../../contract/webhooks/bodies.ts';
import { createSession } from '../../../core/admission/create.ts';
import { started } from '../../../core/admission/launch-and-publish.ts';
import { deleteSession } from '../../../core/lifecycle/end.ts';
import { launch } from '../../../core/lifecycle/launch.ts';
import { logoutSession } from '../../../core/lifecycle/logout.ts';
import { isLoss, restartDelayMs } from '../../../core/lifecycle/restart.ts';
import type { Session } from '../../../core/lifecycle/session.ts';
import { sessionView } from '../../../core/lifecycle/session-view.ts';
import { startWhenEnded } from '../../../core/lifecycle/start.ts';
import { stopSession } from '../../../core/lifecycle/stop.ts';
import { taskStopped } from '../../../core/lifecycle/task-stopped.ts';
import { bootstrap, finalReport, report } from '../../../core/lifecycle/worker.ts';
import { type LaunchResult, type Metrics, TaskEngineUnavailable } from '../../../core/ports.ts';
import { reap } from '../../../core/reaping/reap.ts';
import { bootstrapped, load, lose, RESTARTS_ALWAYS, restartable, secret, USER, worksNow } from './session.ts';
import { type TestSystem, testSystem } from './test-system.ts';

const slots = (system: TestSystem) =>
  [...system.table.items()].filter(({ pk }) => String(pk).startsWith('SLOT#')).map(({ epoch }) => epoch);
const activeOf = (system: TestSystem) =>
  [...system.table.items()].flatMap(({ pk, sk, active }) =>
    String(sk).startsWith('SHARD#') || String(pk).startsWith('USER#') ? [active] : [],
  );
const eventsOf = (system: TestSystem, event: string) =>
  [...system.table.items()].filter(({ pk, event: e }) => String(pk).startsWith('EVENT#') && e === event);

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
  const system = testSystem();
  const before = await restartable(system);
  const lostAt = system.now;
  await lose(system, before);
  const after = await load(system);
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
  expect(system.launchCalls).toEqual([`${after.sessionId}:1`, `${after.sessionId}:2`]);
  expect(slots(system)).toEqual([2]);
  expect(activeOf(system)).toEqual([1, 1]);
  const [restarting] = eventsOf(system, 'session.restarting');
  expect(WEBHOOK_PAYLOADS['session.restarting'].payload.parse(restarting?.payload)).toEqual({
    epoch: 2,
    reason: 'crashed',
    status: 'STARTING',
    attempt: 1,
    maxAttempts: 5,
    nextAttemptAt: after.restartAt,
    detail: 'exit code 137',
  });
  expect(eventsOf(system, 'session.stopped')).toEqual([]);

  // The event once more, and the old worker: nothing of the epoch before changes anything.
  await lose(system, before);
  await expect(finalReport(system.deps, before, { reason: 'crashed' })).resolves.toBeUndefined();
  expect(await load(system)).toMatchObject({ epoch: 2, state: 'STARTING' });
  expect(await worksNow(system, after)).toMatchObject({ epoch: 2, status: 'WORKING', slotShard: 0 });
});

test('while it waits, the session shows when its next attempt is, why, and how many there were', async () => {
  const system = testSystem();
  const before = await restartable(system);
  await finalReport(system.deps, before, { reason: 'task_stopped' });
  const waiting = await load(system);
  expect(sessionView(waiting, system.settings)).toMatchObject({
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
  // The event of the task that the worker's final report ended launches it.
  await lose(system, before, 'UserInitiated');
  expect(await load(system)).toMatchObject({ state: 'STARTING', epoch: 2, taskArn: 'task-2' });
  expect(sessionView(await load(system), system.settings).restart.nextAttemptAt).toBeNull();
});

test.each([
  ['always', 'UserInitiated', 'STARTING'],
  ['always', 'SpotInterruption', 'STARTING'],
  ['on-failure', 'EssentialContainerExited', 'STARTING'],
  ['on-failure', 'UserInitiated', 'STOPPED'],
  ['never', 'EssentialContainerExited', 'FAILED'],
] as const)('policy %s, task ended with %s: %s', async (policy, stopCode, state) => {
  const system = testSystem();
  await lose(system, await restartable(system, { restart: { policy } }), stopCode);
  expect(await load(system)).toMatchObject({ state });
});

test('a session without a usable account, or that asks to be linked, is never restarted', async () => {
  const system = testSystem();
  const request = { userId: USER, name: 'a', config: RESTARTS_ALWAYS, start: true };
  const { session } = await createSession(system.deps, request);
  const scanning = await bootstrapped(system, await launch(system.deps, session));
  await report(system.deps, scanning, { seq: 1, status: 'SCAN_QR_CODE' });
  await lose(system, await load(system));
  expect(await load(system)).toMatchObject({ state: 'FAILED', stopReason: 'crashed', epoch: 1 });

  const linked = await restartable(system, RESTARTS_ALWAYS, 'b');
  const key = { pk: linked.pk, sk: linked.sk };
  system.table.write({ kind: 'update', key, set: { status: 'SCAN_QR_CODE' } });
  await lose(system, await load(system, 'b'));
  expect(await load(system, 'b')).toMatchObject({ state: 'FAILED', epoch: 1 });
});

test.each(['user', 'idle', 'max_duration', 'logged_out', 'banned', 'emergency', 'qr_expired'] as const)(
  'an end for %s is not a loss, and is not restarted',
  async (reason) => {
    expect(isLoss(reason)).toBe(false);
    const system = testSystem();
    await finalReport(system.deps, await restartable(system), {
      reason: reason === 'user' ? 'emergency' : reason,
    });
    expect((await load(system)).slotShard).toBeUndefined();
  },
);

test('the worker of a restart may not ask to be linked; if it does, the session ends with a reason', async () => {
  const system = testSystem();
  await lose(system, await restartable(system));
  const launched = await load(system);
  const answer = await bootstrap(system.deps, {
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
  const session = await load(system);
  // A worker of an earlier release does not know the rule.
  expect(await report(system.deps, session, { seq: 1, status: 'SCAN_QR_CODE' })).toMatchObject({
    stop: 'crashed',
  });
  expect(await load(system)).toMatchObject({ state: 'STOPPING', status: 'STARTING' });
  expect((await load(system)).detail).toMatch(/asked for a code/);
});

test('after the attempts of the window it ends as FAILED with the reason, and an old window does not count', async () => {
  const system = testSystem();
  const counted: string[] = [];
  const metrics: Metrics = { count: (name, _value, ..._dimensions) => void counted.push(name) };
  const deps = { ...system.deps, metrics };
  let session = await restartable(system, {
    restart: { policy: 'always', maxAttempts: 2, windowSeconds: 600 },
  });
  for (let n = 0; n < 2; n++) {
    await lose(system, session);
    session = await worksNow(system, await load(system));
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
  const ended = await load(system);
  expect(ended).toMatchObject({
    state: 'FAILED',
    stopReason: 'task_stopped',
    detail: 'given up after 2 restarts: by hand',
    epoch: 3,
  });
  expect(ended.slotShard).toBeUndefined();
  expect(counted).toContain('RestartsGivenUp');
  expect(eventsOf(system, 'session.stopped')[0]?.payload).toMatchObject({ state: 'FAILED', restarts: 2 });
  expect(sessionView(ended, system.settings).restart).toMatchObject({ attempts: 2, nextAttemptAt: null });

  // After a start by a person the count is zero, and restarts that are older than the window do not count.
  const again = await startWhenEnded(system.deps, USER, 'a', 1_000);
  session = await worksNow(system, await started(system.deps, again));
  expect(sessionView(session, system.settings).restart).toMatchObject({ attempts: 0, reason: null });
  for (let n = 0; n < 4; n++) {
    await lose(system, session);
    session = await worksNow(system, await load(system));
    system.now += 400_000;
  }
  expect(session).toMatchObject({ epoch: 8, status: 'WORKING' });
});

test('a stop and a delete during the wait win: the slot is free, and nothing is launched', async () => {
  const system = testSystem();
  for (const name of ['a', 'b'])
    await finalReport(system.deps, await restartable(system, RESTARTS_ALWAYS, name), CRASH);
  const launches = system.launchCalls.length;

  await stopSession(system.deps, await load(system, 'a'), 'user');
  expect(await load(system, 'a')).toMatchObject({ state: 'STOPPED', stopReason: 'user' });
  await deleteSession(system.deps, await stopSession(system.deps, await load(system, 'b'), 'user'));

  system.now += 600_000;
  await reap(system.deps);
  expect(system.launchCalls).toHaveLength(launches);
  expect(slots(system)).toEqual([]);
});

test('a logout during the wait forgets the account: what is launched is a new epoch that may ask to be linked', async () => {
  const system = testSystem();
  await finalReport(system.deps, await restartable(system, RESTARTS_ALWAYS), CRASH);
  const waiting = await load(system);
  const shown = await logoutSession(system.deps, waiting, system.now + 26_000);
  expect(shown).toMatchObject({ state: 'STARTING', epoch: waiting.epoch + 1 });
  for (const gone of ['authState', 'me', 'restartAt']) expect(await load(system)).not.toHaveProperty(gone);
  expect(slots(system)).toHaveLength(1);
});

test('a logout while the launch of the restart is under way waits for it, and forgets the account', async () => {
  const system = testSystem();
  await finalReport(system.deps, await restartable(system, RESTARTS_ALWAYS), CRASH);
  const waiting = await load(system);
  system.now += 60_000;
  const refused: LaunchResult = { ok: false, retryable: false, detail: 'no such task definition' };
  let shown: Promise<Session> | undefined;
  const during = async (): Promise<LaunchResult> => {
    shown ??= logoutSession(system.deps, await load(system), system.now + 26_000);
    while ((await load(system)).state === 'PENDING') await nextTurn();
    return refused;
  };
  await launch(
    { ...system.deps, tasks: { ...system.deps.tasks, launch: during } },
    waiting,
    system.now + 500,
  );
  expect(await shown).toMatchObject({ epoch: waiting.epoch + 1 });
  for (const gone of ['authState', 'me', 'restartAt']) expect(await load(system)).not.toHaveProperty(gone);
  expect(slots(system)).toHaveLength(1);
});

const CRASH = { reason: 'crashed' } as const;

test('a stop that comes while the loss is still being handled wins, too', async () => {
  const system = testSystem();
  const session = await restartable(system);
  // The reaper stops a silent worker; before its task is gone, a person stops the session.
  await stopSession(system.deps, session, 'heartbeat_lost');
  await stopSession(system.deps, await load(system), 'user');
  await lose(system, await load(system));
  expect(await load(system)).toMatchObject({ state: 'STOPPED', stopReason: 'user', epoch: 1 });

  // A person asks for epoch 1 to end just when it is lost: epoch 2 is what is stopped.
  const other = await restartable(system, RESTARTS_ALWAYS, 'b');
  await finalReport(system.deps, other, CRASH);
  await stopSession(system.deps, other, 'user');
  expect(await load(system, 'b')).toMatchObject({ state: 'STOPPED', stopReason: 'user', epoch: 2 });
});

test('a start during the wait starts at once', async () => {
  const system = testSystem();
  let session = await restartable(system);
  for (let n = 0; n < 3; n++) {
    await finalReport(system.deps, session, CRASH);
    const waiting = await load(system);
    if (n < 2) {
      system.now = waiting.restartAt ?? 0;
      await reap(system.deps);
      session = await worksNow(system, await load(system));
    }
  }
  const waiting = await load(system);
  const asked = system.now;
  expect((waiting.restartAt ?? 0) - asked).toBeGreaterThan(15_000);
  const start = await startWhenEnded(system.deps, USER, 'a', 1_000);
  expect(start).toMatchObject({ admitted: false, restartsNow: true });
  expect(await started(system.deps, start)).toMatchObject({ state: 'STARTING', epoch: 4 });
  expect(system.now - asked).toBeLessThan(1_000);
  expect((await load(system)).restarts).toHaveLength(3);
});

test('the longest duration counts from the admission, over all restarts', async () => {
  const system = testSystem();
  let session = await restartable(system, { ...RESTARTS_ALWAYS, maxDurationSeconds: 7200 });
  const end = (session.startedAt ?? 0) + 7_200_000;
  system.now += 3_600_000;
  await lose(system, session);
  session = await worksNow(system, await load(system));
  expect(Date.parse(sessionView(session, system.settings).expiresAt ?? '')).toBe(end);
  // Lost a moment before its end: there is no time left for another start.
  system.now = end - 500;
  await lose(system, session);
  expect(await load(system)).toMatchObject({ state: 'FAILED', stopReason: 'crashed', epoch: 2 });
});

test('a lost heartbeat restarts only once the task is gone, and the sweep launches what it began', async () => {
  const system = testSystem();
  const session = await restartable(system);
  system.now += 200_000;
  await reap(system.deps);
  expect(await load(system)).toMatchObject({ state: 'STOPPING', stopReason: 'heartbeat_lost', epoch: 1 });
  system.tasks.delete(session.taskArn ?? '');
  system.now += 200_000;
  await reap(system.deps);
  expect(await load(system)).toMatchObject({
    state: 'STARTING',
    epoch: 2,
    taskArn: 'task-2',
    restartReason: 'heartbeat_lost',
  });
});

test('a launch that is not possible yet is made by a later sweep; one that never is counts as an attempt', async () => {
  const system = testSystem();
  const session = await restartable(system);
  system.launchResult = () => new TaskEngineUnavailable('throttled');
  await lose(system, session);
  expect(await load(system)).toMatchObject({ state: 'PENDING', epoch: 2, slotShard: 0 });
  system.launchResult = (taskArn) => ({ ok: true, taskArn });
  system.now += 60_000;
  await reap(system.deps);
  const launched = await load(system);
  expect(launched).toMatchObject({ state: 'STARTING', epoch: 2 });

  await taskStopped(system.deps, {
    taskArn: launched.taskArn ?? '',
    sessionId: launched.sessionId,
    epoch: 2,
    neverStarted: true,
    detail: 'CannotPullContainerError',
  });
  expect(await load(system)).toMatchObject({ epoch: 3, restartReason: 'launch_failed' });
});

test('a restart that finds every saved state corrupt ends at once, and the session is no longer linked (F24)', async () => {
  for (const status of ['STARTING', 'SCAN_QR_CODE'] as const) {
    const system = testSystem();
    await lose(system, await restartable(system));
    const session = await bootstrapped(system, await load(system));
    await report(system.deps, session, { seq: 1, status, qrReason: 'auth_state_corrupt' });
    await finalReport(system.deps, await load(system), { reason: 'crashed' });
    const ended = await load(system);
    expect(ended).toMatchObject({ state: 'FAILED', stopReason: 'crashed', epoch: 2 });
    expect(sessionView(ended, system.settings).linked).toBe(false);
  }
});
