import * as z from 'zod';
import { invalidParameter } from './errors.ts';

/** The requests' shapes and limits, from the ECS API reference and the ECS service quotas. */

const tagSchema = z.object({
  key: z
    .string()
    .min(1)
    .max(128)
    .refine((key) => !/^aws:/i.test(key), 'the prefix aws: is reserved'),
  value: z.string().max(256).default(''),
});
const tagsSchema = z
  .array(tagSchema)
  .max(50)
  .refine((tags) => new Set(tags.map(({ key }) => key)).size === tags.length, 'duplicate tag keys found');

/** All overrides of a task together, as JSON. */
const OVERRIDES_MAX_CHARACTERS = 8192;

export const overridesSchema = z
  .object({
    containerOverrides: z
      .array(
        z.looseObject({
          name: z.string(),
          command: z.array(z.string()).optional(),
          memory: z.int().positive().optional(),
          memoryReservation: z.int().positive().optional(),
          environment: z
            .array(z.object({ name: z.string().min(1), value: z.string().default('') }))
            .optional(),
        }),
      )
      .optional(),
    cpu: z.string().optional(),
    memory: z.string().optional(),
    taskRoleArn: z.string().optional(),
    executionRoleArn: z.string().optional(),
  })
  .refine(
    (overrides) => JSON.stringify(overrides).length <= OVERRIDES_MAX_CHARACTERS,
    `Container Overrides length must be at most ${OVERRIDES_MAX_CHARACTERS}`,
  );

export const networkConfigurationSchema = z.object({
  awsvpcConfiguration: z.object({
    subnets: z.array(z.string()).min(1, 'subnets can not be empty.').max(16),
    securityGroups: z.array(z.string()).max(5).optional(),
    assignPublicIp: z.enum(['ENABLED', 'DISABLED']).optional(),
  }),
});

const cluster = z.string().default('default');

export const runTaskSchema = z
  .object({
    cluster,
    taskDefinition: z.string().min(1),
    count: z.int().min(1).max(10).default(1),
    launchType: z.literal('FARGATE', 'only FARGATE can be used here').optional(),
    capacityProviderStrategy: z
      .array(
        z.object({
          capacityProvider: z.string().min(1),
          weight: z.int().min(0).max(1000).optional(),
          base: z.int().min(0).max(100_000).optional(),
        }),
      )
      .min(1)
      .max(20)
      .optional(),
    networkConfiguration: networkConfigurationSchema.optional(),
    placementStrategy: z
      .array(z.object({ type: z.enum(['random', 'spread', 'binpack']), field: z.string().optional() }))
      .max(5)
      .optional(),
    platformVersion: z.string().default('LATEST'),
    overrides: overridesSchema.default({}),
    tags: tagsSchema.default([]),
    propagateTags: z.enum(['TASK_DEFINITION', 'SERVICE', 'NONE']).optional(),
    enableECSManagedTags: z.boolean().optional(),
    group: z
      .string()
      .max(255)
      .refine((group) => !group.startsWith('service:'), 'a group may not start with service:')
      .optional(),
    // 128 for RunTask, 36 for StartTask: the API reference differs between the two.
    startedBy: z
      .string()
      .regex(
        /^[A-Za-z0-9\-/_]{1,128}$/,
        'up to 128 letters, numbers, hyphens, forward slashes and underscores',
      )
      .optional(),
    clientToken: z
      .string()
      .regex(/^[\x21-\x7e]{1,64}$/, 'up to 64 ASCII characters in the range of 33-126')
      .optional(),
  })
  .refine(({ launchType, capacityProviderStrategy }) => !(launchType && capacityProviderStrategy), {
    message:
      'Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.',
  });
export type RunTaskRequest = z.infer<typeof runTaskSchema>;

export const stopTaskSchema = z.object({
  cluster,
  task: z.string().min(1),
  reason: z.string().max(1024).optional(),
});

export const describeTasksSchema = z.object({
  cluster,
  tasks: z.array(z.string()).min(1, 'Tasks cannot be empty.').max(100, 'Tasks must be 100 or fewer.'),
  include: z.array(z.enum(['TAGS'])).default([]),
});

export const listTasksSchema = z
  .object({
    cluster,
    family: z.string().optional(),
    startedBy: z.string().optional(),
    serviceName: z.string().optional(),
    containerInstance: z.string().optional(),
    launchType: z.enum(['EC2', 'FARGATE', 'EXTERNAL']).optional(),
    desiredStatus: z.enum(['RUNNING', 'PENDING', 'STOPPED']).default('RUNNING'),
    maxResults: z.int().min(1).max(100).default(100),
    nextToken: z.string().optional(),
  })
  .refine(
    ({ startedBy, family, serviceName, containerInstance }) =>
      startedBy === undefined || (family ?? serviceName ?? containerInstance) === undefined,
    'startedBy must be the only filter',
  );
export type ListTasksRequest = z.infer<typeof listTasksSchema>;

export const listHostsSchema = z.object({
  cluster,
  status: z.enum(['ACTIVE', 'DRAINING']).optional(),
});
export const describeHostsSchema = z.object({
  cluster,
  containerInstances: z.array(z.string()).min(1).max(100),
});
export const updateHostsSchema = z.object({
  cluster,
  containerInstances: z.array(z.string()).min(1).max(10),
  status: z.enum(['ACTIVE', 'DRAINING']),
});

export const describeClustersSchema = z.object({
  clusters: z.array(z.string()).max(100).default(['default']),
});

export const tagResourceSchema = z.object({ resourceArn: z.string(), tags: tagsSchema });
export const untagResourceSchema = z.object({ resourceArn: z.string(), tagKeys: z.array(z.string()) });
export const listTagsSchema = z.object({ resourceArn: z.string() });

/** Parses a request's JSON; the first broken rule becomes ECS's InvalidParameterException. */
export const parseRequest = <Schema extends z.ZodType>(schema: Schema, input: unknown): z.infer<Schema> => {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = issue?.path.map(String).join('.') ?? '';
  throw invalidParameter(path === '' ? (issue?.message ?? 'invalid') : `${path}: ${issue?.message}`);
};
