import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { Unavailable } from './base/faults.ts';
import { retryInTime } from './base/retry.ts';
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

/** On a host that tasks share: its address, and the port of it that leads to the container's (ECS container metadata file). */
const hostSchema = z.object({
  MetadataFileStatus: z.literal('READY'),
  HostPrivateIPv4Address: z.ipv4(),
  PortMappings: z.array(z.object({ ContainerPort: z.int(), HostPort: z.int().min(1) })),
});

/** The agent completes the file once the container runs. Throws if it is not complete within some seconds. */
const readFromHost = async (
  file: string,
  containerPort: number,
  time: Time,
): Promise<{ readonly reach: string; readonly reachPort: number }> =>
  retryInTime(
    async () => {
      const host = hostSchema.parse(JSON.parse(await readFile(file, 'utf8')));
      const mapping = host.PortMappings.find(({ ContainerPort }) => ContainerPort === containerPort);
      if (mapping === undefined) throw new Unavailable('container metadata', `has no port ${containerPort}`);
      return { reach: host.HostPrivateIPv4Address, reachPort: mapping.HostPort };
    },
    { time, attempts: 10, retryable: () => true },
  );

/** The address of the command server, and the IPv4 address and port (undefined: its own) others reach it. */
export const commandAddress = async (
  environment: {
    BERTH_COMMAND_HOST?: string | undefined;
    BERTH_COMMAND_PORT: number;
    ECS_CONTAINER_METADATA_URI_V4?: string | undefined;
    ECS_CONTAINER_METADATA_FILE?: string | undefined;
  },
  time: Time,
): Promise<{ readonly listen: string; readonly reach: string; readonly reachPort?: number }> => {
  const named = environment.BERTH_COMMAND_HOST;
  if (named !== undefined) {
    const reach = named === 'localhost' ? '127.0.0.1' : named;
    return { listen: isLoopback(named) ? '127.0.0.1' : '0.0.0.0', reach };
  }
  // Only the operator's own hosts have the file; a task on Fargate has its own address.
  if (environment.ECS_CONTAINER_METADATA_FILE !== undefined)
    return {
      listen: '0.0.0.0',
      ...(await readFromHost(environment.ECS_CONTAINER_METADATA_FILE, environment.BERTH_COMMAND_PORT, time)),
    };
  if (environment.ECS_CONTAINER_METADATA_URI_V4 !== undefined)
    return {
      listen: '0.0.0.0',
      reach: await readFromMetadata(environment.ECS_CONTAINER_METADATA_URI_V4, time),
    };
  // Not a task, and no address is configured: a developer's machine.
  return { listen: '127.0.0.1', reach: '127.0.0.1' };
};
