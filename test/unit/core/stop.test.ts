import { expect, test } from 'vitest';
import { runCommand } from '../../../core/commands/command.ts';
import { unlinkFirst } from '../../../core/lifecycle/end.ts';
import { launch } from '../../../core/lifecycle/launch.ts';
import { sessionView } from '../../../core/lifecycle/session-view.ts';
import { startWhenEnded } from '../../../core/lifecycle/start.ts';
import { stopSession } from '../../../core/lifecycle/stop.ts';
import { taskStopped } from '../../../core/lifecycle/task-stopped.ts';
import { bootstrap, discardAuthState, lastWord, report } from '../../../core/lifecycle/worker.ts';
import { TaskEngineUnavailable, type WorkerCommands, WorkerUnreachable } from '../../../core/ports.ts';
import { reap } from '../../../core/reaping/reap.ts';
import { TASK_STOP_SECONDS } from '../../../core/settings.ts';
import {
  admittedSession,
  bootstrapped,
  launchedSession,
  load,
  secret,
  USER,
  workingSession,
} from './session.ts';
import { type Lab, lab } from './test-system.ts';

/** The function that launched the task died before it wrote down which task it is; its worker is up. */
const withUnknownTask = async (place: Lab) => {
  const session = await admittedSession(place);
  await place.deps.tasks.launch(
    {
      sessionId: session.sessionId,
      epoch: session.epoch,
      clientToken: place.deps.sha256(`${session.sessionId}:${session.epoch}`),
      bootstrapToken: session.bootstrapToken ?? '',
    },
    1_000,
  );
  return bootstrapped(place, session);
};

test('a session whose worker runs is not released by a stop although its task is not known', async () => {
  const place = lab();
  const session = await withUnknownTask(place);
  expect(session.taskArn).toBeUndefined();
  const stopped = await stopSession(place.deps, session, 'user');
  expect(stopped).toMatchObject({ state: 'STOPPING', slotShard: 0 });
  expect(await report(place.deps, await load(place), { seq: 1, status: 'WORKING' })).toMatchObject({
    stop: 'user',
  });
});

test('a task that nobody wrote down is found and written down by the next sweep, and no other is launched', async () => {
  const place = lab();
  await withUnknownTask(place);
  place.now += 31_000;
  await reap(place.deps);
  expect(await load(place)).toMatchObject({ taskArn: 'task-1', state: 'STARTING' });
  expect(place.tasks.size).toBe(1);
});

test('a hanging worker of an unknown task is stopped, and its slot is free only once the task is gone', async () => {
  const place = lab();
  const session = await withUnknownTask(place);
  await stopSession(place.deps, session, 'user');
  place.now += 151_000;
  await reap(place.deps);
  expect(place.stopCalls).toEqual(['task-1']);
  expect((await load(place)).slotShard).toBe(0);
  place.tasks.delete('task-1');
  await reap(place.deps);
  expect(await load(place)).toMatchObject({ state: 'STOPPED', stopReason: 'user' });
});

test('a session that no task comes of ends at its start time-out, however often its launch was due', async () => {
  const place = lab();
  place.launchResult = () => ({ ok: false, retryable: true, detail: 'no capacity' });
  await launchedSession(place);
  for (let sweep = 0; sweep < 5; sweep++) {
    place.now += 60_000;
    await reap(place.deps);
  }
  const ended = await load(place);
  expect(ended).toMatchObject({ state: 'FAILED', stopReason: 'launch_failed' });
  expect(ended.slotShard).toBeUndefined();
});

test('a worker that bootstraps while its start times out is stopped, not cut off', async () => {
  const place = lab();
  const session = await admittedSession(place);
  place.launchResult = () => ({ ok: false, retryable: true, detail: 'no capacity' });
  place.now += 241_000;
  let raced: Promise<unknown> | undefined;
  const { store } = place.deps;
  const deps = {
    ...place.deps,
    store: {
      ...store,
      get: async (key: Parameters<typeof store.get>[0]) => {
        const item = await store.get(key);
        if (key.pk.startsWith('SESSION#') && !raced) {
          raced = bootstrapped(place, session);
          await raced;
        }
        return item;
      },
    },
  };
  await reap(deps);
  expect(raced).toBeDefined();
  expect(await load(place)).toMatchObject({ state: 'STOPPING', slotShard: 0 });
});

