/** What ECS reports to a task about itself (task metadata endpoint, version 4). */
import * as z from 'zod';
import { Unavailable } from './base/faults.ts';
import { exchange, readText } from './base/http.ts';
import { retryInTime } from './base/retry.ts';
import type { Time } from './base/time.ts';

/** One document of the endpoint. Throws Unavailable if it does not answer within five tries. */
export const readMetadata = <T>(url: string, schema: z.ZodType<T>, time: Time): Promise<T> =>
  retryInTime(
    async () => {
      const response = await exchange(url, { method: 'GET', timeoutMs: 3_000 });
      const text = await readText(response);
      if (response.status !== 200) throw new Unavailable('task metadata', `answered ${response.status}`);
      return schema.parse(JSON.parse(text));
    },
    { time, attempts: 5, retryable: () => true },
  );

/** A time that cannot be read is no reason to fail a start. */
const timeSchema = z
  .string()
  .transform((text) => Date.parse(text))
  .pipe(z.number())
  .optional()
  .catch(undefined);

const taskSchema = z.object({
  TaskARN: z.string(),
  PullStartedAt: timeSchema,
  PullStoppedAt: timeSchema,
  Containers: z
    .array(z.object({ Type: z.string().optional(), StartedAt: timeSchema }))
    .default([])
    .catch([]),
});

/** Times in ms; absent if ECS does not report them. */
export type OwnTask = {
  readonly arn: string;
  readonly pullStarted?: number | undefined;
  readonly imagePulled?: number | undefined;
  readonly containerStarted?: number | undefined;
};

/** The task that this is; undefined outside ECS, such as on a developer's machine. */
export const ownTask = async (
  environment: {
    BERTH_TASK_ARN?: string | undefined;
    ECS_CONTAINER_METADATA_URI_V4?: string | undefined;
  },
  time: Time,
): Promise<OwnTask | undefined> => {
  const { BERTH_TASK_ARN: arn, ECS_CONTAINER_METADATA_URI_V4: url } = environment;
  if (arn !== undefined) return { arn };
  if (url === undefined) return undefined;
  const task = await readMetadata(`${url}/task`, taskSchema, time);
  return {
    arn: task.TaskARN,
    pullStarted: task.PullStartedAt,
    imagePulled: task.PullStoppedAt,
    // ECS lists its own containers (CNI_PAUSE) beside the worker's.
    containerStarted: task.Containers.find(({ Type }) => Type === 'NORMAL')?.StartedAt,
  };
};
