import * as z from 'zod';
import type { TaskDefinitionModel } from '../model.ts';
import { COSMETIC, integer, properties } from './properties.ts';

const DEFAULT_STOP_TIMEOUT_SECONDS = 30;

const container = properties(
  {
    Name: z.string(),
    Environment: z.array(z.object({ Name: z.string(), Value: z.coerce.string() })).default([]),
    StopTimeout: integer.default(DEFAULT_STOP_TIMEOUT_SECONDS),
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
    HealthCheck: 'the heartbeat tells here',
    DockerLabels: 'cosmetic',
    Cpu: 'capacity is what this machine has',
    Memory: 'capacity is what this machine has',
    MemoryReservation: 'capacity is what this machine has',
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
  },
  {
    ...COSMETIC,
    EphemeralStorage: 'capacity is what this machine has',
    NetworkMode: 'everything is on loopback',
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
    cpu: definition.Cpu,
    memoryMb: definition.Memory,
    containers: definition.ContainerDefinitions.map(({ Name, Environment, StopTimeout }) => ({
      name: Name,
      environment: Object.fromEntries(Environment.map((entry) => [entry.Name, entry.Value])),
      stopTimeoutSeconds: StopTimeout,
    })),
  };
};