test('a session stopped before anything was launched is free at once, and a task born later is fenced and stopped', async () => {
  const place = lab();
  const session = await admittedSession(place);
  expect(await stopSession(place.deps, session, 'user')).toMatchObject({ state: 'STOPPED' });
  await launch(place.deps, session);
  expect(place.stopCalls).toEqual(['task-1']);
  await expect(
    bootstrap(place.deps, {
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
  const place = lab();
  const session = await admittedSession(place);
  await stopSession(place.deps, session, 'user');
  place.stopError = new TaskEngineUnavailable('ECS did not answer');
  await expect(launch(place.deps, session)).resolves.toBeDefined();
});

test('a stopped task gives its slot back once, and one of an older epoch none', async () => {
  const place = lab();
  const session = await workingSession(place);
  const task = { taskArn: 'task-1', sessionId: session.sessionId, neverStarted: false, detail: 'gone' };
  expect(await taskStopped(place.deps, { ...task, epoch: 9 })).toBeUndefined();
  expect(await taskStopped(place.deps, { ...task, epoch: 1 })).toMatchObject({ state: 'FAILED' });
  expect(await taskStopped(place.deps, { ...task, epoch: 1 })).toBeUndefined();
  expect(await load(place)).toMatchObject({ state: 'FAILED', stopReason: 'crashed' });
});

test('a stop that was asked for keeps its reason when the task is what ends it', async () => {
  const place = lab();
  const session = await workingSession(place);
  await stopSession(place.deps, session, 'idle');
  await taskStopped(place.deps, {
    taskArn: 'task-1',
    sessionId: session.sessionId,
    epoch: 1,
    neverStarted: false,
    detail: 'exit code 0',
  });
  expect(await load(place)).toMatchObject({ state: 'STOPPED', stopReason: 'idle' });
});

test('a worker plans its end so that it is done before its task is killed, however long the reaper waits', async () => {
  const place = lab({ stopGraceSeconds: 150 });
  const session = await launchedSession(place);
  const answer = await bootstrap(place.deps, {
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

test('a start right after a stop waits for its end and admits; where that takes long it is a 503 and nothing (F5)', async () => {
  const place = lab();
  const working = await workingSession(place);
  await stopSession(place.deps, working, 'user');
  const slow = startWhenEnded(place.deps, USER, 'a', 15_000);
  await expect(slow).rejects.toMatchObject({ code: 'unavailable', extras: { state: 'STOPPING' } });
  expect(await load(place)).toMatchObject({ state: 'STOPPING', epoch: 1 });

  // The worker is done while the next start waits.
  let looks = 0;
  place.meanwhile = (call) => {
    if (!call.startsWith('get SESSION') || ++looks !== 5) return;
    place.meanwhile = () => {};
    void lastWord(place.deps, working, { reason: 'task_stopped' });
  };
  const started = await startWhenEnded(place.deps, USER, 'a', 15_000);
  expect(started).toMatchObject({ admitted: true, session: { state: 'PENDING', epoch: 2 } });
});

test('a session that is stopping is not shown as WORKING, whatever its client reports (F5)', async () => {
  const place = lab();
  const working = await workingSession(place);
  expect(sessionView(working, place.settings).status).toBe('WORKING');
  await stopSession(place.deps, working, 'user');
  await report(place.deps, await load(place), { seq: 2, status: 'WORKING' });
  const stopping = await load(place);
  expect(sessionView(stopping, place.settings).status).toBe('STOPPING');
  await expect(runCommand(place.deps, stopping, 'logout', {})).rejects.toMatchObject({
    code: 'unprocessable',
    extras: { state: 'STOPPING' },
  });
});

test('a task that was stopped from outside has a reason of its own, said by its worker or by ECS (F23)', async () => {
  const place = lab();
  await lastWord(place.deps, await workingSession(place), { reason: 'task_stopped' });
  expect(await load(place)).toMatchObject({ state: 'STOPPED', stopReason: 'task_stopped' });
  expect((await load(place)).detail).toMatch(/from outside Berth/);

  // One that Berth asked to stop keeps Berth's reason, though SIGTERM is what its worker hears.
  const asked = await workingSession(place, 'b');
  await stopSession(place.deps, asked, 'idle');
  await lastWord(place.deps, await load(place, 'b'), { reason: 'task_stopped' });
  const b = await load(place, 'b');
  expect(b).toMatchObject({ state: 'STOPPED', stopReason: 'idle' });
  expect(b).not.toHaveProperty('detail');

  for (const [name, stopCode, stopReason] of [
    ['c', 'SpotInterruption', 'task_stopped'],
    ['d', 'UserInitiated', 'task_stopped'],
    ['e', 'EssentialContainerExited', 'crashed'],
  ] as const) {
    const { taskArn = '', sessionId, epoch } = await workingSession(place, name);
    await taskStopped(place.deps, {
      taskArn,
      sessionId,
      epoch,
      neverStarted: false,
      stopCode,
      detail: 'x',
    });
    expect(await load(place, name)).toMatchObject({ stopReason });
  }
});

test('a working session’s account is unlinked before it is deleted, where its worker can be reached (F13)', async () => {
  const place = lab();
  const working = await workingSession(place);
  const asked: string[] = [];
  const workers: WorkerCommands = {
    run: async (_worker, command) => {
      asked.push(command);
      await discardAuthState(place.deps, await load(place));
      await lastWord(place.deps, await load(place), { reason: 'logged_out' });
      return { ok: true, result: {} };
    },
  };
  await unlinkFirst({ ...place.deps, workers }, working, 12_000);
  expect(asked).toEqual(['logout']);
  expect(await load(place)).toMatchObject({ state: 'STOPPED', stopReason: 'logged_out' });

  const deaf: WorkerCommands = {
    run: async () => {
      throw new WorkerUnreachable('no route');
    },
  };
  const other = await workingSession(place, 'b');
  await unlinkFirst({ ...place.deps, workers: deaf }, other, 12_000);
  expect(await load(place, 'b')).toMatchObject({ state: 'RUNNING' });
  // One that is not linked has nothing to unlink.
  await unlinkFirst({ ...place.deps, workers }, await launchedSession(place, 'c'), 12_000);
  expect(asked).toEqual(['logout']);
});
