import * as z from 'zod';
import { sizeSchema } from '../contract/size.ts';
import { parseSettings, type Settings } from '../core/settings.ts';
import { taskSizeSchema } from '../core/task-size.ts';

const text = z.string().min(1);
const list = text.transform((s) => s.split(',').filter((part) => part !== ''));

/** Each variable of the functions' environment (described in core/settings.ts), parsed when a function asks for it. */
const VARIABLES = {
  BERTH_TABLE: text,
  BERTH_AUTH_BUCKET: text,
  BERTH_MEDIA_BUCKET: text,
  BERTH_BUILDS_BUCKET: text,
  BERTH_EVENTS_QUEUE_URL: text,
  BERTH_DEAD_LETTER_QUEUE_URL: text,
  BERTH_LIVE_QUEUE_URL: text,
  BERTH_LIVE_URL: z.url(),
  BERTH_CLUSTER: text,
  BERTH_TASK_DEFINITION: text,
  BERTH_HOSTS_PROVIDER: text,
  BERTH_HOSTS_TASK_DEFINITION: text,
  BERTH_HOSTS_SESSION_MIB: text.transform(Number).pipe(z.int().positive()),
  BERTH_SIZES: text.transform((json) => JSON.parse(json)).pipe(z.record(sizeSchema, taskSizeSchema)),
  BERTH_SUBNETS: list,
  BERTH_SECURITY_GROUPS: list,
  BERTH_CAPACITY: list,
  BERTH_ALARM_PERCENTS: list.pipe(z.tuple([z.coerce.number<string>(), z.coerce.number<string>()])),
  BERTH_WORKER_CALL: text,
  BERTH_API_URL: z.url().transform((url) => url.replace(/\/$/, '')),
} as const;

/** Throws at the function's start, naming the variable that is missing: infra did not give it to this function. */
export const environment = <N extends keyof typeof VARIABLES>(name: N): z.output<(typeof VARIABLES)[N]> => {
  const parsed = VARIABLES[name].safeParse(process.env[name]);
  if (!parsed.success) throw new Error(`The environment variable ${name} is missing or empty.`);
  return parsed.data as z.output<(typeof VARIABLES)[N]>;
};

export const settings = (): Settings => parseSettings(process.env.BERTH_SETTINGS);
