import { z } from 'zod';
import { Unavailable } from './base/faults.ts';
import { retry } from './base/retry.ts';
import type { Time } from './base/time.ts';

const metadataSchema = z.object({
  Networks: z.array(z.object({ IPv4Addresses: z.array(z.ipv4()).min(1) })).min(1),
});

/** The task's private IPv4 address, from ECS's metadata. */
const readFromMetadata = async (url: string, time: Time): Promise<string> => {
  const answer = await retry(
    async () => {
      const response = await fetch(url, { signal: AbortSignal.timeout(3_000) });
      if (!response.ok) throw new Unavailable('task metadata', `answered ${response.status}`);
      return metadataSchema.parse(await response.json());
    },
    { time, attempts: 5, retryable: () => true },
  );
  return z.string().parse(answer.Networks[0]?.IPv4Addresses[0]);
};

const isLoopback = (host: string): boolean => host === 'localhost' || host.startsWith('127.');

/** Where the command server listens, and under which IPv4 address others reach it. */
export const commandAddress = async (
  environment: {
    BERTH_COMMAND_HOST?: string | undefined;
    ECS_CONTAINER_METADATA_URI_V4?: string | undefined;
  },
  time: Time,
): Promise<{ readonly listen: string; readonly reach: string }> => {
  const named = environment.BERTH_COMMAND_HOST;
  if (named !== undefined) {
    const reach = named === 'localhost' ? '127.0.0.1' : named;
    return { listen: isLoopback(named) ? '127.0.0.1' : '0.0.0.0', reach };
  }
  if (environment.ECS_CONTAINER_METADATA_URI_V4 !== undefined)
    return {
      listen: '0.0.0.0',
      reach: await readFromMetadata(environment.ECS_CONTAINER_METADATA_URI_V4, time),
    };
  // Neither a task nor told otherwise: somebody's machine.
  return { listen: '127.0.0.1', reach: '127.0.0.1' };
};
