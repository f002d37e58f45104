import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { fargateIssue } from '../../../core/task-size.ts';
import type { OperationContext } from './context.ts';
import { findTaskDefinition, type TaskDefinition } from './definitions.ts';
import { describeTask } from './describe.ts';
import { EcsError, invalidParameter } from './errors.ts';
import { NO_CAPACITY } from './faults.ts';
import { NO_MEMORY } from './hosts.ts';
import { parseRequest, type RunTaskRequest, runTaskSchema } from './requests.ts';
import { arnInCluster, type TaskRecord } from './task.ts';

/** How long a client token is recognized (API reference, ensuring idempotency). */
const CLIENT_TOKEN_MS = 24 * 60 * 60 * 1000;

/** RunTask: what could be placed is in `tasks`, what could not in `failures`. */
export const runTask = (context: OperationContext, input: unknown): Record<string, unknown> => {
  const request = parseRequest(runTaskSchema, input);
  const clusterArn = context.cluster(request.cluster);
  const definition = findTaskDefinition(context.taskDefinitions, request.taskDefinition);
  checkContainerOverrides(request, definition);
  checkSize(request, definition);
  checkPlacement(context, request, definition);

  const repeated = findRepeated(context, clusterArn, request);
  if (repeated !== undefined) return answer(repeated, []);

  const started: TaskRecord[] = [];
  const failures: Record<string, unknown>[] = [];
  for (let i = 0; i < request.count; i += 1) {
    const reservedMiB = reservedBy(request, definition);
    const onHost = definition.networkMode === 'bridge';
    const host = onHost ? context.hosts.place(reservedMiB) : undefined;
    const reason =
      context.faults.takeCapacityFailure(capacityProviderOf(request)) ??
      (context.hasRoom() ? undefined : NO_CAPACITY) ??
      (onHost && host === undefined && !context.hosts.scaled ? NO_MEMORY : undefined);
    if (reason === undefined) {
      const record = {
        ...newTask(context, clusterArn, definition, request),
        ...(onHost ? { containerInstanceArn: host, reservedMiB, launchType: 'EC2' as const } : {}),
      };
      context.runner.begin(record, definition);
      started.push(record);
    } else {
      failures.push({ reason });
    }
  }
  return answer(started, failures);
};

const answer = (records: readonly TaskRecord[], failures: readonly unknown[]) => ({
  tasks: records.map((record) => describeTask(record, true)),
  failures,
});

const checkContainerOverrides = ({ overrides }: RunTaskRequest, { container }: TaskDefinition): void => {
  const unknown = overrides.containerOverrides?.find(({ name }) => name !== container.name);
  if (unknown !== undefined) {
    throw invalidParameter(
      `Override for container named ${unknown.name} is not a container in the TaskDefinition.`,
    );
  }
};

/** Each kind of capacity takes task definitions of its network mode only. */
const checkPlacement = (
  { hosts }: OperationContext,
  { capacityProviderStrategy, networkConfiguration }: RunTaskRequest,
  { networkMode }: TaskDefinition,
): void => {
  const known = ['FARGATE', 'FARGATE_SPOT', hosts.provider];
  const unknown = capacityProviderStrategy?.find(({ capacityProvider }) => !known.includes(capacityProvider));
  if (unknown !== undefined)
    throw invalidParameter(`The specified capacity provider '${unknown.capacityProvider}' was not found.`);
  const onHosts = capacityProviderStrategy?.some(
    ({ capacityProvider }) => capacityProvider === hosts.provider,
  );
  if (networkMode === 'bridge' && !onHosts)
    throw invalidParameter('Task definition does not support launch_type FARGATE.');
  if (networkMode === 'bridge' && networkConfiguration !== undefined)
    throw invalidParameter(
      'Network Configuration is not valid for the given networkMode of this task definition.',
    );
  if (networkMode === 'awsvpc' && networkConfiguration === undefined)
    throw invalidParameter("Network Configuration must be provided when networkMode 'awsvpc' is specified.");
};

