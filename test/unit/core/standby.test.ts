/** Standby tasks: which epoch takes one, the fallback if it cannot serve, and how many are kept. */
import { expect, test, vi } from 'vitest';
import { standbyViewSchema } from '../../../contract/bodies/standby.ts';
import { launchAndPublish } from '../../../core/admission/launch-and-publish.ts';
import { launch } from '../../../core/lifecycle/launch.ts';
import { bootstrap } from '../../../core/lifecycle/worker.ts';
import { type StandbyWorkers, WorkerTimeout, WorkerUnreachable } from '../../../core/ports.ts';
import { reconcile } from '../../../core/reconciliation/reconcile.ts';
import { keepStandby } from '../../../core/standby/keep.ts';
import { changePlan, targetAt, wantedAt } from '../../../core/standby/plan.ts';
import { reportStandby } from '../../../core/standby/report.ts';
import { standbyTaskStopped } from '../../../core/standby/stopped.ts';
import { idOf, keyOf, readStandby, tasksIn } from '../../../core/standby/task.ts';
import { standbyView } from '../../../core/standby/view.ts';
import { admittedSession, load, secret } from './session.ts';
import { type TestSystem, testSystem } from './test-system.ts';

const standby = { target: 1, hours: [], depth: 'browser' as const, max: 3, maxAgeSeconds: 3600 };
const settings = { standby };
const tasks = async (system: TestSystem) => tasksIn(await readStandby(system.deps));

/** One task, launched by a sweep, whose worker reports. */
const ready = async (system: TestSystem) => {
  const tokens = new Map<string, string>();
  const { launchStandby } = system.deps.tasks;
  system.deps.tasks.launchStandby = (request, limitMs) => {
    tokens.set(request.standbyId, request.standbyToken);
    return launchStandby(request, limitMs);
  };
  await keepStandby(system.deps);
  for (const task of await tasks(system)) await report(system, idOf(task), tokens.get(idOf(task)) ?? '');
  return { token: (id: string) => tokens.get(id) ?? '', id: idOf((await tasks(system))[0] ?? { sk: '' }) };
};

const report = (system: TestSystem, standbyId: string, standbyToken: string, letter = 'w') =>
  reportStandby(system.deps, {
    standbyId,
    standbyToken,
    workerSecret: secret(letter),
    commandSecret: secret('c'),
    address: 'http://10.0.0.9:8080',
    chromiumBuild: '1',
  });

/** A standby worker that exchanges the token it is sent, from the task that was launched for it. */
const serving = (system: TestSystem): StandbyWorkers => ({
  assign: async (_task, { sessionId, epoch, bootstrapToken }) => {
    await bootstrap(system.deps, {
      sessionId,
      epoch,
      bootstrapToken,
      workerSecret: secret('s'),
      commandSecret: secret('c'),
      address: 'http://10.0.0.9:8080',
      chromiumBuild: '1',
      taskArn: 'task-1',
    });
    return true;
  },
});

const launched = async (system: TestSystem, standby: StandbyWorkers) =>
  launch({ ...system.deps, standby }, await admittedSession(system));

test('a ready standby task serves the session, and its replacement is ordered', async () => {
  const system = testSystem(settings);
  const { id } = await ready(system);
  const session = await launched(system, serving(system));
  expect(session).toMatchObject({ state: 'STARTING', taskArn: 'task-1', workerTaskArn: 'task-1' });
  expect(system.launchCalls).toHaveLength(2);
  expect(system.launchCalls).not.toContain(`${session.sessionId}:1`);
  const kept = await tasks(system);
  const [claimed] = kept.filter(({ claimedBy }) => claimedBy !== undefined);
  const [next, ...others] = kept.filter(({ claimedBy }) => claimedBy === undefined);
  expect(others).toEqual([]);
  expect(claimed).toMatchObject({ claimedBy: { sessionId: session.sessionId, epoch: 1 } });
  expect(idOf(claimed ?? { sk: '' })).toBe(id);
  expect(next).toBeDefined();
});

test.each([
  ['refuses', async () => false],
  ['is not reached', async () => Promise.reject(new WorkerUnreachable('ECONNREFUSED'))],
  ['does not answer', async () => Promise.reject(new WorkerTimeout('timeout'))],
])('a standby task that %s is used up, and the session gets its own task', async (_how, assign) => {
  const system = testSystem(settings);
  await ready(system);
  const session = await launched(system, { assign });
  expect(session).toMatchObject({ state: 'STARTING', taskArn: expect.not.stringMatching(/^task-1$/) });
  expect(system.launchCalls).toContain(`${session.sessionId}:1`);
  // It may still serve: nothing stops it before that is known.
  await keepStandby(system.deps);
  expect(system.stopCalls).toEqual([]);
  await bootstrap(system.deps, {
    sessionId: session.sessionId,
    epoch: 1,
    bootstrapToken: session.bootstrapToken ?? '',
    workerSecret: secret('o'),
    commandSecret: secret('c'),
    address: 'http://10.0.0.1:8080',
    chromiumBuild: '1',
    ...(session.taskArn === undefined ? {} : { taskArn: session.taskArn }),
  });
  await keepStandby(system.deps);
  expect(system.stopCalls).toEqual(['task-1']);
});

