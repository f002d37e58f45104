/**
 * The differences between environments, typed and checked. Every number that operators may want to change is here;
 * they change it in their own file (operator-config.ts), over the values of a preset (presets.ts). Limits only seed a
 * new table and change at run time afterwards (PUT /api/limits).
 */
import * as z from 'zod';
import { highestTarget } from '../contract/bodies/standby.ts';
import type { Size } from '../contract/size.ts';
import { settingsSchema } from '../core/settings.ts';
import { fargateIssue, type TaskSize, taskSizeSchema } from '../core/task-size.ts';
import { concurrencyIssues, concurrencySchema } from './concurrency-schema.ts';
import { architectureOf, hostsSchema } from './hosts-schema.ts';
import { networkSchema, taskAddresses } from './network-schema.ts';

/** Whether tasks may run on the operator's own hosts. */
/** That the table had in earlier releases. */
const OLD_INDEXES = ['byUser'] as const;
export type OldIndex = (typeof OLD_INDEXES)[number];

export const hasHosts = ({ capacity }: { readonly capacity: readonly string[] }): boolean =>
  capacity.includes('EC2');

/** CPU and memory of a task, by size. */
export const sizesOf = (task: {
  readonly cpu: number;
  readonly memoryMiB: number;
  readonly sizes: Readonly<Record<'small' | 'large', TaskSize>>;
}): Readonly<Record<Size, TaskSize>> => ({
  ...task.sizes,
  standard: { cpu: task.cpu, memoryMiB: task.memoryMiB },
});

const taskSchema = z
  .strictObject({
    /** ARM64 costs about a seventh less a session-hour. Fargate Spot runs both. */
    architecture: z.enum(['ARM64', 'X86_64']),
    /** CPU units of the size `standard`; 1024 are one vCPU. docs/performance.md has what a session needs. */
    cpu: z.int(),
    /** Of the size `standard`. A session takes 110 to 400 MB; the rest is room until the worker's memory watch acts. */
    memoryMiB: z.int(),
    /** The other sizes that a session may ask for. Which one is the default: settings.size. */
    sizes: z
      .strictObject({
        small: taskSizeSchema.default({ cpu: 256, memoryMiB: 512 }),
        large: taskSizeSchema.default({ cpu: 1024, memoryMiB: 2048 }),
      })
      .prefault({}),
    /** Capacity providers in order of preference; a launch tries the next if one has no capacity. */
    capacity: z.array(z.enum(['EC2', 'FARGATE_SPOT', 'FARGATE'])).min(1),
    /** Of the provider EC2; without it in `capacity`, there are none. */
    hosts: hostsSchema.prefault({}),
    /** Of the command server; the tasks' security group admits the command functions there and nothing else. */
    commandPort: z.int().min(1024).max(65_535),
  })
  .superRefine((task, context) => {
    if (task.capacity.includes('EC2')) {
      const { instanceType, least, most, sessionMiB } = task.hosts;
      const issue = (field: string, message: string) =>
        context.addIssue({ code: 'custom', path: ['hosts', field], message });
      if (architectureOf(instanceType) !== task.architecture)
        issue(
          'instanceType',
          `is of ${architectureOf(instanceType)}, and task.architecture is ${task.architecture}`,
        );
      if (least > most) issue('least', `must not be above most, which is ${most}`);
      if (sessionMiB > task.memoryMiB)
        issue('sessionMiB', `must not be above task.memoryMiB, which is ${task.memoryMiB}`);
    }
    for (const [name, size] of Object.entries(sizesOf(task))) {
      const message = fargateIssue(size);
      if (message !== undefined)
        context.addIssue({
          code: 'custom',
          path: name === 'standard' ? ['memoryMiB'] : ['sizes', name],
          message,
        });
    }
  });

