import { randomUUID } from 'node:crypto';
import { arnInCluster, type TaskRecord } from './task.ts';

/** Where every task of this machine is reached. */
const PRIVATE_ADDRESS = '127.0.0.1';

/** How a point in time is written: seconds since the epoch in the API, ISO 8601 in events. */
type Timestamp = (ms: number) => number | string;
const apiTime: Timestamp = (ms) => ms / 1000;
const eventTime: Timestamp = (ms) => new Date(ms).toISOString();

const attachmentStatus = ({ lastStatus }: TaskRecord): string => {
  if (lastStatus === 'PROVISIONING') return 'PRECREATED';
  return lastStatus === 'STOPPED' ? 'DELETED' : 'ATTACHED';
};

const describeAttachment = (record: TaskRecord, type: string): Record<string, unknown> => {
  const subnet = record.networkConfiguration?.awsvpcConfiguration.subnets[0] ?? 'subnet-local';
  const attached =
    record.lastStatus === 'PROVISIONING'
      ? []
      : [
          {
            name: 'networkInterfaceId',
            value: `eni-${record.attachmentId.replaceAll('-', '').slice(0, 17)}`,
          },
          { name: 'privateDnsName', value: 'localhost' },
          { name: 'privateIPv4Address', value: PRIVATE_ADDRESS },
        ];
  return {
    id: record.attachmentId,
    type,
    status: attachmentStatus(record),
    details: [{ name: 'subnetId', value: subnet }, ...attached],
  };
};

const describeContainer = (record: TaskRecord): Record<string, unknown> => {
  const { container, lastStatus } = record;
  return {
    containerArn: arnInCluster(record.clusterArn, 'container', `${record.id}/${container.id}`),
    taskArn: record.taskArn,
    name: container.name,
    image: container.image,
    lastStatus: lastStatus === 'RUNNING' || lastStatus === 'STOPPED' ? lastStatus : containerStatus(record),
    exitCode: container.exitCode,
    reason: container.reason,
    healthStatus: 'UNKNOWN',
    cpu: '0',
    networkInterfaces:
      lastStatus === 'PROVISIONING'
        ? []
        : [{ attachmentId: record.attachmentId, privateIpv4Address: PRIVATE_ADDRESS }],
  };
};

const containerStatus = ({ startedAt, executionStoppedAt, desiredStatus }: TaskRecord): string => {
  if (executionStoppedAt !== undefined) return 'STOPPED';
  if (startedAt !== undefined) return 'RUNNING';
  return desiredStatus === 'STOPPED' ? 'STOPPED' : 'PENDING';
};

const describe = (record: TaskRecord, time: Timestamp, attachmentType: string): Record<string, unknown> => {
  const at = (ms: number | undefined) => (ms === undefined ? undefined : time(ms));
  return {
    taskArn: record.taskArn,
    clusterArn: record.clusterArn,
    taskDefinitionArn: record.taskDefinitionArn,
    group: record.group,
    startedBy: record.startedBy,
    launchType: record.launchType,
    containerInstanceArn: record.containerInstanceArn,
    capacityProviderName: record.capacityProviderName,
    platformVersion: record.platformVersion,
    cpu: record.overrides.cpu ?? record.cpu,
    memory: record.overrides.memory ?? record.memory,
    availabilityZone: 'us-east-1a',
    attributes: [{ name: 'ecs.cpu-architecture', value: process.arch === 'arm64' ? 'arm64' : 'x86_64' }],
    // A task on a host has no own network interface.
    attachments: record.launchType === 'EC2' ? [] : [describeAttachment(record, attachmentType)],
    containers: [describeContainer(record)],
    overrides: {
      ...record.overrides,
      containerOverrides: record.overrides.containerOverrides ?? [{ name: record.container.name }],
    },
    lastStatus: record.lastStatus,
    desiredStatus: record.desiredStatus,
    healthStatus: 'UNKNOWN',
    connectivity: record.startedAt === undefined ? undefined : 'CONNECTED',
    version: record.version,
    createdAt: time(record.createdAt),
    startedAt: at(record.startedAt),
    stoppingAt: at(record.stoppingAt),
    executionStoppedAt: at(record.executionStoppedAt),
    stoppedAt: at(record.stoppedAt),
    stopCode: record.stopCode,
    stoppedReason: record.stoppedReason,
  };
};

/**
 * A task in the API's shape (data type Task of the API reference). Includes tags only if the request asks for them.
 */
export const describeTask = (record: TaskRecord, withTags: boolean): Record<string, unknown> => ({
  ...describe(record, apiTime, 'ElasticNetworkInterface'),
  tags: withTags ? record.tags : [],
});

/** EventBridge's event of a task's change (developer guide, Amazon ECS task state change events). */
export interface TaskStateChangeEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': 'ECS Task State Change' | 'ECS Container Instance State Change';
  readonly source: 'aws.ecs';
  readonly account: string;
  /** ISO 8601, whole seconds */
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  /** The task, its times in ISO 8601; without tags. */
  readonly detail: Readonly<Record<string, unknown>>;
}

export const taskStateChange = (record: TaskRecord, now: number): TaskStateChangeEvent => {
  const [, , , region = '', account = ''] = record.clusterArn.split(':');
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'ECS Task State Change',
    source: 'aws.ecs',
    account,
    time: `${new Date(now).toISOString().slice(0, 19)}Z`,
    region,
    resources: [record.taskArn],
    // Through JSON and back: an event has no members without a value.
    detail: JSON.parse(JSON.stringify({ ...describe(record, eventTime, 'eni'), updatedAt: eventTime(now) })),
  };
};
