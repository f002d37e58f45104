import {
  ConflictException,
  DescribeTasksCommand,
  ECSClient,
  type Task as EcsTask,
  ListTasksCommand,
  type ListTasksCommandOutput,
  RunTaskCommand,
  type RunTaskCommandInput,
  StopTaskCommand,
} from '@aws-sdk/client-ecs';
import pMap from 'p-map';
import { messageOfError } from '../../contract/message-of-error.ts';
import type { Size } from '../../contract/size.ts';
import { type LaunchResult, type Task, type TaskEngine, TaskEngineUnavailable } from '../../core/ports.ts';
import { WORKER_CONTAINER } from '../../core/settings.ts';
import { memoryWatchMb, type TaskSize } from '../../core/task-size.ts';
import { environment } from '../environment.ts';
import { clientConfig, nameOfError } from './aws.ts';
import { base } from './base.ts';

/** The task engine over ECS: one Fargate task for each session epoch. */
export const ecsTasks = (): TaskEngine => {
  const client = new ECSClient(clientConfig());
  const cluster = environment('BERTH_CLUSTER');

  return {
    launch: ({ sessionId, epoch, clientToken, bootstrapToken, size, avoidsHosts, fitsAnyBrowser }, limitMs) =>
      launch(
        client,
        cluster,
        {
          startedBy: sessionId,
          clientToken,
          size,
          capacity: avoidsHosts ? withoutHosts() : environment('BERTH_CAPACITY'),
          variables: {
            BERTH_SESSION_ID: sessionId,
            BERTH_EPOCH: String(epoch),
            BERTH_BOOTSTRAP_TOKEN: bootstrapToken,
            ...(fitsAnyBrowser ? { BERTH_BROWSER_AHEAD: '1' } : {}),
          },
        },
        AbortSignal.timeout(limitMs),
      ),

    launchStandby: ({ standbyId, clientToken, standbyToken, depth }, limitMs) =>
      launch(
        client,
        cluster,
        {
          startedBy: standbyId,
          clientToken,
          // A session of another size is given no standby task (core/standby/claim.ts).
          size: base.settings.size,
          capacity: environment('BERTH_CAPACITY'),
          variables: {
            BERTH_STANDBY_ID: standbyId,
            BERTH_STANDBY_TOKEN: standbyToken,
            BERTH_STANDBY_DEPTH: depth,
          },
        },
        AbortSignal.timeout(limitMs),
      ),

    get revision() {
      return environment('BERTH_TASK_DEFINITION');
    },

    stop: (taskArn, reason) =>
      clear(async () => {
        try {
          await client.send(new StopTaskCommand({ cluster, task: taskArn, reason: reason.slice(0, 255) }));
        } catch (error) {
          // ECS forgets a task an hour after it stopped.
          if (nameOfError(error) !== 'InvalidParameterException') throw error;
        }
      }),

    describe: (taskArn) =>
      clear(async () => {
        const { tasks } = await client.send(new DescribeTasksCommand({ cluster, tasks: [taskArn] }));
        return tasks?.map(asTask)[0];
      }),

    newestRevisions: () => [
      environment('BERTH_TASK_DEFINITION'),
      ...(process.env.BERTH_HOSTS_TASK_DEFINITION ? [environment('BERTH_HOSTS_TASK_DEFINITION')] : []),
    ],

    listOnHost: (containerInstance) =>
      clear(async () => {
        const arns: string[] = [];
        let nextToken: string | undefined;
        do {
          const page: ListTasksCommandOutput = await client.send(
            new ListTasksCommand({ cluster, containerInstance, nextToken }),
          );
          arns.push(...(page.taskArns ?? []));
          nextToken = page.nextToken;
        } while (nextToken);
        return describeAll(client, cluster, arns);
      }),

    list: (launchedFor) =>
      clear(async () => {
        const arns: string[] = [];
        let nextToken: string | undefined;
        do {
          const page = await client.send(
            new ListTasksCommand({
              cluster,
              nextToken,
              // ECS takes startedBy as the only filter; RUNNING is what it lists by default.
              ...(launchedFor === undefined ? { desiredStatus: 'RUNNING' } : { startedBy: launchedFor }),
            }),
          );
          arns.push(...(page.taskArns ?? []));
          nextToken = page.nextToken;
        } while (nextToken);
        return describeAll(client, cluster, arns);
      }),
  };
};