test.each([
  ['none is kept ready', 0, []],
  ['one is to be ready and is not yet', 1, ['none_ready']],
])('a start without a standby task while %s: %i wanted', async (_when, target, expected) => {
  const system = testSystem({ standby });
  // A plan that was set at run time is an item beside those of the tasks.
  if (target === 0) await changePlan(system.deps, { target });
  const misses: unknown[] = [];
  vi.spyOn(system.deps.metrics, 'count').mockImplementation((name, _value, ...[dimensions]) => {
    if (name === 'StandbyMisses') misses.push(Object.values({ ...dimensions })[0]);
  });
  await launched(system, serving(system));
  expect(misses).toEqual(expected);
});

test('a claimed standby task that stops before it serves leads to a launch, not to an end', async () => {
  const system = testSystem(settings);
  const { id } = await ready(system);
  system.launchResult = () => ({ ok: false, retryable: true, detail: 'no capacity' });
  const session = await launched(system, {
    assign: async () => Promise.reject(new WorkerUnreachable('gone')),
  });
  expect(session.state).toBe('PENDING');
  system.launchResult = (taskArn) => ({ ok: true, taskArn });
  const stopped = { standbyId: id, taskArn: 'task-1', neverStarted: false, detail: 'exit 1' };
  await standbyTaskStopped(system.deps, stopped);
  expect(await load(system)).toMatchObject({ state: 'STARTING', slotShard: 0 });
  expect((await tasks(system)).map(idOf)).not.toContain(id);
});

test('a standby task that stops while it serves ends its session', async () => {
  const system = testSystem(settings);
  const { id } = await ready(system);
  await launched(system, serving(system));
  const stopped = { standbyId: id, taskArn: 'task-1', neverStarted: false, detail: 'exit 1' };
  await standbyTaskStopped(system.deps, stopped);
  expect(await load(system)).toMatchObject({ state: 'FAILED', stopReason: 'crashed' });
});

test('its token is for one worker, and for waiting only', async () => {
  const system = testSystem(settings);
  const { id, token } = await ready(system);
  await expect(report(system, id, token(id))).resolves.toMatchObject({ heartbeatSeconds: 20 });
  await expect(report(system, id, token(id), 'x')).rejects.toMatchObject({ code: 'conflict' });
  await expect(report(system, id, secret('t'))).rejects.toMatchObject({ code: 'unauthorized' });
  await launched(system, serving(system));
  await expect(report(system, id, token(id))).rejects.toMatchObject({ code: 'fenced' });
});

test('the old, the silent and those of another revision are replaced, and a surplus is stopped', async () => {
  const system = testSystem(settings);
  const { id, token } = await ready(system);
  system.revision = 'worker:2';
  await keepStandby(system.deps);
  expect(system.stopCalls).toEqual(['task-1']);
  system.tasks.set('task-1', { ...system.tasks.get('task-1'), stopped: true } as never);
  await keepStandby(system.deps);
  const [next, ...more] = await tasks(system);
  expect(more).toEqual([]);
  expect(next?.revision).toBe('worker:2');
  await expect(report(system, id, token(id))).rejects.toMatchObject({ code: 'fenced' });
  system.now += 3_601_000;
  await keepStandby(system.deps);
  expect(system.stopCalls).toContain(next?.taskArn);
  await changePlan(system.deps, { target: 0 });
  system.stopCalls.length = 0;
  await keepStandby(system.deps);
  expect(system.stopCalls.length).toBeGreaterThan(0);
  expect((await tasks(system)).every(({ retiredAt }) => retiredAt !== undefined)).toBe(true);
});

test('launches that give no ready task are paused, longer each time, until one works', async () => {
  const system = testSystem(settings);
  system.launchResult = () => ({ ok: false, retryable: true, detail: 'no capacity' });
  await keepStandby(system.deps);
  expect(system.launchCalls).toHaveLength(1);
  await keepStandby(system.deps);
  expect(system.launchCalls).toHaveLength(1);
  system.now += 61_000;
  await keepStandby(system.deps);
  expect(system.launchCalls).toHaveLength(2);
  system.now += 61_000;
  await keepStandby(system.deps);
  expect(system.launchCalls).toHaveLength(2);
});

test('what keeps standby tasks from being launched is shown, until another target is set or one is ready', async () => {
  const system = testSystem(settings);
  const failure = async () => (await standbyView(system.deps)).failure;
  expect(await failure()).toBeNull();
  system.launchResult = () => ({ ok: false, retryable: false, detail: 'capacity: the quota is used up' });
  await keepStandby(system.deps);
  expect(await failure()).toBe('capacity: the quota is used up');
  await changePlan(system.deps, { target: 2 });
  expect(await failure()).toBeNull();
  await keepStandby(system.deps);
  expect(await failure()).toBe('capacity: the quota is used up');
  system.launchResult = (taskArn) => ({ ok: true, taskArn });
  system.now += 61_000;
  await ready(system);
  await keepStandby(system.deps);
  expect(await failure()).toBeNull();
});