/** The memory with which a task is placed on a host: its reservation, else its limit. */
const reservedBy = ({ overrides }: RunTaskRequest, { container }: TaskDefinition): number => {
  const override = overrides.containerOverrides?.find(({ name }) => name === container.name);
  return (
    override?.memoryReservation ?? container.memoryReservation ?? override?.memory ?? container.memory ?? 0
  );
};

/** Fargate has a few combinations of CPU and memory; RunTask refuses others. */
const checkSize = ({ overrides }: RunTaskRequest, definition: TaskDefinition): void => {
  const { cpu = definition.cpu, memory = definition.memory } = overrides;
  if (definition.networkMode === 'bridge' || cpu === undefined || memory === undefined) return;
  if (fargateIssue({ cpu: Number(cpu), memoryMiB: Number(memory) }) !== undefined)
    throw invalidParameter('No Fargate configuration exists for given values.');
};

/** The tasks of an earlier call with the same token; ConflictException if that call asked for something else. */
const findRepeated = (
  { tasks, now }: OperationContext,
  clusterArn: string,
  request: RunTaskRequest,
): TaskRecord[] | undefined => {
  if (request.clientToken === undefined) return undefined;
  const repeated = tasks.ofClientToken(clusterArn, request.clientToken, now());
  if (repeated.length === 0) return undefined;
  const hash = requestHash(request);
  if (repeated.some(({ clientToken }) => clientToken?.requestHash !== hash)) {
    throw new EcsError(
      'ConflictException',
      'The provided clientToken is already in use with a different request.',
      {
        resourceIds: repeated.map(({ taskArn }) => taskArn),
      },
    );
  }
  return repeated;
};

/** Of the parsed request: defaults and the order of members are no difference. */
const requestHash = (request: RunTaskRequest): string =>
  createHash('sha256').update(canonical(request)).digest('hex');

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );

const newTask = (
  { now, temporaryRoot }: OperationContext,
  clusterArn: string,
  definition: TaskDefinition,
  request: RunTaskRequest,
): TaskRecord => {
  const id = randomUUID().replaceAll('-', '');
  const createdAt = now();
  return {
    id,
    taskArn: arnInCluster(clusterArn, 'task', id),
    clusterArn,
    taskDefinitionArn: definition.arn,
    family: definition.family,
    group: request.group ?? `family:${definition.family}`,
    startedBy: request.startedBy,
    ...placement(request),
    platformVersion: request.platformVersion === 'LATEST' ? '1.4.0' : request.platformVersion,
    cpu: definition.cpu,
    memory: definition.memory,
    tags: request.tags,
    overrides: request.overrides,
    networkConfiguration: request.networkConfiguration,
    container: { name: definition.container.name, image: definition.container.image, id: randomUUID() },
    attachmentId: randomUUID(),
    lastStatus: 'PROVISIONING',
    desiredStatus: 'RUNNING',
    version: 1,
    createdAt,
    endAnnounced: false,
    clientToken:
      request.clientToken === undefined
        ? undefined
        : {
            value: request.clientToken,
            requestHash: requestHash(request),
            expiresAt: createdAt + CLIENT_TOKEN_MS,
          },
    // Short: sockets are made in it, and a socket's path ends at 104 to 108 characters.
    temporaryDirectory: join(temporaryRoot, `berth-task-${id.slice(0, 12)}`),
  };
};

/** A task runs either by launch type or by the capacity provider with the most weight. */
const placement = (request: RunTaskRequest): Pick<TaskRecord, 'launchType' | 'capacityProviderName'> => ({
  launchType: 'FARGATE',
  capacityProviderName: capacityProviderOf(request),
});

const capacityProviderOf = ({ capacityProviderStrategy }: RunTaskRequest): string | undefined =>
  capacityProviderStrategy?.toSorted((a, b) => (b.weight ?? 0) - (a.weight ?? 0))[0]?.capacityProvider;