/** Those of the tasks that are not stopped. */
const describeAll = async (
  client: ECSClient,
  cluster: string,
  arns: readonly string[],
): Promise<readonly Task[]> => {
  const hundreds = Array.from({ length: Math.ceil(arns.length / 100) }, (_, i) =>
    arns.slice(i * 100, i * 100 + 100),
  );
  const described = await pMap(
    hundreds,
    async (tasks) => (await client.send(new DescribeTasksCommand({ cluster, tasks }))).tasks ?? [],
    { concurrency: 4 },
  );
  return described
    .flat()
    .map(asTask)
    .filter((task) => !task.stopped);
};

type TaskRequest = {
  /** Its purpose: a session or a standby id. */
  readonly startedBy: string;
  readonly clientToken: string;
  /** Of the worker, over those of the task definition. */
  readonly variables: Readonly<Record<string, string>>;
  readonly size: Size;
  /** Providers to try, in this order. */
  readonly capacity: readonly string[];
};

/**
 * Capacity providers in order of preference; the next one only if the one before clearly had no capacity. A used-up
 * vCPU quota is final for its provider (Spot and on demand have one each): it lasts until sessions end or AWS raises
 * it, so a launch that finds all quotas used up is given up at once instead of holding its slot for minutes.
 */
const launch = async (
  client: ECSClient,
  cluster: string,
  request: TaskRequest,
  limit: AbortSignal,
): Promise<LaunchResult> => {
  let last: LaunchResult = { ok: false, retryable: false, detail: 'no capacity provider is configured' };
  const full: string[] = [];
  for (const capacityProvider of request.capacity) {
    const result = await launchOn(client, cluster, capacityProvider, request, limit);
    if (!result.ok && isQuota(result.detail)) {
      full.push(`${capacityProvider}: ${result.detail}`);
      continue;
    }
    last = result;
    if (last.ok || !last.retryable) return last;
  }
  if (full.length < request.capacity.length) return last;
  return {
    ok: false,
    retryable: false,
    detail: `capacity: the AWS account's vCPU quota is used up (${full.join('; ')})`,
  };
};

/** As ECS reports it, by an exception or as a failure: "You've reached the limit on the number of vCPUs you can run concurrently". */
const isQuota = (detail: string): boolean => /number of vCPUs|vCPU (limit|quota)/i.test(detail);

const launchOn = async (
  client: ECSClient,
  cluster: string,
  capacityProvider: string,
  { startedBy, clientToken, variables, size }: TaskRequest,
  abortSignal: AbortSignal,
): Promise<LaunchResult> => {
  try {
    const { tasks, failures } = await client.send(
      new RunTaskCommand({
        cluster,
        ...placementOn(capacityProvider),
        // Other parameters under the same token are a conflict to ECS.
        clientToken: base.sha256(`${clientToken}:${capacityProvider}`),
        startedBy,
        count: 1,
        // The environment's tags, by which costs are separated; and the cluster's name, by ECS itself.
        propagateTags: 'TASK_DEFINITION',
        enableECSManagedTags: true,
        overrides: {
          ...(capacityProvider === HOSTS ? {} : sizeOverride(size)),
          containerOverrides: [
            {
              name: WORKER_CONTAINER,
              ...(capacityProvider === HOSTS ? memoryOnHost(size) : {}),
              environment: Object.entries({
                ...variables,
                BERTH_MEMORY_LIMIT_MB: String(memoryWatchMb(taskSizeOf(size))),
              }).map(([name, value]) => ({ name, value })),
            },
          ],
        },
      }),
      { abortSignal },
    );
    const { taskArn, createdAt } = tasks?.[0] ?? {};
    if (taskArn) return { ok: true, taskArn, createdAt: createdAt?.getTime() };
    return { ok: false, retryable: true, detail: failures?.[0]?.reason ?? 'ECS started no task' };
  } catch (error) {
    const known = error instanceof ConflictException ? error.resourceIds?.[0] : undefined;
    // Launched before under this token, with other parameters: a deployment came in between. It is this epoch's task.
    if (known !== undefined) return { ok: true, taskArn: known };
    const detail = `${nameOfError(error)}: ${messageOfError(error)}`;
    if (/capacity/i.test(detail) || isQuota(detail)) return { ok: false, retryable: true, detail };
    if (isRefusal(error)) return { ok: false, retryable: false, detail };
    throw new TaskEngineUnavailable(detail);
  }
};