test('a standby task holds no slot, is not stopped by the reconciler, and is not kept if no slot is free', async () => {
  const system = testSystem({ ...settings, globalLimit: 1, userLimit: 1 });
  await ready(system);
  system.now += 600_000;
  for (const _pass of [1, 2]) {
    expect(await reconcile(system.deps)).toMatchObject({ orphansMarked: 0, orphansStopped: 0 });
    system.now += 60_000;
  }
  await admittedSession(system);
  await keepStandby(system.deps);
  expect(system.stopCalls).toEqual(['task-1']);
});

test('a target above what the environment or the limit allows is refused in words, and changes nothing', async () => {
  const system = testSystem({ ...settings, globalLimit: 2 });
  await expect(changePlan(system.deps, { target: 4 })).rejects.toMatchObject({
    code: 'unprocessable',
    message: expect.stringContaining('vCPU quota'),
  });
  await expect(changePlan(system.deps, { hours: [{ from: 7, to: 19, target: 3 }] })).rejects.toMatchObject({
    code: 'unprocessable',
    message: expect.stringContaining('global limit is 2'),
  });
  expect(await readStandby(system.deps)).toEqual([]);
});

test('the hours of the plan are UTC, may pass midnight, and the first one counts', () => {
  const plan = {
    target: 1,
    hours: [
      { from: 22, to: 6, target: 0 },
      { from: 5, to: 20, target: 4 },
    ],
  };
  const at = (hour: number) => targetAt(plan, Date.UTC(2026, 0, 1, hour, 30));
  expect([21, 22, 0, 5, 6, 19, 20].map(at)).toEqual([1, 0, 0, 0, 4, 4, 1]);
  expect(wantedAt(plan, Date.UTC(2026, 0, 1, 8), { max: 3, freeSlots: 10 })).toBe(3);
  expect(wantedAt(plan, Date.UTC(2026, 0, 1, 8), { max: 3, freeSlots: -1 })).toBe(0);
});

test('a plan of another depth replaces the tasks that wait, and stays when only its target changes', async () => {
  const system = testSystem(settings);
  await ready(system);
  await changePlan(system.deps, { depth: 'page' });
  await changePlan(system.deps, { target: 2 });
  expect(await standbyView(system.deps)).toMatchObject({ plan: { target: 2, depth: 'page' } });
  expect(await keepStandby(system.deps)).toMatchObject({ retired: 1, launched: 2 });
  const open = (await tasks(system)).filter(({ retiredAt }) => retiredAt === undefined);
  expect(open.map(({ depth }) => depth)).toEqual(['page', 'page']);
  await changePlan(system.deps, { target: null });
  expect(await standbyView(system.deps)).toMatchObject({ plan: { target: 1, depth: 'browser' } });
});

test('a plan that changes while tasks start counts no failure, and pauses nothing', async () => {
  const system = testSystem({ standby: { ...standby, target: 3 } });
  await keepStandby(system.deps);
  await changePlan(system.deps, { depth: 'page' });
  expect(await keepStandby(system.deps)).toMatchObject({ retired: 3, launched: 3 });
  expect(await standbyView(system.deps)).toMatchObject({ failure: null, pausedUntil: null });
  system.now += system.deps.settings.startTimeoutSeconds * 1000 + 1;
  await keepStandby(system.deps);
  expect(await standbyView(system.deps)).toMatchObject({ failure: expect.stringContaining('ready in time') });
});

test('the stored plan has nothing that an earlier release refuses, and may have what a later one adds', async () => {
  const system = testSystem(settings);
  await changePlan(system.deps, { target: 2, depth: 'page' });
  const stored = (await readStandby(system.deps)).find(({ plan }) => plan !== undefined);
  expect(stored).toMatchObject({ plan: { target: 2, hours: [] }, depth: 'page' });
  expect(Object.keys(Object(stored?.plan)).sort()).toEqual(['hours', 'target']);
  const view = await standbyView(system.deps);
  const later = { ...view, plan: { ...view.plan, more: 1 }, tasks: [] };
  expect(standbyViewSchema.safeParse(later).success).toBe(true);
});

test('an item of an earlier release waits with its browser', async () => {
  const system = testSystem(settings);
  await ready(system);
  const [task] = await tasks(system);
  if (!task) throw new Error('no task was launched');
  await system.deps.store.write({ kind: 'update', key: keyOf(task), remove: ['depth'] });
  expect(await keepStandby(system.deps)).toMatchObject({ retired: 0, ready: 1 });
});

test('the time that a caller waits is enough for a claim', async () => {
  const system = testSystem(settings);
  await ready(system);
  const deps = { ...system.deps, standby: serving(system) };
  expect(await launchAndPublish(deps, await admittedSession(system))).toMatchObject({
    workerTaskArn: 'task-1',
  });
});
