import { expect, test } from 'vitest';
import { drainHost } from '../../../core/lifecycle/drain-host.ts';
import { launch } from '../../../core/lifecycle/launch.ts';
import { release } from '../../../core/lifecycle/release.ts';
import { launchRestart } from '../../../core/lifecycle/restart-launch.ts';
import { startWhenEnded } from '../../../core/lifecycle/start.ts';
import { finalReport } from '../../../core/lifecycle/worker.ts';
import { launchedSession, load, lose, restartable, USER, workingSession } from './session.ts';
import { testSystem } from './test-system.ts';

const HOST = 'arn:aws:ecs:eu-central-1:1:container-instance/berth/1';

test('a host that is drained: its sessions save their account and start again elsewhere by their policy', async () => {
  const system = testSystem({ userLimit: 10 });
  const kept = await restartable(system);
  const plain = await workingSession(system, 'plain');
  const elsewhere = await restartable(system, undefined, 'elsewhere');
  for (const { taskArn = '' } of [kept, plain]) system.hosts.set(taskArn, HOST);
  expect(await drainHost(system.deps, HOST)).toBe(2);
  expect(await load(system)).toMatchObject({ state: 'STOPPING', stopReason: 'task_stopped' });
  // Twice: ECS of this test never stops listing a task.
  expect(new Set(system.stopCalls)).toEqual(new Set([kept.taskArn, plain.taskArn]));
  expect(await load(system, 'elsewhere')).toMatchObject({ state: 'RUNNING', epoch: elsewhere.epoch });

  await finalReport(system.deps, await load(system), { reason: 'task_stopped' });
  const waiting = await load(system);
  expect(waiting).toMatchObject({ state: 'PENDING', epoch: 2, restartReason: 'task_stopped' });
  expect(await launchRestart(system.deps, waiting)).toMatchObject({ state: 'STARTING', epoch: 2 });
  await finalReport(system.deps, await load(system, 'plain'), { reason: 'task_stopped' });
  expect(await load(system, 'plain')).toMatchObject({ state: 'STOPPED', stopReason: 'task_stopped' });
});

test('a task there without a session, or of an epoch that has ended, is stopped; a repeat changes nothing', async () => {
  const system = testSystem();
  const session = await restartable(system);
  const old = { taskArn: 'task-old', sessionId: session.sessionId, epoch: 0, createdAt: 0, stopped: false };
  system.tasks.set('task-old', old);
  system.tasks.set('task-none', { ...old, taskArn: 'task-none', sessionId: undefined, epoch: undefined });
  for (const taskArn of ['task-old', 'task-none']) system.hosts.set(taskArn, HOST);
  await drainHost(system.deps, HOST);
  expect(new Set(system.stopCalls)).toEqual(new Set(['task-none', 'task-old']));
  expect(await load(system)).toMatchObject({ state: 'RUNNING', epoch: session.epoch });
  await drainHost(system.deps, HOST);
  expect(await load(system)).toMatchObject({ state: 'RUNNING', epoch: session.epoch });
});

test('a session that cannot be stopped now fails the event, once the others were tried', async () => {
  const system = testSystem({ userLimit: 10 });
  for (const name of ['a', 'b']) {
    const { taskArn = '' } = await restartable(system, undefined, name);
    system.hosts.set(taskArn, HOST);
  }
  system.meanwhile = (call) => {
    if (call === 'write SESSION#ann#a') throw new Error('no database');
  };
  await expect(drainHost(system.deps, HOST)).rejects.toThrow('no database');
  expect(await load(system, 'b')).toMatchObject({ state: 'STOPPING' });
});

test('a task that was placed just before is not listed yet: a second look finds it', async () => {
  const system = testSystem();
  const { taskArn = '' } = await restartable(system);
  let looks = 0;
  const listOnHost = system.deps.tasks.listOnHost.bind(system.deps.tasks);
  system.deps.tasks.listOnHost = (host) => {
    looks += 1;
    if (looks === 2) system.hosts.set(taskArn, HOST);
    return listOnHost(host);
  };
  expect(await drainHost(system.deps, HOST)).toBe(1);
  expect(await load(system)).toMatchObject({ state: 'STOPPING', stopReason: 'task_stopped' });
});

test('the start after one that timed out leaves hosts out, and the one after that does not', async () => {
  const system = testSystem();
  const { sessionId } = await launchedSession(system);
  await release(system.deps, await load(system), 'start_timeout');
  expect(await load(system)).toMatchObject({ state: 'FAILED', stopReason: 'start_timeout' });
  await startWhenEnded(system.deps, USER, 'a', 0);
  await launch(system.deps, await load(system));
  expect(system.launchedOffHosts).toEqual([`${sessionId}:2`]);
  await lose(system, await load(system));
  await startWhenEnded(system.deps, USER, 'a', 0);
  await launch(system.deps, await load(system));
  expect(system.launchCalls).toEqual([1, 2, 3].map((epoch) => `${sessionId}:${epoch}`));
  expect(system.launchedOffHosts).toEqual([`${sessionId}:2`]);
});
