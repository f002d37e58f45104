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
import { ecsTasks } from '../../../functions/adapters/ecs-tasks.ts';

const ecs = mockClient(ECSClient);
const QUOTA = "You've reached the limit on the number of vCPUs you can run concurrently";

const on = (capacityProvider: string) =>
  ecs.on(RunTaskCommand, { capacityProviderStrategy: [{ capacityProvider, weight: 1 }] });
const fails = (provider: string, name: string, message: string) =>
  on(provider).rejects(Object.assign(new Error(message), { name }));
const launch = () =>
  ecsTasks().launch({ sessionId: 'ses_1', epoch: 1, clientToken: 'token', bootstrapToken: 'secret' }, 5_000);

beforeEach(() => {
  ecs.reset();
  for (const [name, value] of Object.entries({
    AWS_REGION: 'eu-central-1',
    BERTH_CLUSTER: 'berth-dev',
    BERTH_TASK_DEFINITION: 'berth-dev-worker:1',
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

  it('of every provider ends the launch at once, and the session tells it as capacity', async () => {
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
  it('gives the task the tags of its definition, by which costs are told apart', async () => {
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
