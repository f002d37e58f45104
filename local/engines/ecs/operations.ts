import type { OperationContext } from './context.ts';
import type { TaskDefinition } from './definitions.ts';
import { describeTask } from './describe.ts';
import { EcsError, invalidParameter } from './errors.ts';
import { listTasks } from './list-tasks.ts';
import {
  describeClustersSchema,
  describeHostsSchema,
  describeTasksSchema,
  listHostsSchema,
  parseRequest,
  stopTaskSchema,
  updateHostsSchema,
} from './requests.ts';
import { runTask } from './run-task.ts';
import { listTagsForResource, tagResource, untagResource } from './tagging.ts';
import { arnInCluster, clusterName, type TaskRecord } from './task.ts';

type Operation = (context: OperationContext, input: unknown) => Record<string, unknown>;

/** StopTask: for a task that is stopping or has stopped, the same answer again. */
const stopTask = (
  { tasks, runner, faults, taskDefinitions, cluster, now }: OperationContext,
  input: unknown,
) => {
  const { task, reason = 'Task stopped by user', ...request } = parseRequest(stopTaskSchema, input);
  const found = tasks.find(cluster(request.cluster), task, now());
  if (found === undefined) throw invalidParameter('The referenced task was not found.');
  if (found.lastStatus === 'STOPPED') return { task: describeTask(found, false) };
  if (faults.takeLostStop()) return { task: describeTask({ ...found, desiredStatus: 'STOPPED' }, false) };
  return { task: describeTask(runner.stop(found.id, reason, stopTimeoutMs(found, taskDefinitions)), false) };
};

/** The grace of a task's container; the API's own if its definition is no longer known. */
export const stopTimeoutMs = (record: TaskRecord, taskDefinitions: readonly TaskDefinition[]): number =>
  1000 * (taskDefinitions.find(({ arn }) => arn === record.taskDefinitionArn)?.container.stopTimeout ?? 30);

/** DescribeTasks: what is not known (any more) is among the failures as MISSING. */
const describeTasks = ({ tasks, cluster, now }: OperationContext, input: unknown) => {
  const request = parseRequest(describeTasksSchema, input);
  const clusterArn = cluster(request.cluster);
  const withTags = request.include.includes('TAGS');
  const looked = request.tasks.map((reference) => ({
    reference,
    record: tasks.find(clusterArn, reference, now()),
  }));
  return {
    tasks: looked.flatMap(({ record }) => (record === undefined ? [] : [describeTask(record, withTags)])),
    failures: looked
      .filter(({ record }) => record === undefined)
      .map(({ reference }) => ({
        arn: reference.startsWith('arn:') ? reference : arnInCluster(clusterArn, 'task', reference),
        reason: 'MISSING',
      })),
  };
};

/** ListContainerInstances: all of one page. */
const listHosts = ({ cluster, hosts }: OperationContext, input: unknown) => {
  const request = parseRequest(listHostsSchema, input);
  cluster(request.cluster);
  return { containerInstanceArns: hosts.list(request.status) };
};

/** DescribeContainerInstances: what is not known is among the failures as MISSING. */
const describeHosts = ({ cluster, hosts }: OperationContext, input: unknown) => {
  const request = parseRequest(describeHostsSchema, input);
  cluster(request.cluster);
  const [known, missing] = [true, false].map((is) =>
    request.containerInstances.filter((reference) => hosts.knows(reference) === is),
  );
  return {
    containerInstances: (known ?? []).map((reference) => hosts.describe(reference)),
    failures: (missing ?? []).map((arn) => ({ arn, reason: 'MISSING' })),
  };
};

/** UpdateContainerInstancesState: a host that drains takes no task; those on it run on, as ECS leaves them. */
const updateHosts = ({ cluster, hosts, announceHost }: OperationContext, input: unknown) => {
  const request = parseRequest(updateHostsSchema, input);
  cluster(request.cluster);
  const containerInstances = hosts.update(request.containerInstances, request.status);
  hosts.placeWaiting();
  for (const reference of request.containerInstances) announceHost(reference);
  return { containerInstances, failures: [] };
};

/** DescribeClusters, as far as a health check reads it. */
const describeClusters = ({ tasks, hosts, clusterArns, now }: OperationContext, input: unknown) => {
  const { clusters } = parseRequest(describeClustersSchema, input);
  const looked = clusters.map((reference) => ({ reference, arn: findCluster(clusterArns, reference) }));
  return {
    clusters: looked.flatMap(({ arn }) => {
      if (arn === undefined) return [];
      const records = tasks.visible(arn, now());
      const count = (...statuses: string[]) =>
        records.filter(({ lastStatus }) => statuses.includes(lastStatus)).length;
      return [
        {
          clusterArn: arn,
          clusterName: clusterName(arn),
          status: 'ACTIVE',
          runningTasksCount: count('RUNNING', 'DEACTIVATING', 'STOPPING'),
          pendingTasksCount: count('PROVISIONING', 'PENDING'),
          activeServicesCount: 0,
          registeredContainerInstancesCount: hosts.count,
        },
      ];
    }),
    failures: looked
      .filter(({ arn }) => arn === undefined)
      .map(({ reference }) => ({ arn: reference, reason: 'MISSING' })),
  };
};

export const findCluster = (clusterArns: readonly string[], reference: string): string | undefined =>
  clusterArns.find((arn) => arn === reference || clusterName(arn) === reference);

const OPERATIONS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['RunTask', runTask],
  ['StopTask', stopTask],
  ['DescribeTasks', describeTasks],
  ['ListTasks', listTasks],
  ['DescribeClusters', describeClusters],
  ['ListContainerInstances', listHosts],
  ['DescribeContainerInstances', describeHosts],
  ['UpdateContainerInstancesState', updateHosts],
  ['ListTagsForResource', listTagsForResource],
  ['TagResource', tagResource],
  ['UntagResource', untagResource],
]);

/** Finds an operation by its name; throws for one that the local ECS does not implement. */
export const operationNamed = (name: string): Operation => {
  const operation = OPERATIONS.get(name);
  if (operation === undefined) {
    throw new EcsError('UnsupportedOperationException', `The local ECS does not support ${name}.`);
  }
  return operation;
};
