import * as z from 'zod';
import { EcsError } from './errors.ts';
import type { Program, StartTask } from './program.ts';
import type { TaskRecord } from './task.ts';

const containerSchema = z.object({
  name: z.string().min(1),
  image: z.string().default('local'),
  environment: z.record(z.string(), z.string()).default({}),
  /** Seconds between SIGTERM and SIGKILL. 30 by default; Fargate allows 120 at most (ContainerDefinition). */
  stopTimeout: z.int().min(0).max(120).default(30),
  /** MiB: the limit, and what a task is placed with on a host. */
  memory: z.int().positive().optional(),
  memoryReservation: z.int().positive().optional(),
});

const taskDefinitionSchema = z.object({
  arn: z
    .string()
    .regex(/^arn:[^:]+:ecs:[^:]+:[^:]*:task-definition\/[^:]+:\d+$/, 'must be an ARN with a revision'),
  family: z.string().min(1),
  /** `bridge`: for hosts, without its own network interface. */
  networkMode: z.enum(['awsvpc', 'bridge']).default('awsvpc'),
  cpu: z.string().optional(),
  memory: z.string().optional(),
  containers: z.array(containerSchema).length(1, 'a task runs one container here'),
});

/** A task definition as the stack's template holds it, every reference resolved. */
export type TaskDefinitionInput = z.input<typeof taskDefinitionSchema>;
type Container = z.infer<typeof containerSchema>;
export type TaskDefinition = Omit<z.infer<typeof taskDefinitionSchema>, 'containers'> & {
  readonly container: Container;
  /** The program that replaces its image here. Undefined: the engine's default program. */
  readonly startTask?: StartTask;
};

/** Parses the definitions; throws with the path of the first bad value. */
export const parseTaskDefinitions = (inputs: readonly TaskDefinitionInput[]): TaskDefinition[] =>
  inputs.map((input) => {
    const { containers, ...definition } = taskDefinitionSchema.parse(input);
    const [container] = containers;
    if (container === undefined) throw new Error(`${definition.arn} has no container`);
    return { ...definition, container };
  });

const revision = (definition: TaskDefinition): number => Number(definition.arn.split(':').at(-1));

/** The next revision of a definition, with another image. */
export const nextRevision = (definition: TaskDefinition, startTask: StartTask): TaskDefinition => ({
  ...definition,
  arn: definition.arn.replace(/\d+$/, String(revision(definition) + 1)),
  startTask,
});

/** The definition that `reference` (ARN, `family:revision` or `family`, then its latest) names. */
export const findTaskDefinition = (
  definitions: readonly TaskDefinition[],
  reference: string,
): TaskDefinition => {
  const found = definitions
    .filter(
      (definition) =>
        definition.arn === reference ||
        definition.family === reference ||
        `${definition.family}:${revision(definition)}` === reference,
    )
    .sort((a, b) => revision(b) - revision(a))[0];
  if (found === undefined) throw new EcsError('ClientException', 'TaskDefinition not found.');
  return found;
};

/** The program of a task's container, with the overrides of RunTask. */
export const programOf = (
  { id, taskArn, overrides }: TaskRecord,
  { container, startTask }: TaskDefinition,
  byDefault: StartTask,
): Program => {
  const override = overrides.containerOverrides?.find(({ name }) => name === container.name);
  const overridden = (override?.environment ?? []).map(({ name, value }) => [name, value] as const);
  return (startTask ?? byDefault)({
    taskId: id,
    taskArn,
    name: container.name,
    image: container.image,
    environment: { ...container.environment, ...Object.fromEntries(overridden) },
    command: override?.command,
  });
};
