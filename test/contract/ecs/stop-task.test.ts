import { existsSync } from 'node:fs';
import { DescribeTasksCommand, ListTasksCommand, RunTaskCommand, StopTaskCommand } from '@aws-sdk/client-ecs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { identityOf } from '../../../local/engines/ecs/process-table.ts';
import { Fixture, runTask, SOON } from './fixture.ts';
import { CLUSTER, DEFINITION, ecsOptions } from './options.ts';

let fixture: Fixture;
beforeEach(async () => {
  fixture = await new Fixture().start();
});
afterEach(() => fixture.dispose());

const run = async (variables: Readonly<Record<string, string>> = {}): Promise<string> => {
  const { tasks } = await fixture.client.send(new RunTaskCommand(runTask(variables)));
  return tasks?.[0]?.taskArn ?? '';
};
const stop = (task: string, reason?: string) =>
  fixture.client.send(new StopTaskCommand({ cluster: CLUSTER, task, reason }));
const describeTask = async (task: string) =>
  (await fixture.client.send(new DescribeTasksCommand({ cluster: CLUSTER, tasks: [task] }))).tasks?.[0];

/** Restarts with containers that get no time after SIGTERM. */
const withoutGrace = async (): Promise<void> => {
  await fixture.stop();
  const container = { name: 'worker', stopTimeout: 0, environment: { STAND_IN_DIR: fixture.directory } };
  const taskDefinitions = [{ arn: DEFINITION, family: 'berth-worker', containers: [container] }];
  await fixture.start({
    ...ecsOptions(fixture.directory),
    emit: (event) => void fixture.events.push(event),
    taskDefinitions,
  });
};

describe('StopTask', () => {
  test('lets the program end by itself: exit code 0', async () => {
    const taskArn = await run();
    const { env } = await fixture.standIn();
    const { task } = await stop(taskArn, 'idle');
    expect(task).toMatchObject({
      desiredStatus: 'STOPPED',
      stopCode: 'UserInitiated',
      stoppedReason: 'idle',
    });
    const { detail } = await fixture.untilStopped(taskArn);
    expect(detail).toMatchObject({
      stopCode: 'UserInitiated',
      stoppedReason: 'idle',
      desiredStatus: 'STOPPED',
      containers: [{ exitCode: 0 }],
    });
    expect(existsSync(env.TMPDIR ?? '')).toBe(false);
  });

  test('kills a program that does not end in its time: exit code 137', async () => {
    await withoutGrace();
    const taskArn = await run({ STAND_IN: 'stubborn' });
    const { pid } = await fixture.standIn();
    await stop(taskArn);
    const { detail } = await fixture.untilStopped(taskArn);
    expect(detail).toMatchObject({ stopCode: 'UserInitiated', containers: [{ exitCode: 137 }] });
    expect(identityOf(pid)).toBeUndefined();
  });

  test('leaves no grandchild behind, even one that left the process group and ignores SIGTERM', async () => {
    const taskArn = await run({ STAND_IN: 'tree' });
    const { grandchild } = await fixture.standIn();
    expect(identityOf(grandchild ?? 0)).toBeDefined();
    await stop(taskArn);
    const { detail } = await fixture.untilStopped(taskArn);
    expect(detail).toMatchObject({ containers: [{ exitCode: 0 }] });
    expect(identityOf(grandchild ?? 0)).toBeUndefined();
  });

  test('leaves no grandchild behind when the program itself was killed', async () => {
    await withoutGrace();
    const taskArn = await run({ STAND_IN: 'tree' });
    const { grandchild, pid } = await fixture.standIn();
    process.kill(pid, 'SIGKILL');
    await fixture.untilStopped(taskArn);
    expect(identityOf(grandchild ?? 0)).toBeUndefined();
  });

  test('is idempotent while the task stops and after it has stopped', async () => {
    const taskArn = await run();
    await fixture.standIn();
    await Promise.all([stop(taskArn, 'first'), stop(taskArn, 'second')]);
    await fixture.untilStopped(taskArn);
    const { task } = await stop(taskArn, 'third');
    expect(task).toMatchObject({ lastStatus: 'STOPPED', stoppedReason: 'first' });
    expect(fixture.statusesOf(taskArn).filter((status) => status === 'STOPPED')).toHaveLength(1);
  });

  test('of an unknown task is an InvalidParameterException', async () => {
    await expect(stop('0'.repeat(32))).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message: 'The referenced task was not found.',
    });
  });

  test('takes the id in place of the ARN', async () => {
    const taskArn = await run();
    await stop(taskArn.split('/').at(-1) ?? '');
    await fixture.untilStopped(taskArn);
  });

  test('that is lost is answered well, and the task runs until the request is repeated', async () => {
    const taskArn = await run();
    await fixture.standIn();
    fixture.ecs.faults.loseStops(1);
    expect((await stop(taskArn)).task?.desiredStatus).toBe('STOPPED');
    expect(await describeTask(taskArn)).toMatchObject({ lastStatus: 'RUNNING', desiredStatus: 'RUNNING' });
    await stop(taskArn);
    await fixture.untilStopped(taskArn);
  });

  test('of a task whose start is held keeps it from being born', async () => {
    const release = fixture.ecs.faults.holdStarts(1);
    const taskArn = await run();
    expect((await describeTask(taskArn))?.lastStatus).toBe('PROVISIONING');
    await stop(taskArn);
    await fixture.untilStopped(taskArn);
    release();
    expect(fixture.statusesOf(taskArn)).toEqual(['PROVISIONING', 'DEPROVISIONING', 'STOPPED']);
    expect((await describeTask(taskArn))?.startedAt).toBeUndefined();
  });

  test('that is lost while the start is held lets the task be born after its stop', async () => {
    const release = fixture.ecs.faults.holdStarts(1);
    const taskArn = await run();
    fixture.ecs.faults.loseStops(1);
    await stop(taskArn);
    release();
    await expect
      .poll(() => fixture.statusesOf(taskArn), SOON)
      .toEqual(['PROVISIONING', 'PENDING', 'RUNNING']);
  });
});

describe('stopping all', () => {
  test('ends every task gracefully, hands every event on, and takes no more', async () => {
    const taskArns = await Promise.all([run({ STAND_IN_NAME: 'a' }), run({ STAND_IN_NAME: 'b' })]);
    await Promise.all([fixture.standIn('a'), fixture.standIn('b')]);
    await fixture.ecs.stopAll({ graceMs: 60_000 });
    for (const taskArn of taskArns) {
      expect(fixture.eventsOf(taskArn).at(-1)?.detail).toMatchObject({
        lastStatus: 'STOPPED',
        containers: [{ exitCode: 0 }],
      });
    }
    await expect(run()).rejects.toMatchObject({ name: 'ServerException' });
  });

  test('kills what does not end in the grace time, tasks that are stopping already included', async () => {
    const taskArn = await run({ STAND_IN: 'stubborn' });
    const { pid } = await fixture.standIn();
    await stop(taskArn);
    await fixture.ecs.stopAll({ graceMs: 0 });
    expect(identityOf(pid)).toBeUndefined();
    const { taskArns } = await fixture.client.send(new ListTasksCommand({ cluster: CLUSTER }));
    expect(taskArns).toEqual([]);
  });
});
