import * as z from 'zod';
import type { HostProviderModel, TaskDefinitionModel } from '../model.ts';
import { COSMETIC, integer, properties } from './properties.ts';

const DEFAULT_STOP_TIMEOUT_SECONDS = 30;

const container = properties(
  {
    Name: z.string(),
    Environment: z.array(z.object({ Name: z.string(), Value: z.coerce.string() })).default([]),
    StopTimeout: integer.default(DEFAULT_STOP_TIMEOUT_SECONDS),
    Memory: integer.optional(),
    MemoryReservation: integer.optional(),
  },
  {
    Image: 'workers are started from the source tree',
    Essential: 'one container a task',
    LogConfiguration: 'logs are files in the data directory',
    PortMappings: 'a worker reports the address it listens on',
    ReadonlyRootFilesystem: 'a property of the image',
    LinuxParameters: 'a property of the image',
    MountPoints: 'a property of the image',
    User: 'a property of the image',
    HealthCheck: 'local mode uses the heartbeat',
    DockerLabels: 'cosmetic',
    Cpu: 'capacity is what this machine has',
    Ulimits: 'a property of the image',
    Privileged: 'a property of the image',
    DisableNetworking: 'a property of the image',
    StartTimeout: 'a property of the image',
    VersionConsistency: 'a property of the image',
    RestartPolicy: 'a task is never restarted in place',
  },
);

const taskDefinitionSchema = properties(
  {
    ContainerDefinitions: z.array(container).min(1),
    Family: z.string().optional(),
    TaskRoleArn: z.string().optional(),
    ExecutionRoleArn: z.string().optional(),
    Cpu: integer.optional(),
    Memory: integer.optional(),
    NetworkMode: z.enum(['awsvpc', 'bridge']).default('awsvpc'),
  },
  {
    ...COSMETIC,
    EphemeralStorage: 'capacity is what this machine has',
    RequiresCompatibilities: 'one kind of task here',
    RuntimePlatform: 'workers are started from the source tree',
    Volumes: 'a property of the image',
    EnableFaultInjection: 'faults are injected by the gateway',
  },
);

export const interpretTaskDefinition = (value: unknown, arn: string): TaskDefinitionModel => {
  const definition = taskDefinitionSchema.parse(value);
  return {
    arn,
    family: definition.Family ?? /task-definition\/(.+):\d+$/.exec(arn)?.[1] ?? arn,
    taskRoleArn: definition.TaskRoleArn,
    executionRoleArn: definition.ExecutionRoleArn,
    networkMode: definition.NetworkMode,
    cpu: definition.Cpu,
    memoryMb: definition.Memory,
    containers: definition.ContainerDefinitions.map((entry) => ({
      name: entry.Name,
      environment: Object.fromEntries(entry.Environment.map(({ Name, Value }) => [Name, Value])),
      stopTimeoutSeconds: entry.StopTimeout,
      memoryMb: entry.Memory,
      reservedMb: entry.MemoryReservation,
    })),
  };
};

const capacityProviderSchema = properties(
  {
    Name: z.string().optional(),
    AutoScalingGroupProvider: z.object({
      ManagedScaling: z.object({ Status: z.enum(['ENABLED', 'DISABLED']) }).optional(),
    }),
  },
  COSMETIC,
);

export const interpretCapacityProvider = (value: unknown, name: string): HostProviderModel => {
  const { ManagedScaling } = capacityProviderSchema.parse(value).AutoScalingGroupProvider;
  return { name, scaled: ManagedScaling?.Status === 'ENABLED' };
};
