import { expect, test } from 'vitest';
import { discardAuthState } from '../../../core/accounts/snapshots.ts';
import { launchAndPublish } from '../../../core/admission/launch-and-publish.ts';
import { runCommand } from '../../../core/commands/command.ts';
import { updateActiveSession } from '../../../core/lifecycle/change.ts';
import { unlinkFirst } from '../../../core/lifecycle/end.ts';
import { launch } from '../../../core/lifecycle/launch.ts';
import type { Session } from '../../../core/lifecycle/session.ts';
import { sessionView } from '../../../core/lifecycle/session-view.ts';
import { startWhenEnded } from '../../../core/lifecycle/start.ts';
import { stopSession } from '../../../core/lifecycle/stop.ts';
import { taskStopped } from '../../../core/lifecycle/task-stopped.ts';
import { bootstrap, finalReport, report } from '../../../core/lifecycle/worker.ts';
import {
  type LaunchRequest,
  type LaunchResult,
  TaskEngineUnavailable,
  type WorkerCommands,
  WorkerUnreachable,
} from '../../../core/ports.ts';
import { reap } from '../../../core/reaping/reap.ts';
import { TASK_STOP_SECONDS } from '../../../core/settings.ts';
import {
  admittedSession,
  bootstrapped,
  launchedSession,
  load,
  secret,
  USER,
  withoutCapacity,
  workingSession,
} from './session.ts';
import { type TestSystem, testSystem } from './test-system.ts';

/** The function that launched the task died before it wrote down which task it is; its worker is up. */
const withUnknownTask = async (system: TestSystem) => {
  const session = await admittedSession(system);
  await system.deps.tasks.launch(
    {
      sessionId: session.sessionId,
      epoch: session.epoch,
      clientToken: system.deps.sha256(`${session.sessionId}:${session.epoch}`),
      size: 'standard',
      bootstrapToken: session.bootstrapToken ?? '',
    },
    1_000,
  );
  return bootstrapped(system, session);
};

test('a session whose worker runs is not released by a stop although its task is not known', async () => {
  const system = testSystem();
  const session = await withUnknownTask(system);
  expect(session.taskArn).toBeUndefined();
  const stopped = await stopSession(system.deps, session, 'user');
  expect(stopped).toMatchObject({ state: 'STOPPING', slotShard: 0 });
  expect(await report(system.deps, await load(system), { seq: 1, status: 'WORKING' })).toMatchObject({
    stop: 'user',
  });
});

test('the next sweep finds and records a task that was not recorded, and no other is launched', async () => {
  const system = testSystem();
  await withUnknownTask(system);
  system.now += 31_000;
  await reap(system.deps);
  expect(await load(system)).toMatchObject({ taskArn: 'task-1', state: 'STARTING' });
  expect(system.tasks.size).toBe(1);
});

test('a hanging worker of an unknown task is stopped, and its slot is free only once the task is gone', async () => {
  const system = testSystem();
  const session = await withUnknownTask(system);
  await stopSession(system.deps, session, 'user');
  system.now += 151_000;
  await reap(system.deps);
  expect(system.stopCalls).toEqual(['task-1']);
  expect((await load(system)).slotShard).toBe(0);
  system.tasks.delete('task-1');
  await reap(system.deps);
  expect(await load(system)).toMatchObject({ state: 'STOPPED', stopReason: 'user' });
});

test('a session that no task comes of ends at its start time-out, however often its launch was due', async () => {
  const system = testSystem();
  system.launchResult = () => ({ ok: false, retryable: true, detail: 'no capacity' });
  await launchedSession(system);
  for (let sweep = 0; sweep < 5; sweep++) {
    system.now += 60_000;
    await reap(system.deps);
  }
  const ended = await load(system);
  expect(ended).toMatchObject({ state: 'FAILED', stopReason: 'launch_failed' });
  expect(ended.slotShard).toBeUndefined();
});