const taskSizeOf = (size: Size): TaskSize => environment('BERTH_SIZES')[size];

/** The provider of the operator's own hosts, as `task.capacity` names it. */
const HOSTS = 'EC2';

/** All of it if hosts are the only capacity. */
const withoutHosts = (): readonly string[] => {
  const all: readonly string[] = environment('BERTH_CAPACITY');
  const others = all.filter((provider) => provider !== HOSTS);
  return others.length > 0 ? others : all;
};

/**
 * The place where a task runs, and its requirements: on Fargate its own network interface, on hosts a place by
 * memory. With managed scaling, a task without a place waits as PROVISIONING while ECS adds a host.
 */
const placementOn = (
  capacityProvider: string,
): Pick<
  RunTaskCommandInput,
  'taskDefinition' | 'capacityProviderStrategy' | 'networkConfiguration' | 'placementStrategy'
> =>
  capacityProvider === HOSTS
    ? {
        taskDefinition: environment('BERTH_HOSTS_TASK_DEFINITION'),
        capacityProviderStrategy: [{ capacityProvider: environment('BERTH_HOSTS_PROVIDER'), weight: 1 }],
        placementStrategy: [{ type: 'binpack', field: 'memory' }],
      }
    : {
        taskDefinition: environment('BERTH_TASK_DEFINITION'),
        capacityProviderStrategy: [{ capacityProvider, weight: 1 }],
        networkConfiguration: {
          awsvpcConfiguration: {
            subnets: environment('BERTH_SUBNETS'),
            securityGroups: environment('BERTH_SECURITY_GROUPS'),
            assignPublicIp: 'ENABLED',
          },
        },
      };

/** The memory with which a task is placed grows with its size; its limit is the memory of its size. */
const memoryOnHost = (size: Size): { memory?: number; memoryReservation?: number } => {
  if (size === 'standard') return {};
  const { memoryMiB } = taskSizeOf(size);
  const share = memoryMiB / taskSizeOf('standard').memoryMiB;
  return { memory: memoryMiB, memoryReservation: Math.round(environment('BERTH_HOSTS_SESSION_MIB') * share) };
};

/** The task definition has the size `standard`. */
const sizeOverride = (size: Size): { cpu?: string; memory?: string } => {
  if (size === 'standard') return {};
  const { cpu, memoryMiB } = taskSizeOf(size);
  return { cpu: String(cpu), memory: String(memoryMiB) };
};

/** Errors that no repetition will change: a request or a permission that is wrong. */
const isRefusal = (error: unknown): boolean =>
  [
    'AccessDeniedException',
    'InvalidParameterException',
    'ClientException',
    'ClusterNotFoundException',
    'PlatformUnknownException',
    'PlatformTaskDefinitionIncompatibilityException',
    'UnsupportedFeatureException',
    'BlockedException',
    'ConflictException',
  ].includes(nameOfError(error));

const asTask = (task: EcsTask): Task => {
  const overrides = task.overrides?.containerOverrides?.flatMap((c) => c.environment ?? []) ?? [];
  const value = (name: string) => overrides.find((pair) => pair.name === name)?.value;
  const epoch = value('BERTH_EPOCH');
  return {
    taskArn: task.taskArn ?? '',
    sessionId: value('BERTH_SESSION_ID'),
    epoch: epoch === undefined ? undefined : Number(epoch),
    standbyId: value('BERTH_STANDBY_ID'),
    createdAt: task.createdAt?.getTime() ?? 0,
    stopped: task.lastStatus === 'STOPPED',
    revision: task.taskDefinitionArn,
  };
};

const clear = async <T>(call: () => Promise<T>): Promise<T> => {
  try {
    return await call();
  } catch (error) {
    throw new TaskEngineUnavailable(`${nameOfError(error)}: ${messageOfError(error)}`);
  }
};
