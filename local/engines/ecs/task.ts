import * as z from 'zod';
import { networkConfigurationSchema, overridesSchema } from './requests.ts';

/** The way of a task's `lastStatus` (ECS developer guide, task lifecycle); ACTIVATING is for load balancers only. */
const lastStatusSchema = z.enum([
  'PROVISIONING',
  'PENDING',
  'RUNNING',
  'DEACTIVATING',
  'STOPPING',
  'DEPROVISIONING',
  'STOPPED',
]);
export type LastStatus = z.infer<typeof lastStatusSchema>;

/** The allowed next states. A task whose container never started skips the states that only a running one needs. */
const TRANSITIONS: Readonly<Record<LastStatus, readonly LastStatus[]>> = {
  PROVISIONING: ['PENDING', 'DEPROVISIONING'],
  PENDING: ['RUNNING', 'DEPROVISIONING'],
  RUNNING: ['DEACTIVATING'],
  DEACTIVATING: ['STOPPING'],
  STOPPING: ['DEPROVISIONING'],
  DEPROVISIONING: ['STOPPED'],
  STOPPED: [],
};

/** The statuses from `from` to STOPPED, `from` left out, on the shortest way. */
export const wayToStopped = (from: LastStatus): LastStatus[] => {
  const next = TRANSITIONS[from].at(-1);
  return next === undefined ? [] : [next, ...wayToStopped(next)];
};

/**
 * One task as kept on disk. Times in ms since the epoch. It holds the overrides, as ECS does, and with them
 * everything that the caller put into the environment. So only the owner may read the file.
 */
export const taskRecordSchema = z.object({
  id: z.string().regex(/^[0-9a-f]{32}$/),
  taskArn: z.string(),
  clusterArn: z.string(),
  taskDefinitionArn: z.string(),
  family: z.string(),
  group: z.string(),
  startedBy: z.string().optional(),
  launchType: z.enum(['FARGATE', 'EC2']).optional(),
  /** The host that it was placed on, and the memory that it was placed with. */
  containerInstanceArn: z.string().optional(),
  reservedMiB: z.int().optional(),
  capacityProviderName: z.string().optional(),
  platformVersion: z.string(),
  cpu: z.string().optional(),
  memory: z.string().optional(),
  tags: z.array(z.object({ key: z.string(), value: z.string() })),
  overrides: overridesSchema,
  networkConfiguration: networkConfigurationSchema.optional(),
  container: z.object({
    name: z.string(),
    image: z.string(),
    id: z.string(),
    exitCode: z.int().optional(),
    reason: z.string().optional(),
  }),
  attachmentId: z.string(),
  lastStatus: lastStatusSchema,
  desiredStatus: z.enum(['RUNNING', 'STOPPED']),
  /** Grows with each change of status. */
  version: z.int(),
  createdAt: z.int(),
  startedAt: z.int().optional(),
  stoppingAt: z.int().optional(),
  executionStoppedAt: z.int().optional(),
  stoppedAt: z.int().optional(),
  stopCode: z.enum(['UserInitiated', 'EssentialContainerExited', 'TaskFailedToStart']).optional(),
  stoppedReason: z.string().optional(),
  /** Whether the event of its end was taken; until then a new start says it again. */
  endAnnounced: z.boolean(),
  clientToken: z.object({ value: z.string(), requestHash: z.string(), expiresAt: z.int() }).optional(),
  /** The program, leader of the task's process group. */
  process: z.object({ pid: z.int(), identity: z.string() }).optional(),
  /** The container's file system for temporary files; removed with the task, so nothing else may be named here. */
  temporaryDirectory: z.string().regex(/\/berth-task-[0-9a-f]{12}$/),
});
export type TaskRecord = z.infer<typeof taskRecordSchema>;

/** A move of the lifecycle: the record with its new status. Throws on a move that ECS never makes. */
export const advance = (record: TaskRecord, to: LastStatus, patch: Partial<TaskRecord> = {}): TaskRecord => {
  if (!TRANSITIONS[record.lastStatus].includes(to)) {
    throw new Error(`a task cannot go from ${record.lastStatus} to ${to}`);
  }
  return { ...record, ...patch, lastStatus: to, version: record.version + 1 };
};

/** `arn:aws:ecs:<region>:<account>:<kind>/<cluster>/<id>` beside a cluster's ARN. */
export const arnInCluster = (clusterArn: string, kind: 'task' | 'container', id: string): string =>
  `${clusterArn.replace(/:cluster\/.*$/, '')}:${kind}/${clusterName(clusterArn)}/${id}`;

export const clusterName = (clusterArn: string): string => clusterArn.slice(clusterArn.lastIndexOf('/') + 1);