test('a worker that bootstraps while its start times out is stopped, not cut off', async () => {
  const system = testSystem();
  const session = await admittedSession(system);
  system.launchResult = () => ({ ok: false, retryable: true, detail: 'no capacity' });
  system.now += 241_000;
  let raced: Promise<unknown> | undefined;
  const { store } = system.deps;
  const deps = {
    ...system.deps,
    store: {
      ...store,
      get: async (key: Parameters<typeof store.get>[0]) => {
        const item = await store.get(key);
        if (key.pk.startsWith('SESSION#') && !raced) {
          raced = bootstrapped(system, session);
          await raced;
        }
        return item;
      },
    },
  };
  await reap(deps);
  expect(raced).toBeDefined();
  expect(await load(system)).toMatchObject({ state: 'STOPPING', slotShard: 0 });
});

test('a session whose launch has started nothing is free at once when it is stopped, and its token is worthless', async () => {
  const system = testSystem();
  const session = await withoutCapacity(system);
  expect(await stopSession(system.deps, session, 'user')).toMatchObject({ state: 'STOPPED' });
  const launches = system.launchCalls.length;
  await launch(system.deps, session);
  expect(system.launchCalls).toHaveLength(launches);
  await expect(
    bootstrap(system.deps, {
      sessionId: session.sessionId,
      epoch: 1,
      bootstrapToken: session.bootstrapToken ?? '',
      workerSecret: secret('w'),
      commandSecret: secret('c'),
      address: 'http://10.0.0.1:1',
      chromiumBuild: '1',
    }),
  ).rejects.toMatchObject({ code: 'fenced' });
});

test('a launch that finds its session over answers although StopTask fails', async () => {
  const system = testSystem();
  const session = await admittedSession(system);
  await stopSession(system.deps, session, 'user');
  system.stopError = new TaskEngineUnavailable('ECS did not answer');
  await expect(launchAndPublish(system.deps, session)).resolves.toMatchObject({ state: 'STOPPING' });
});

/** The session is stopped while RunTask is under way, which then answers `result`. */
const stoppedDuringLaunch = async (system: TestSystem, result: LaunchResult | Error) => {
  const session = await admittedSession(system);
  let during: Session | undefined;
  const deps = {
    ...system.deps,
    tasks: {
      ...system.deps.tasks,
      launch: async (request: LaunchRequest) => {
        during = await stopSession(system.deps, await load(system), 'user');
        if (result instanceof Error) throw result;
        return result.ok ? system.deps.tasks.launch(request, 1_000) : result;
      },
    },
  };
  const after = await launchAndPublish(deps, session);
  return { during, after };
};

test('a stop while RunTask is under way leaves the slot to the launch: it is free once the task is gone', async () => {
  const system = testSystem({ userLimit: 1 });
  const { during, after } = await stoppedDuringLaunch(system, { ok: true, taskArn: 'task-1' });
  expect(during).toMatchObject({ state: 'STOPPING', slotShard: 0 });
  expect(after).toMatchObject({ state: 'STOPPING', slotShard: 0, taskArn: 'task-1' });
  expect(system.stopCalls).toEqual(['task-1']);
  await expect(admittedSession(system, 'b')).rejects.toMatchObject({ code: 'too_many' });
  const { sessionId } = after;
  await taskStopped(system.deps, { taskArn: 'task-1', sessionId, epoch: 1, neverStarted: true, detail: '' });
  expect(await load(system)).toMatchObject({ state: 'STOPPED', stopReason: 'user' });
  await expect(admittedSession(system, 'b')).resolves.toMatchObject({ state: 'PENDING' });
});

test('a stop while RunTask is under way frees the slot at once if RunTask clearly starts nothing', async () => {
  const system = testSystem();
  const { during, after } = await stoppedDuringLaunch(system, {
    ok: false,
    retryable: true,
    detail: 'RESOURCE:CPU',
  });
  expect(during).toMatchObject({ state: 'STOPPING', slotShard: 0 });
  expect(after).toMatchObject({ state: 'STOPPED', stopReason: 'user' });
  expect(after.slotShard).toBeUndefined();
});