const originSchema = z
  .string()
  .regex(
    /^(\*|https?:\/\/[^/\s?#]+)$/,
    'must be an origin like https://app.example.com, without a path, or *',
  );

const environmentSchema = z
  .strictObject({
    /** Part of the names of stacks, functions and logs. */
    name: z
      .string()
      .regex(
        /^[a-z][a-z0-9-]{0,19}$/,
        'must be 1 to 20 lower-case letters, digits and dashes, and begin with a letter',
      ),
    /** The AWS account that the environment belongs to. A deployment with credentials of another one is refused. */
    account: z
      .string()
      .regex(/^\d{12}$/, 'must be the 12 digits of an AWS account, in quotes')
      .optional(),
    /** The region of the stacks. It overrides the default region of the credentials. */
    region: z
      .string()
      .regex(/^[a-z]{2,}(-[a-z]+)+-\d+$/, 'must be a region of AWS, like eu-central-1')
      .optional(),
    network: networkSchema.prefault({}),
    settings: settingsSchema,
    task: taskSchema,
    /** Between two sweeps of the reaper and of the reconciler; a leaked slot is back within about two. */
    sweepMinutes: z.int().min(1).max(5),
    api: z.strictObject({
      /** Requests a second over all callers, and how many at once above that. */
      rateLimit: z.int().positive(),
      burstLimit: z.int().positive(),
      /** The same for workers, which have their own API: no caller uses up what heartbeats need. */
      workers: z
        .strictObject({
          rateLimit: z.int().positive().default(500),
          burstLimit: z.int().positive().default(300),
        })
        .prefault({}),
      /** Of the WebSocket API: connects and messages of clients a second. Messages that it sends are not counted. */
      live: z
        .strictObject({
          rateLimit: z.int().positive().default(50),
          burstLimit: z.int().positive().default(100),
        })
        .prefault({}),
      /**
       * Web pages of these origins may call the API from browsers, with a key in the header. Without it, none may
       * (the dashboard is of the API's own origin and needs none).
       */
      cors: z.strictObject({ origins: z.array(originSchema).min(1) }).optional(),
    }),
    concurrency: concurrencySchema.prefault({}),
    /** Of unused auth states, of replaced versions, of uploads that were never completed. */
    authStateDays: z.strictObject({
      unused: z.int().min(1),
      replaced: z.int().min(1),
      incomplete: z.int().min(1),
    }),
    /** Received files, whose links callers fetch; their links end earlier (settings.mediaLinkSeconds). */
    mediaDays: z.int().min(1),
    logs: z.strictObject({
      level: z.enum(['DEBUG', 'INFO', 'WARN', 'ERROR']),
      retentionDays: z.union([z.literal(3), z.literal(7), z.literal(14), z.literal(30), z.literal(90)]),
    }),
    alarms: z.strictObject({
      /** Of the global limit as it stands at run time, in percent. */
      warningPercent: z.number().positive().max(100),
      criticalPercent: z.number().positive().max(100),
      /** Starts refused at the limits of single users, and answers 5xx, within five minutes. */
      userRefusals: z.int().positive(),
      serverErrors: z.int().positive(),
      /** Confirms its subscription, then gets every alarm. Without it the topic has no subscriber but those you add. */
      email: z.email().optional(),
    }),
    /** The API under a name of your own, beside the one that AWS gives it; point the name at the output ApiDomainTarget. */
    domain: z
      .strictObject({
        name: z.hostname(),
        /** Of AWS Certificate Manager, in the region of the stacks. */
        certificateArn: z.string().regex(/^arn:aws[\w-]*:acm:[\w-]+:\d{12}:certificate\/[\w-]+$/),
      })
      .optional(),
    /** Of every resource, beside `application` and `environment`. */
    tags: z.record(z.string().min(1).max(128), z.string().max(256)).default({}),
    /** X-Ray traces of the functions: of one execution a second, and of 5 % of the others. */
    tracing: z.boolean(),
    /** CloudWatch's own metrics of the cluster; they cost by metric. */
    containerInsights: z.boolean(),
    /** Indexes of the table that the release before had, kept for one deployment (docs/operations.md#upgrades). */
    oldIndexes: z.array(z.enum(OLD_INDEXES)).default([]),
    /** Table, bucket, queues and logs outlive the stacks. */
    protected: z.boolean(),
    /**
     * The stacks and the table refuse to be deleted. To be switched on after the first deployment succeeded: a stack
     * whose creation failed can only be deleted, so a lock would block every further attempt.
     */
    locked: z.boolean().default(false),
  })
  .superRefine(
    ({ settings, sweepMinutes, alarms, api, concurrency, mediaDays, network, region, domain }, context) => {
      for (const { path, message } of concurrencyIssues({ settings, api, concurrency }))
        context.addIssue({ code: 'custom', path: [...path], message });
      if (settings.mediaLinkSeconds > mediaDays * 24 * 3600)
        context.addIssue({
          code: 'custom',
          path: ['settings', 'mediaLinkSeconds'],
          message: `must not be above ${mediaDays * 24 * 3600}, or links outlive the files that mediaDays keeps`,
        });
      const standby = highestTarget(settings.standby);
      if (standby > settings.globalLimit)
        context.addIssue({
          code: 'custom',
          path: ['settings', 'standby', 'target'],
          message: `must not be above settings.globalLimit, ${settings.globalLimit}: a standby task is for a session`,
        });
      const addresses = taskAddresses(network);
      if (addresses !== undefined && settings.globalLimit > addresses)
        context.addIssue({
          code: 'custom',
          path: ['settings', 'globalLimit'],
          message: `must not be above ${addresses}, the addresses that network.cidr and network.zones leave for tasks`,
        });
      const [foreign] = Array.isArray(network.zones)
        ? network.zones.filter((zone) => region !== undefined && !zone.startsWith(region))
        : [];
      if (foreign !== undefined)
        context.addIssue({
          code: 'custom',
          path: ['network', 'zones'],
          message: `${foreign} is no zone of the region ${region}`,
        });
      const certificateRegion = domain?.certificateArn.split(':')[3];
      if (region !== undefined && certificateRegion !== undefined && certificateRegion !== region)
        context.addIssue({
          code: 'custom',
          path: ['domain', 'certificateArn'],
          message: `is of the region ${certificateRegion}; it must be of ${region}, the region of the API`,
        });
      if (alarms.criticalPercent <= alarms.warningPercent)
        context.addIssue({
          code: 'custom',
          path: ['alarms', 'criticalPercent'],
          message: 'must be above warningPercent',
        });
      if (settings.heartbeatTimeoutSeconds < 2 * settings.heartbeatSeconds)
        context.addIssue({
          code: 'custom',
          path: ['settings', 'heartbeatTimeoutSeconds'],
          message: 'must be at least twice heartbeatSeconds, or one lost heartbeat ends a session',
        });
      // A sweep compares with the three before it (core/reaping/sweeps.ts); one may come early or twice.
      if (settings.heartbeatSeconds > 2 * sweepMinutes * 60)
        context.addIssue({
          code: 'custom',
          path: ['settings', 'heartbeatSeconds'],
          message:
            'must not be above twice the time between two sweeps, or a silent worker cannot be distinguished from a silent database',
        });
      if (settings.orphanGraceSeconds < 60)
        context.addIssue({
          code: 'custom',
          path: ['settings', 'orphanGraceSeconds'],
          message: 'must be at least 60, or tasks are stopped while their admission is still being written',
        });
      if (sweepMinutes * 60 > settings.qrTimeoutSeconds * 2)
        context.addIssue({
          code: 'custom',
          path: ['sweepMinutes'],
          message: 'must not be longer than twice qrTimeoutSeconds, or slots outlive their deadlines by far',
        });
    },
  );

export type Environment = z.infer<typeof environmentSchema>;
/** An environment before its defaults are filled in. */
export type EnvironmentValues = z.input<typeof environmentSchema>;

/** A value that stops synth; the message is one sentence for the person who gave it. */
export class BadEnvironment extends Error {
  override readonly name = 'BadEnvironment';
}

/** The first error, with its whole path: "Bad value for task.memoryMiB: …". */
export const describeIssue = (error: z.ZodError, prefix: readonly PropertyKey[] = []): string => {
  const [issue] = error.issues;
  if (issue === undefined) return 'Bad value.';
  const path = [...prefix, ...issue.path].map(String);
  if (issue.code === 'unrecognized_keys') return `Unknown key ${[...path, issue.keys[0] ?? ''].join('.')}.`;
  return `Bad value for ${path.join('.') || 'the whole'}: ${issue.message}.`;
};

/** Throws BadEnvironment with the path of the first bad value. */
export const checkEnvironment = (values: unknown): Environment => {
  const result = environmentSchema.safeParse(values);
  if (result.success) return result.data;
  throw new BadEnvironment(describeIssue(result.error));
};
