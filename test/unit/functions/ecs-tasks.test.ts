/** How tasks are launched, tagged and found, and what a used-up vCPU quota means. */
import {
  ConflictException,
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
  RunTaskCommand,
} from '@aws-sdk/client-ecs';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Size } from '../../../contract/size.ts';
import { ecsTasks } from '../../../functions/adapters/ecs-tasks.ts';

const ecs = mockClient(ECSClient);
const QUOTA = "You've reached the limit on the number of vCPUs you can run concurrently";

const on = (capacityProvider: string) =>
  ecs.on(RunTaskCommand, { capacityProviderStrategy: [{ capacityProvider, weight: 1 }] });
const fails = (provider: string, name: string, message: string) =>
  on(provider).rejects(Object.assign(new Error(message), { name }));
const request = {
  sessionId: 'ses_1',
  epoch: 1,
  clientToken: 'token',
  bootstrapToken: 'secret',
  size: 'standard',
} as const;
const launch = (size: Size = 'standard', avoidsHosts = false) =>
  ecsTasks().launch({ ...request, size, avoidsHosts }, 5_000);

beforeEach(() => {
  ecs.reset();
  for (const [name, value] of Object.entries({
    AWS_REGION: 'eu-central-1',
    BERTH_CLUSTER: 'berth-dev',
    BERTH_TASK_DEFINITION: 'berth-dev-worker:1',
    BERTH_SIZES: JSON.stringify({
      small: { cpu: 256, memoryMiB: 512 },
      standard: { cpu: 256, memoryMiB: 1024 },
      large: { cpu: 1024, memoryMiB: 2048 },
    }),
    BERTH_SUBNETS: 'subnet-1',
    BERTH_SECURITY_GROUPS: 'sg-1',
    BERTH_CAPACITY: 'FARGATE_SPOT,FARGATE',
  }))
    vi.stubEnv(name, value);
});
afterEach(() => vi.unstubAllEnvs());

describe('a vCPU quota that is used up', () => {
  it('is final for its provider alone: the next one is tried', async () => {
    fails('FARGATE_SPOT', 'ClientException', QUOTA);
    on('FARGATE').resolves({ tasks: [{ taskArn: 'task-1' }] });
    expect(await launch()).toEqual({ ok: true, taskArn: 'task-1' });
  });

  it('of every provider ends the launch at once, and the session shows it as capacity', async () => {
    fails('FARGATE_SPOT', 'ThrottlingException', QUOTA);
    on('FARGATE').resolves({ tasks: [], failures: [{ reason: QUOTA }] });
    expect(await launch()).toEqual({
      ok: false,
      retryable: false,
      detail: `capacity: the AWS account's vCPU quota is used up (FARGATE_SPOT: ThrottlingException: ${QUOTA}; FARGATE: ${QUOTA})`,
    });
  });

  it('beside a provider that has no capacity now is tried again later', async () => {
    fails('FARGATE_SPOT', 'ClientException', QUOTA);
    on('FARGATE').resolves({ tasks: [], failures: [{ reason: 'Capacity is unavailable at this time' }] });
    expect(await launch()).toMatchObject({ ok: false, retryable: true });
  });
});

describe('a launch', () => {
  it('has a browser launched ahead only if any browser fits the session', async () => {
    on('FARGATE_SPOT').resolves({ tasks: [{ taskArn: 'task-1' }] });
    const variables = async (fitsAnyBrowser: boolean) => {
      await ecsTasks().launch({ ...request, fitsAnyBrowser }, 5_000);
      const { overrides } = ecs.commandCalls(RunTaskCommand).at(-1)?.args[0].input ?? {};
      return overrides?.containerOverrides?.[0]?.environment;
    };
    const ahead = { name: 'BERTH_BROWSER_AHEAD', value: '1' };
    expect(await variables(true)).toContainEqual(ahead);
    expect(await variables(false)).not.toContainEqual(ahead);
  });

  it('gives the task the tags of its definition, by which costs are separated', async () => {
    on('FARGATE_SPOT').resolves({ tasks: [{ taskArn: 'task-1' }] });
    await launch();
    expect(ecs.commandCalls(RunTaskCommand)[0]?.args[0].input).toMatchObject({
      propagateTags: 'TASK_DEFINITION',
      enableECSManagedTags: true,
    });
  });

  it('repeated with other parameters adopts the task that ECS names', async () => {
    on('FARGATE_SPOT').rejects(
      new ConflictException({
        message: 'The client token is in use.',
        resourceIds: ['task-1'],
        $metadata: {},
      }),
    );
    expect(await launch()).toEqual({ ok: true, taskArn: 'task-1' });
    expect(ecs.commandCalls(RunTaskCommand)).toHaveLength(1);
  });

  it('in conflict with nothing that ECS names is refused', async () => {
    on('FARGATE_SPOT').rejects(new ConflictException({ message: 'Conflict.', $metadata: {} }));
    expect(await launch()).toMatchObject({ ok: false, retryable: false });
  });
});

