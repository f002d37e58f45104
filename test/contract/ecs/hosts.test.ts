/** Hosts: placement by memory, no room, draining; and what RunTask refuses of a kind of capacity. */
import {
  DescribeContainerInstancesCommand,
  ListContainerInstancesCommand,
  ListTasksCommand,
  RunTaskCommand,
  type RunTaskCommandInput,
  StopTaskCommand,
  UpdateContainerInstancesStateCommand,
} from '@aws-sdk/client-ecs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Fixture, runTask, SOON } from './fixture.ts';
import { CLUSTER, DEFINITION, ecsOptions } from './options.ts';

const ON_HOSTS = DEFINITION.replace('berth-worker', 'berth-worker-hosts');

let fixture: Fixture;
beforeEach(async () => {
  fixture = new Fixture();
  await start({ scaled: false });
});
const start = async ({ scaled }: { readonly scaled: boolean }) => {
  const options = ecsOptions(fixture.directory);
  const [definition] = options.taskDefinitions;
  if (definition === undefined) throw new Error('there is no definition');
  const { cpu: _cpu, memory: _memory, containers, ...rest } = definition;
  await fixture.start({
    hosts: { provider: 'berth-hosts', memoryMiB: [1000, 1000], scaled },
    taskDefinitions: [
      definition,
      {
        ...rest,
        arn: ON_HOSTS,
        family: 'berth-worker-hosts',
        networkMode: 'bridge',
        containers: containers.map((container) => ({ ...container, memory: 800, memoryReservation: 400 })),
      },
    ],
  });
};
afterEach(() => fixture.dispose());

const { networkConfiguration, ...onFargate } = runTask();
const onHosts = (change: Partial<RunTaskCommandInput> = {}): RunTaskCommandInput => ({
  ...onFargate,
  taskDefinition: ON_HOSTS,
  capacityProviderStrategy: [{ capacityProvider: 'berth-hosts', weight: 1 }],
  placementStrategy: [{ type: 'binpack', field: 'memory' }],
  ...change,
});
const run = async (change?: Partial<RunTaskCommandInput>) => {
  const { tasks, failures } = await fixture.client.send(new RunTaskCommand(onHosts(change)));
  return { task: tasks?.[0], reason: failures?.[0]?.reason };
};
const hosts = async () =>
  (await fixture.client.send(new ListContainerInstancesCommand({ cluster: CLUSTER })))
    .containerInstanceArns ?? [];
const drain = (host: string) =>
  fixture.client.send(
    new UpdateContainerInstancesStateCommand({
      cluster: CLUSTER,
      containerInstances: [host],
      status: 'DRAINING',
    }),
  );

test('a host is filled before the next one is used; without room a task fails with the reason', async () => {
  const placed = [await run(), await run(), await run(), await run()];
  const [first, second, third, fourth] = placed.map(({ task }) => task?.containerInstanceArn);
  expect(second).toBe(first);
  expect(fourth).toBe(third);
  expect(third).not.toBe(first);
  expect(placed[0]?.task).toMatchObject({
    launchType: 'EC2',
    capacityProviderName: 'berth-hosts',
    attachments: [],
  });
  expect(await run()).toEqual({ task: undefined, reason: 'RESOURCE:MEMORY' });
  const large = { containerOverrides: [{ name: 'worker', memoryReservation: 100 }] };
  expect((await run({ overrides: large })).task?.containerInstanceArn).toBe(first);
});

test('a host that drains takes no task, says so, and its tasks run on until they are stopped', async () => {
  const { task } = await run();
  const host = task?.containerInstanceArn ?? '';
  await drain(host);
  await vi.waitFor(
    () =>
      expect(fixture.events.map((event) => event['detail-type'])).toContain(
        'ECS Container Instance State Change',
      ),
    SOON,
  );
  const change = fixture.events.find(
    (event) => event['detail-type'] === 'ECS Container Instance State Change',
  );
  expect(change).toMatchObject({
    source: 'aws.ecs',
    resources: [host],
    detail: { containerInstanceArn: host, status: 'DRAINING', clusterArn: CLUSTER },
  });
  const { task: next } = await run();
  expect(next?.containerInstanceArn).not.toBe(host);
  const { taskArns } = await fixture.client.send(
    new ListTasksCommand({ cluster: CLUSTER, containerInstance: host }),
  );
  expect(taskArns).toEqual([task?.taskArn]);
  const { containerInstances, failures } = await fixture.client.send(
    new DescribeContainerInstancesCommand({ cluster: CLUSTER, containerInstances: [host, 'none'] }),
  );
  expect(containerInstances?.[0]).toMatchObject({
    status: 'DRAINING',
    remainingResources: [{ name: 'MEMORY', integerValue: 600 }],
  });
  expect(failures).toEqual([{ arn: 'none', reason: 'MISSING' }]);
  await drain((await hosts()).find((other) => other !== host) ?? '');
  expect(await run()).toEqual({ task: undefined, reason: 'RESOURCE:MEMORY' });
});

test('with managed scaling, a task without room waits until there is some, or until it is stopped', async () => {
  await fixture.stop();
  await start({ scaled: true });
  const [first] = [await run(), await run(), await run(), await run()];
  const [waiting, stopped] = [await run(), await run()].map(({ task }) => task);
  expect(waiting).toMatchObject({ lastStatus: 'PROVISIONING', launchType: 'EC2', attachments: [] });
  expect(waiting?.containerInstanceArn).toBeUndefined();
  await fixture.client.send(new StopTaskCommand({ cluster: CLUSTER, task: stopped?.taskArn }));
  await fixture.untilStopped(stopped?.taskArn);
  await fixture.client.send(new StopTaskCommand({ cluster: CLUSTER, task: first?.task?.taskArn }));
  await vi.waitFor(() => expect(fixture.ecs.hosts.of(waiting?.taskArn ?? '')).toBeDefined(), SOON);
  expect(fixture.ecs.hosts.of(waiting?.taskArn ?? '')).toBe(first?.task?.containerInstanceArn);
  await vi.waitFor(() => expect(fixture.statusesOf(waiting?.taskArn)).toContain('RUNNING'), SOON);
});

test('refuses what ECS refuses: a network for a bridge, a bridge on Fargate, a provider or a host that is not there', async () => {
  await expect(run({ networkConfiguration })).rejects.toMatchObject({ name: 'InvalidParameterException' });
  await expect(run({ capacityProviderStrategy: onFargate.capacityProviderStrategy })).rejects.toMatchObject({
    name: 'InvalidParameterException',
  });
  await expect(run({ capacityProviderStrategy: [{ capacityProvider: 'other', weight: 1 }] })).rejects.toThrow(
    "The specified capacity provider 'other' was not found.",
  );
  await expect(fixture.client.send(new RunTaskCommand(onFargate))).rejects.toThrow(
    'Network Configuration must',
  );
  await expect(drain('none')).rejects.toMatchObject({ name: 'InvalidParameterException' });
});

test('refuses a size that Fargate does not have', async () => {
  await expect(
    fixture.client.send(new RunTaskCommand(runTask({}, { overrides: { cpu: '256', memory: '4096' } }))),
  ).rejects.toThrow('No Fargate configuration exists for given values.');
});