test('a stop while RunTask gives no clear answer keeps the slot until a sweep has asked for the task', async () => {
  const system = testSystem();
  const { after } = await stoppedDuringLaunch(system, new TaskEngineUnavailable('no answer'));
  expect(await load(system)).toMatchObject({ state: 'STOPPING', slotShard: 0 });
  system.tasks.set('late', {
    taskArn: 'late',
    sessionId: after.sessionId,
    epoch: 1,
    createdAt: system.now,
    stopped: false,
  });
  system.now += 31_000;
  await reap(system.deps);
  expect(system.stopCalls).toEqual(['late']);
  expect((await load(system)).slotShard).toBe(0);
  system.tasks.clear();
  await reap(system.deps);
  expect(await load(system)).toMatchObject({ state: 'STOPPED', stopReason: 'user' });
});

const markAsAnother = async (system: TestSystem): Promise<void> => {
  await updateActiveSession(system.deps, await load(system), () => ({ set: { launching: 'another' } }));
};

test('a launch that another one followed leaves its mark alone', async () => {
  const system = testSystem();
  const session = await admittedSession(system);
  let launches = 0;
  const deps = {
    ...system.deps,
    tasks: {
      ...system.deps.tasks,
      launch: async (): Promise<LaunchResult> => {
        launches += 1;
        if (launches === 1) await markAsAnother(system);
        return { ok: false, retryable: true, detail: 'RESOURCE:CPU' };
      },
    },
  };
  await launchAndPublish(deps, session);
  expect(await load(system)).toMatchObject({ state: 'PENDING', launching: 'another' });
  expect(await stopSession(system.deps, await load(system), 'user')).toMatchObject({ state: 'STOPPING' });
});

test('a stopped task gives its slot back once, and one of an older epoch none', async () => {
  const system = testSystem();
  const session = await workingSession(system);
  const task = { taskArn: 'task-1', sessionId: session.sessionId, neverStarted: false, detail: 'gone' };
  expect(await taskStopped(system.deps, { ...task, epoch: 9 })).toBeUndefined();
  expect(await taskStopped(system.deps, { ...task, epoch: 1 })).toMatchObject({ state: 'FAILED' });
  expect(await taskStopped(system.deps, { ...task, epoch: 1 })).toBeUndefined();
  expect(await load(system)).toMatchObject({ state: 'FAILED', stopReason: 'crashed' });
});

test('a stop that was asked for keeps its reason when the task is what ends it', async () => {
  const system = testSystem();
  const session = await workingSession(system);
  await stopSession(system.deps, session, 'idle');
  await taskStopped(system.deps, {
    taskArn: 'task-1',
    sessionId: session.sessionId,
    epoch: 1,
    neverStarted: false,
    detail: 'exit code 0',
  });
  expect(await load(system)).toMatchObject({ state: 'STOPPED', stopReason: 'idle' });
});

test('a worker plans its end so that it is done before its task is killed, however long the reaper waits', async () => {
  const system = testSystem({ stopGraceSeconds: 150 });
  const session = await launchedSession(system);
  const answer = await bootstrap(system.deps, {
    sessionId: session.sessionId,
    epoch: session.epoch,
    bootstrapToken: session.bootstrapToken ?? '',
    workerSecret: secret('w'),
    commandSecret: secret('c'),
    address: 'http://10.0.0.1:8080',
    chromiumBuild: '1',
  });
  expect(answer.stopGraceSeconds).toBeLessThan(TASK_STOP_SECONDS);
});

