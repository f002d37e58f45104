import * as z from 'zod';
import type { Time } from './base/time.ts';
import { readMetadata } from './metadata.ts';

const metadataSchema = z.object({
  Networks: z.array(z.object({ IPv4Addresses: z.array(z.ipv4()).min(1) })).min(1),
});

/** The task's private IPv4 address, from ECS's metadata. */
const readFromMetadata = async (url: string, time: Time): Promise<string> => {
  const answer = await readMetadata(url, metadataSchema, time);
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
  // Not a task, and no address is configured: a developer's machine.
  return { listen: '127.0.0.1', reach: '127.0.0.1' };
};