describe('a session’s tasks', () => {
  it('are listed by startedBy alone, without a list of the whole cluster', async () => {
    ecs.on(ListTasksCommand).resolves({ taskArns: ['task-1'] });
    ecs.on(DescribeTasksCommand).resolves({ tasks: [{ taskArn: 'task-1', lastStatus: 'RUNNING' }] });
    expect(await ecsTasks().list('ses_1')).toMatchObject([{ taskArn: 'task-1' }]);
    expect(ecs.commandCalls(ListTasksCommand)[0]?.args[0].input).toEqual({
      cluster: 'berth-dev',
      startedBy: 'ses_1',
      nextToken: undefined,
    });
  });
});

describe('the size of a session', () => {
  const sent = async (size: Size) => {
    ecs.on(RunTaskCommand).resolves({ tasks: [{ taskArn: 'task-1' }] });
    await launch(size);
    return ecs.commandCalls(RunTaskCommand)[0]?.args[0].input.overrides;
  };
  const watched = (limit: string) => [
    {
      environment: expect.arrayContaining([{ name: 'BERTH_MEMORY_LIMIT_MB', value: limit }]),
    },
  ];

  it('is that of the task definition, or an override of CPU and memory', async () => {
    expect(await sent('standard')).not.toHaveProperty('cpu');
    ecs.reset();
    expect(await sent('large')).toMatchObject({ cpu: '1024', memory: '2048' });
    ecs.reset();
    expect(await sent('small')).toMatchObject({ cpu: '256', memory: '512' });
  });

  it('sets the limit of the memory watch below the memory of the task', async () => {
    expect(await sent('small')).toMatchObject({ containerOverrides: watched('358') });
    ecs.reset();
    expect(await sent('standard')).toMatchObject({ containerOverrides: watched('717') });
  });
});

describe('hosts of one’s own', () => {
  beforeEach(() => {
    for (const [name, value] of Object.entries({
      BERTH_CAPACITY: 'EC2,FARGATE',
      BERTH_HOSTS_PROVIDER: 'berth-hosts',
      BERTH_HOSTS_TASK_DEFINITION: 'berth-dev-worker-hosts:1',
      BERTH_HOSTS_SESSION_MIB: '350',
    }))
      vi.stubEnv(name, value);
  });

  it('place a task by memory, without its own network interface, and with more memory for a larger size', async () => {
    on('berth-hosts').resolves({ tasks: [{ taskArn: 'task-1' }] });
    expect(await launch('large')).toEqual({ ok: true, taskArn: 'task-1' });
    const input = ecs.commandCalls(RunTaskCommand)[0]?.args[0].input;
    expect(input).toMatchObject({
      taskDefinition: 'berth-dev-worker-hosts:1',
      placementStrategy: [{ type: 'binpack', field: 'memory' }],
      overrides: { containerOverrides: [{ memory: 2048, memoryReservation: 700 }] },
    });
    expect(input?.networkConfiguration).toBeUndefined();
    expect(input?.overrides).not.toHaveProperty('cpu');
  });

  it('without room give way to Fargate', async () => {
    on('berth-hosts').resolves({ tasks: [], failures: [{ reason: 'RESOURCE:MEMORY' }] });
    on('FARGATE').resolves({ tasks: [{ taskArn: 'task-2' }] });
    expect(await launch()).toEqual({ ok: true, taskArn: 'task-2' });
  });

  it('are left out for a start that is to avoid them, unless there is no other capacity', async () => {
    on('berth-hosts').resolves({ tasks: [{ taskArn: 'task-1' }] });
    on('FARGATE').resolves({ tasks: [{ taskArn: 'task-2' }] });
    expect(await launch('standard', true)).toEqual({ ok: true, taskArn: 'task-2' });
    vi.stubEnv('BERTH_CAPACITY', 'EC2');
    expect(await launch('standard', true)).toEqual({ ok: true, taskArn: 'task-1' });
  });

  it('are part of what is newest, and their tasks are listed by host', async () => {
    expect(ecsTasks().newestRevisions()).toEqual(['berth-dev-worker:1', 'berth-dev-worker-hosts:1']);
    ecs.on(ListTasksCommand, { containerInstance: 'host-1' }).resolves({ taskArns: ['task-1'] });
    ecs.on(DescribeTasksCommand).resolves({ tasks: [{ taskArn: 'task-1', lastStatus: 'RUNNING' }] });
    expect(await ecsTasks().listOnHost('host-1')).toMatchObject([{ taskArn: 'task-1', stopped: false }]);
  });
});
