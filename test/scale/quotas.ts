/**
 * What AWS and Berth's own settings allow, beside what a fleet needs. Quotas are AWS's defaults as documented; some
 * differ by region and account: `npm run preflight` reads those that matter for a first deployment.
 */
import { DUE_BUCKETS } from '../../core/items.ts';
import type { Environment } from '../../infra/environments.ts';
import { taskAddresses } from '../../infra/network-schema.ts';

/** raise: AWS raises it on request. setting: a setting of the environment. design: neither. */
type Remedy = 'raise' | 'setting' | 'design';

export type Quota = {
  readonly name: string;
  readonly limit: number;
  /** The fleet's use of it, at its peak, in the same unit. */
  readonly need: number;
  readonly remedy: Remedy;
  /** The action to take before it is reached. */
  readonly action: string;
};

/** The fleet's load, as quotas count it; rates are per second. */
export type Load = {
  readonly sessions: number;
  readonly workerCalls: number;
  readonly callerCalls: number;
  readonly taskStarts: number;
  readonly taskWrites: number;
  /** On average: a pass of the reconciler is a burst of them each minute. */
  readonly taskReads: number;
  readonly readUnits: number;
  readonly writeUnits: number;
  /** Of the busiest bucket of the index `due`. */
  readonly dueWriteUnits: number;
  /** Of the busiest other partition that sessions of several users share. */
  readonly sharedWriteUnits: number;
  readonly queueCalls: number;
  readonly objectWrites: number;
  /** By function: executions at once. */
  readonly executions: Readonly<Record<string, number>>;
  /** Round trips of a pass of the reconciler, one after the other. */
  readonly reconcilerCalls: number;
  readonly reaperCalls: number;
};

/** A round trip of a function to DynamoDB or ECS, in seconds. */
const ROUND_TRIP_SECONDS = 0.01;

const VCPUS_OF_A_NEW_ACCOUNT = 6;
const PARTITION_WRITES = 1000;

export const quotasOf = (
  load: Load,
  environment: Environment,
  sweepTimeoutSeconds: number,
): readonly Quota[] => {
  const { api, task, network, concurrency } = environment;
  const executions = Object.values(load.executions).reduce((sum, count) => sum + count, 0);
  const quota = (name: string, need: number, limit: number, remedy: Remedy, action: string): Quota => ({
    name,
    need,
    limit,
    remedy,
    action,
  });
  return [
    quota(
      'Fargate vCPUs of one kind (on demand or Spot)',
      (load.sessions * task.cpu) / 1024,
      VCPUS_OF_A_NEW_ACCOUNT,
      'raise',
      'Service Quotas, Fargate: vCPU resource count',
    ),
    quota(
      'Network interfaces in a region',
      load.sessions,
      5000,
      'raise',
      'Service Quotas, VPC: network interfaces',
    ),
    quota(
      'Addresses of the task subnets',
      load.sessions,
      taskAddresses(network) ?? Number.POSITIVE_INFINITY,
      'setting',
      'more network.zones, or a VPC of your own',
    ),
    quota('Fargate task starts a second', load.taskStarts, 20, 'raise', 'AWS Support: Fargate launch rate'),
    quota(
      'ECS writes a second (RunTask, StopTask)',
      load.taskWrites,
      40,
      'raise',
      'AWS Support: ECS API rate',
    ),
    quota(
      'ECS reads a second (ListTasks, DescribeTasks)',
      load.taskReads,
      20,
      'raise',
      'a longer sweepMinutes, then AWS Support: ECS API rate',
    ),
    quota(
      "Requests a second at the workers' API",
      load.workerCalls,
      api.workers.rateLimit,
      'setting',
      'api.workers.rateLimit with concurrency.reserved, or a longer settings.heartbeatSeconds',
    ),
    quota(
      "Requests a second at the callers' API",
      load.callerCalls,
      api.rateLimit,
      'setting',
      'api.rateLimit',
    ),
    quota(
      'Requests a second at all APIs of a region',
      load.workerCalls + load.callerCalls,
      10_000,
      'raise',
      'Service Quotas, API Gateway: throttle rate',
    ),
    quota('Lambda executions at once', executions, concurrency.account, 'raise', 'Service Quotas, Lambda'),
    quota(
      'Executions of worker-api at once',
      load.executions['worker-api'] ?? 0,
      concurrency.reserved ? concurrency.reserved['worker-api'] : concurrency.account,
      'setting',
      'concurrency.reserved.worker-api',
    ),
    quota(
      'Deliveries to webhooks at once',
      load.executions.deliver ?? 0,
      concurrency.deliveries,
      'setting',
      'concurrency.deliveries',
    ),
    quota(
      'DynamoDB write units a second of a table',
      load.writeUnits,
      40_000,
      'raise',
      'Service Quotas, DynamoDB',
    ),
    quota(
      'DynamoDB read units a second of a table',
      load.readUnits,
      40_000,
      'raise',
      'Service Quotas, DynamoDB',
    ),
    quota(
      `Write units a second of one bucket of the index due (of ${DUE_BUCKETS.length})`,
      load.dueWriteUnits,
      PARTITION_WRITES,
      'design',
      'more DUE_BUCKETS in core/items.ts',
    ),
    quota(
      'Write units a second of the busiest shared partition',
      load.sharedWriteUnits,
      PARTITION_WRITES,
      'design',
      'more EVENT_SHARDS in core/items.ts',
    ),
    quota(
      'SQS calls a second of one kind (high-throughput FIFO)',
      load.queueCalls,
      9000,
      'raise',
      'Service Quotas, SQS',
    ),
    quota(
      'S3 writes a second under one prefix',
      load.objectWrites,
      3500,
      'design',
      'spread keys over prefixes',
    ),
    quota(
      'Seconds of a reconciler’s pass',
      load.reconcilerCalls * ROUND_TRIP_SECONDS,
      sweepTimeoutSeconds,
      'design',
      'split the pass by shard; list tasks less often',
    ),
    quota(
      'Seconds of a reaper’s sweep',
      load.reaperCalls * ROUND_TRIP_SECONDS,
      60,
      'design',
      'count holders from the shards’ counters',
    ),
  ];
};

/** Below this share of a limit there is room. */
export const ROOM = 0.8;

/** The limits that fail: a limit that AWS does not raise is used to more than 80 %. */
export const withoutRoom = (quotas: readonly Quota[]): readonly Quota[] =>
  quotas.filter(({ need, limit, remedy }) => remedy !== 'raise' && need > limit * ROOM);

/** The number of sessions at which it is reached, when each session continues as now. */
export const reachedAt = ({ need, limit }: Quota, sessions: number): number =>
  need === 0 ? Number.POSITIVE_INFINITY : Math.floor((sessions * limit) / need);
