/**
 * What differs between environments, typed and checked. Every number that operators may want to change is here;
 * limits only seed a new table and change at run time afterwards (PUT /api/limits).
 */
import { z } from 'zod';
import { settingsSchema } from '../core/settings.ts';

/** Fargate's combinations of CPU units and MiB of memory, as far as one browser needs them (AWS, task size table). */
const FARGATE_MEMORY: Readonly<Record<number, { min: number; max: number; step: number }>> = {
  512: { min: 1024, max: 4096, step: 1024 },
  1024: { min: 2048, max: 8192, step: 1024 },
  2048: { min: 4096, max: 16384, step: 1024 },
};

const taskSchema = z
  .strictObject({
    /** ARM64 costs about a fifth less per hour. Fargate Spot runs both. */
    architecture: z.enum(['ARM64', 'X86_64']),
    /** CPU units; 1024 are one vCPU. */
    cpu: z.union([z.literal(512), z.literal(1024), z.literal(2048)]),
    /** A session takes 150 to 400 MB; the rest is room for outliers until the worker's memory watch acts. */
    memoryMiB: z.int(),
    /** Capacity providers in order of preference; a launch tries the next where one has no capacity. */
    capacity: z.array(z.enum(['FARGATE_SPOT', 'FARGATE'])).min(1),
    /** Of the command server; the tasks' security group admits the command functions there and nothing else. */
    commandPort: z.int().min(1024).max(65_535),
  })
  .superRefine((task, context) => {
    const range = FARGATE_MEMORY[task.cpu];
    if (range === undefined) return;
    const fits =
      task.memoryMiB >= range.min && task.memoryMiB <= range.max && task.memoryMiB % range.step === 0;
    if (!fits)
      context.addIssue({
        code: 'custom',
        path: ['memoryMiB'],
        message: `Fargate has no task of ${task.cpu} CPU units with ${task.memoryMiB} MiB; it takes ${range.min} to ${range.max} in steps of ${range.step}`,
      });
  });

const environmentSchema = z
  .strictObject({
    name: z.string(),
    settings: settingsSchema,
    task: taskSchema,
    /** Between two sweeps of the reaper and of the reconciler; a leaked slot is back within about two. */
    sweepMinutes: z.int().min(1).max(5),
    api: z.strictObject({
      /** Requests a second over all callers, and how many at once above that. */
      rateLimit: z.int().positive(),
      burstLimit: z.int().positive(),
    }),
    /** Of auth states that nobody used, of replaced versions, of uploads that were never completed. */
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
      /** Is asked to confirm, then gets every alarm. Without it the topic has no subscriber but those you add. */
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
    /** X-Ray traces of the functions. */
    tracing: z.boolean(),
    /** CloudWatch's own metrics of the cluster; they cost by metric. */
    containerInsights: z.boolean(),
    /** Table, bucket and logs outlive the stacks, and the stacks can't be deleted by accident. */
    protected: z.boolean(),
  })
  .superRefine(({ settings, sweepMinutes, alarms }, context) => {
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
    if (settings.heartbeatSeconds >= sweepMinutes * 60)
      context.addIssue({
        code: 'custom',
        path: ['settings', 'heartbeatSeconds'],
        message:
          'must be below the time between two sweeps, or a silent worker is never told from a silent database',
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
  });

export type Environment = z.infer<typeof environmentSchema>;
type Values = z.input<typeof environmentSchema>;

const base = {
  sweepMinutes: 1,
  task: {
    architecture: 'ARM64',
    cpu: 1024,
    memoryMiB: 2048,
    capacity: ['FARGATE'],
    commandPort: 8080,
  },
  api: { rateLimit: 100, burstLimit: 200 },
  authStateDays: { unused: 30, replaced: 7, incomplete: 1 },
  mediaDays: 1,
  logs: { level: 'INFO', retentionDays: 14 },
  alarms: { warningPercent: 80, criticalPercent: 95, userRefusals: 20, serverErrors: 5 },
  tracing: true,
  containerInsights: false,
  protected: false,
} as const satisfies Partial<Values>;

const ENVIRONMENTS = {
  /** What `npm start` interprets on one machine. */
  local: {
    ...base,
    name: 'local',
    settings: { environment: 'local', allowLoopbackWebhooks: true, allowLoopbackMedia: true },
    task: { ...base.task, architecture: 'X86_64' },
    logs: { level: 'INFO', retentionDays: 3 },
    tracing: false,
  },
  /** Cheap and disposable. */
  dev: {
    ...base,
    name: 'dev',
    settings: { environment: 'dev', globalLimit: 10 },
    task: { ...base.task, capacity: ['FARGATE_SPOT', 'FARGATE'] },
    logs: { level: 'DEBUG', retentionDays: 7 },
  },
  /** As prod, smaller. */
  staging: {
    ...base,
    name: 'staging',
    settings: { environment: 'staging', globalLimit: 20 },
    containerInsights: true,
  },
  prod: {
    ...base,
    name: 'prod',
    settings: { environment: 'prod' },
    logs: { level: 'INFO', retentionDays: 90 },
    containerInsights: true,
    protected: true,
  },
} as const satisfies Record<string, Values>;

export type EnvironmentName = keyof typeof ENVIRONMENTS;
export const ENVIRONMENT_NAMES = Object.keys(ENVIRONMENTS) as readonly EnvironmentName[];

/** A value that stops synth; the message is one sentence for the person who gave it. */
export class BadEnvironment extends Error {
  override readonly name = 'BadEnvironment';
}

const isEnvironmentName = (name: string): name is EnvironmentName => Object.hasOwn(ENVIRONMENTS, name);

/**
 * The environment of that name. Throws BadEnvironment where the name is unknown or a value is bad.
 *
 * @param overrides values of `settings` that replace the environment's, from `-c settings='{"globalLimit":3}'`
 */
export const environmentOf = (name: unknown, overrides: unknown = {}): Environment => {
  if (name === undefined)
    throw new BadEnvironment(`Name an environment: -c env=<${ENVIRONMENT_NAMES.join('|')}>.`);
  if (typeof name !== 'string' || !isEnvironmentName(name))
    throw new BadEnvironment(
      `Unknown environment ${JSON.stringify(name)}: expected one of ${ENVIRONMENT_NAMES.join(', ')}.`,
    );
  const values = ENVIRONMENTS[name];
  return checkEnvironment({ ...values, settings: { ...values.settings, ...parseOverrides(overrides) } });
};

/** Throws BadEnvironment with the path of the first bad value. */
export const checkEnvironment = (values: unknown): Environment => {
  const result = environmentSchema.safeParse(values);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new BadEnvironment(`Bad value for ${issue?.path.join('.')}: ${issue?.message}.`);
};

const parseOverrides = (overrides: unknown): Record<string, unknown> => {
  const parsed = z.record(z.string(), z.unknown()).safeParse(parseJson(overrides));
  if (!parsed.success) throw new BadEnvironment('The context value "settings" must be a JSON object.');
  return parsed.data;
};

/** Context from the command line is always a string. */
const parseJson = (value: unknown): unknown => {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
};
