import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DescribeTasksCommand, RunTaskCommand } from '@aws-sdk/client-ecs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { identityOf } from '../../../local/engines/ecs/process-table.ts';
import { Fixture, runTask, SOON } from './fixture.ts';
import { CLUSTER, DEFINITION } from './options.ts';

let fixture: Fixture;
beforeEach(async () => {
  fixture = await new Fixture().start();
});
afterEach(() => fixture.dispose());

const run = (...args: Parameters<typeof runTask>) =>
  fixture.client.send(new RunTaskCommand(runTask(...args)));

describe('RunTask', () => {
  test('answers with the task as AWS does, and the task then reaches RUNNING', async () => {
    const tags = [{ key: 'session', value: 'ses_1' }];
    const { tasks, failures } = await run({ BERTH_EPOCH: '1' }, { startedBy: 'berth/ses_1', tags });
    expect(failures).toEqual([]);
    expect(tasks).toHaveLength(1);
    const [task] = tasks ?? [];
    expect(task).toMatchObject({
      clusterArn: CLUSTER,
      taskDefinitionArn: DEFINITION,
      lastStatus: 'PROVISIONING',
      desiredStatus: 'RUNNING',
      group: 'family:berth-worker',
      startedBy: 'berth/ses_1',
      launchType: 'FARGATE',
      capacityProviderName: 'FARGATE',
      tags,
      version: 1,
    });
    expect(task?.taskArn).toMatch(/^arn:aws:ecs:us-east-1:000000000000:task\/berth\/[0-9a-f]{32}$/);
    expect(task?.createdAt).toBeInstanceOf(Date);
    expect(task?.overrides?.containerOverrides?.[0]?.environment).toEqual([
      { name: 'BERTH_EPOCH', value: '1' },
    ]);

    await expect
      .poll(() => fixture.statusesOf(task?.taskArn), SOON)
      .toEqual(['PROVISIONING', 'PENDING', 'RUNNING']);
    const described = await fixture.client.send(
      new DescribeTasksCommand({ cluster: CLUSTER, tasks: [task?.taskArn ?? ''], include: ['TAGS'] }),
    );
    const running = described.tasks?.[0];
    expect(running).toMatchObject({ lastStatus: 'RUNNING', tags, connectivity: 'CONNECTED' });
    expect(running?.containers?.[0]).toMatchObject({ name: 'worker', lastStatus: 'RUNNING' });
    const [attachment] = running?.attachments ?? [];
    expect(attachment).toMatchObject({ type: 'ElasticNetworkInterface', status: 'ATTACHED' });
    expect(attachment?.details).toContainEqual({ name: 'privateIPv4Address', value: '127.0.0.1' });
  });

  test('gives the program the definition’s environment, the overrides over it, and nothing of this process’s own', async () => {
    process.env.A_SECRET_OF_THE_STACK = 'x';
    try {
      await run({ LOG_LEVEL: 'debug', BERTH_SESSION_ID: 'ses_1', BERTH_COMMAND_HOST: '10.0.0.1' });
      const { env } = await fixture.standIn();
      expect(env).toMatchObject({ STAND_IN: 'graceful', LOG_LEVEL: 'debug', BERTH_SESSION_ID: 'ses_1' });
      expect(env.BERTH_TASK_ARN).toMatch(/^arn:.*:task\//);
      expect(env.BERTH_COMMAND_HOST).toBe('127.0.0.1');
      expect(env.TMPDIR?.startsWith(fixture.directory)).toBe(true);
      expect(Object.keys(env)).not.toContain('A_SECRET_OF_THE_STACK');
      expect(Object.keys(env)).not.toContain('NODE_CHANNEL_FD');
    } finally {
      delete process.env.A_SECRET_OF_THE_STACK;
    }
  });

  test('with the same client token starts one task, also when the calls come at once', async () => {
    fixture.ecs.faults.holdStarts(10);
    const both = await Promise.all([run({}, { clientToken: 'one' }), run({}, { clientToken: 'one' })]);
    const again = await run({}, { clientToken: 'one' });
    const arns = new Set([...both, again].map(({ tasks }) => tasks?.[0]?.taskArn));
    expect(arns.size).toBe(1);
    expect((await run({}, { clientToken: 'two' })).tasks?.[0]?.taskArn).not.toBe([...arns][0]);
  });

  test('with the same client token and other parameters is a conflict that names the task', async () => {
    fixture.ecs.faults.holdStarts(10);
    const first = await run({}, { clientToken: 'one' });
    await expect(run({ BERTH_EPOCH: '2' }, { clientToken: 'one' })).rejects.toMatchObject({
      name: 'ConflictException',
      resourceIds: [first.tasks?.[0]?.taskArn],
    });
  });

  test.each([
    ['an unknown cluster', { cluster: 'other' }, 'ClusterNotFoundException'],
    ['an unknown task definition', { taskDefinition: 'other' }, 'ClientException'],
    ['more than ten tasks', { count: 11 }, 'InvalidParameterException'],
    ['a launch type besides a strategy', { launchType: 'FARGATE' as const }, 'InvalidParameterException'],
    ['no network', { networkConfiguration: undefined }, 'InvalidParameterException'],
    ['a startedBy of 129 characters', { startedBy: 'x'.repeat(129) }, 'InvalidParameterException'],
    ['a client token of 65 characters', { clientToken: 'x'.repeat(65) }, 'InvalidParameterException'],
    ['two tags of one key', { tags: [{ key: 'a' }, { key: 'a' }] }, 'InvalidParameterException'],
    [
      'an override of a container that is not there',
      { overrides: { containerOverrides: [{ name: 'sidecar' }] } },
      'InvalidParameterException',
    ],
  ])('refuses %s', async (_what, overrides, name) => {
    await expect(run({}, overrides)).rejects.toMatchObject({ name });
    expect(fixture.events).toEqual([]);
  });

  test('accepts a startedBy of 128 characters', async () => {
    fixture.ecs.faults.holdStarts(10);
    expect((await run({}, { startedBy: 'x'.repeat(128) })).tasks).toHaveLength(1);
  });

  test('finds a definition by family and by family with revision', async () => {
    fixture.ecs.faults.holdStarts(10);
    for (const taskDefinition of ['berth-worker', 'berth-worker:3']) {
      expect((await run({}, { taskDefinition })).tasks?.[0]?.taskDefinitionArn).toBe(DEFINITION);
    }
  });

  test('without capacity starts nothing and says so among the failures, then finds room again', async () => {
    fixture.ecs.faults.holdStarts(10);
    fixture.ecs.faults.capacity(1);
    const refused = await run({}, { clientToken: 'one' });
    expect(refused.tasks).toEqual([]);
    expect(refused.failures?.[0]?.reason).toMatch(/^Capacity is unavailable at this time/);
    expect((await run({}, { clientToken: 'one' })).tasks).toHaveLength(1);
  });

  test('without capacity raises an exception if the fault says so', async () => {
    fixture.ecs.faults.capacity(1, { as: 'exception' });
    await expect(run()).rejects.toMatchObject({
      name: 'ClientException',
      message: /^Capacity is unavailable/,
    });
  });

  test('above what the machine holds answers with a capacity failure', async () => {
    await fixture.stop();
    await fixture.start({ capacity: { maxTasks: 2 } });
    fixture.ecs.faults.holdStarts(10);
    const { tasks, failures } = await run({}, { count: 3 });
    expect([tasks?.length, failures?.length]).toEqual([2, 1]);
  });

  test('is throttled as often as the fault says', async () => {
    fixture.ecs.faults.holdStarts(10);
    fixture.ecs.faults.throttle(1, 'RunTask');
    await expect(run()).rejects.toMatchObject({ name: 'ThrottlingException' });
    expect((await run()).tasks).toHaveLength(1);
  });

  test('that was held is born late, after its caller has given up', async () => {
    const release = fixture.ecs.faults.holdCalls('RunTask', 1);
    const givenUp = new AbortController();
    const call = fixture.client.send(new RunTaskCommand(runTask()), { abortSignal: givenUp.signal });
    const lost = expect(call).rejects.toMatchObject({ name: 'AbortError' });
    await expect.poll(() => fixture.calls, SOON).toEqual(['RunTask']);
    await expect.poll(() => fixture.ecs.faults.heldCalls('RunTask'), SOON).toBe(1);
    givenUp.abort();
    await lost;
    expect(fixture.events).toEqual([]);
    release();
    expect(fixture.ecs.faults.heldCalls('RunTask')).toBe(0);
    await expect.poll(() => fixture.events.at(-1)?.detail.lastStatus, SOON).toBe('RUNNING');
  });
});

describe('a task', () => {
  test('that fails ends with its exit code, and its last words are shown', async () => {
    const { tasks } = await run({ STAND_IN: 'crash' });
    const taskArn = tasks?.[0]?.taskArn;
    const { detail } = await fixture.untilStopped(taskArn);
    expect(detail).toMatchObject({
      stopCode: 'EssentialContainerExited',
      stoppedReason: 'Essential container in task exited',
      containers: [{ name: 'worker', exitCode: 3, lastStatus: 'STOPPED' }],
    });
    const error = fixture.lines.find(({ level }) => level === 'error');
    expect(error?.fields).toMatchObject({ taskArn, exitCode: 3, lastLines: ['the stand-in fell over'] });
    const log = readFileSync(join(fixture.directory, 'logs', `${taskArn?.split('/').at(-1)}.log`), 'utf8');
    expect(log).toContain('the stand-in fell over');
  });

  test('whose program cannot be started stops and says why', async () => {
    await fixture.stop();
    await fixture.start({
      startTask: () => {
        throw new Error('no such image');
      },
    });
    const { tasks } = await run();
    const { detail } = await fixture.untilStopped(tasks?.[0]?.taskArn);
    expect(detail).toMatchObject({
      stopCode: 'TaskFailedToStart',
      stoppedReason: 'CannotStartContainerError: no such image',
    });
  });

  test('that is killed ends with 137', async () => {
    const { tasks } = await run();
    const taskArn = tasks?.[0]?.taskArn ?? '';
    const { pid } = await fixture.standIn();
    fixture.ecs.faults.kill(taskArn);
    const { detail } = await fixture.untilStopped(taskArn);
    expect(detail).toMatchObject({ stopCode: 'EssentialContainerExited', containers: [{ exitCode: 137 }] });
    expect(identityOf(pid)).toBeUndefined();
  });

  test('changes are reported in order, in EventBridge’s shape, with growing versions', async () => {
    const { tasks } = await run({ STAND_IN: 'crash' }, { startedBy: 'berth', clientToken: 'one' });
    const taskArn = tasks?.[0]?.taskArn;
    await fixture.untilStopped(taskArn);
    const events = fixture.eventsOf(taskArn);
    expect(events.map(({ detail }) => detail.lastStatus)).toEqual([
      'PROVISIONING',
      'PENDING',
      'RUNNING',
      'DEACTIVATING',
      'STOPPING',
      'DEPROVISIONING',
      'STOPPED',
    ]);
    expect(events.map(({ detail }) => detail.version)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    for (const event of events) {
      expect(event).toMatchObject({
        version: '0',
        'detail-type': 'ECS Task State Change',
        source: 'aws.ecs',
        account: '000000000000',
        region: 'us-east-1',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        resources: [taskArn],
        detail: { taskArn, clusterArn: CLUSTER, startedBy: 'berth', group: 'family:berth-worker' },
      });
    }
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
  });
});
