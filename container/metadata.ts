/** What ECS tells a task about itself (task metadata endpoint, version 4). */
import * as z from 'zod';
import { Unavailable } from './base/faults.ts';
import { exchange, readText } from './base/http.ts';
import { retryInTime } from './base/retry.ts';
import type { Time } from './base/time.ts';

/** One document of the endpoint. Throws Unavailable where it does not answer within five tries. */
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

const taskSchema = z.object({ TaskARN: z.string() });

/** The ARN of the task that this is; undefined outside ECS, such as on a developer's machine. */
export const ownTaskArn = async (
  environment: {
    BERTH_TASK_ARN?: string | undefined;
    ECS_CONTAINER_METADATA_URI_V4?: string | undefined;
  },
  time: Time,
): Promise<string | undefined> => {
  const { BERTH_TASK_ARN: told, ECS_CONTAINER_METADATA_URI_V4: url } = environment;
  if (told !== undefined || url === undefined) return told;
  return (await readMetadata(`${url}/task`, taskSchema, time)).TaskARN;
};