test('a start right after a stop waits for its end and admits; if that takes long it gets a 503 and changes nothing (F5)', async () => {
  const system = testSystem();
  const working = await workingSession(system);
  await stopSession(system.deps, working, 'user');
  const slow = startWhenEnded(system.deps, USER, 'a', 15_000);
  await expect(slow).rejects.toMatchObject({ code: 'unavailable', extras: { state: 'STOPPING' } });
  expect(await load(system)).toMatchObject({ state: 'STOPPING', epoch: 1 });

  // The worker is done while the next start waits.
  let looks = 0;
  system.meanwhile = (call) => {
    if (!call.startsWith('get SESSION') || ++looks !== 5) return;
    system.meanwhile = () => {};
    void finalReport(system.deps, working, { reason: 'task_stopped' });
  };
  const started = await startWhenEnded(system.deps, USER, 'a', 15_000);
  expect(started).toMatchObject({ admitted: true, session: { state: 'PENDING', epoch: 2 } });
});

test('a session that is stopping is not shown as WORKING, for every report of its client (F5)', async () => {
  const system = testSystem();
  const working = await workingSession(system);
  expect(sessionView(working, system.settings).status).toBe('WORKING');
  await stopSession(system.deps, working, 'user');
  await report(system.deps, await load(system), { seq: 2, status: 'WORKING' });
  const stopping = await load(system);
  expect(sessionView(stopping, system.settings).status).toBe('STOPPING');
  await expect(runCommand(system.deps, stopping, 'logout', {})).rejects.toMatchObject({
    code: 'unprocessable',
    extras: { state: 'STOPPING' },
  });
});

test('a task that was stopped from outside has its own reason, from its worker or from ECS (F23)', async () => {
  const system = testSystem();
  await finalReport(system.deps, await workingSession(system), { reason: 'task_stopped' });
  expect(await load(system)).toMatchObject({ state: 'STOPPED', stopReason: 'task_stopped' });
  expect((await load(system)).detail).toMatch(/from outside Berth/);

  // One that Berth asked to stop keeps Berth's reason, although its worker receives SIGTERM.
  const asked = await workingSession(system, 'b');
  await stopSession(system.deps, asked, 'idle');
  await finalReport(system.deps, await load(system, 'b'), { reason: 'task_stopped' });
  const b = await load(system, 'b');
  expect(b).toMatchObject({ state: 'STOPPED', stopReason: 'idle' });
  expect(b).not.toHaveProperty('detail');

  for (const [name, stopCode, stopReason] of [
    ['c', 'SpotInterruption', 'task_stopped'],
    ['d', 'UserInitiated', 'task_stopped'],
    ['e', 'EssentialContainerExited', 'crashed'],
  ] as const) {
    const { taskArn = '', sessionId, epoch } = await workingSession(system, name);
    await taskStopped(system.deps, {
      taskArn,
      sessionId,
      epoch,
      neverStarted: false,
      stopCode,
      detail: 'x',
    });
    expect(await load(system, name)).toMatchObject({ stopReason });
  }
});

test('a working session’s account is unlinked before it is deleted, if its worker can be reached (F13)', async () => {
  const system = testSystem();
  const working = await workingSession(system);
  const asked: string[] = [];
  const workers: WorkerCommands = {
    run: async (_worker, command) => {
      asked.push(command);
      await discardAuthState(system.deps, await load(system));
      await finalReport(system.deps, await load(system), { reason: 'logged_out' });
      return { ok: true, result: {} };
    },
  };
  await unlinkFirst({ ...system.deps, workers }, working, 12_000);
  expect(asked).toEqual(['logout']);
  expect(await load(system)).toMatchObject({ state: 'STOPPED', stopReason: 'logged_out' });

  const deaf: WorkerCommands = {
    run: async () => {
      throw new WorkerUnreachable('no route');
    },
  };
  const other = await workingSession(system, 'b');
  await unlinkFirst({ ...system.deps, workers: deaf }, other, 12_000);
  expect(await load(system, 'b')).toMatchObject({ state: 'RUNNING' });
  // One that is not linked has nothing to unlink.
  await unlinkFirst({ ...system.deps, workers }, await launchedSession(system, 'c'), 12_000);
  expect(asked).toEqual(['logout']);
});
