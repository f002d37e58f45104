import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commandAddress } from '../../../container/address.ts';
import type { Time } from '../../../container/base/time.ts';
import { systemTime } from '../../../container/base/time.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'berth-address-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Waits take no time. */
const time: Time = { ...systemTime, after: (_ms, run) => systemTime.after(0, run) };

const metadata = (change: object = {}) => ({
  Cluster: 'berth-prod',
  PortMappings: [{ ContainerPort: 8080, HostPort: 49_153, BindIp: '0.0.0.0', Protocol: 'tcp' }],
  Networks: [{ NetworkMode: 'bridge', IPv4Addresses: ['172.17.0.2'] }],
  HostPrivateIPv4Address: '10.42.3.4',
  MetadataFileStatus: 'READY',
  ...change,
});

test('on a host that tasks share, it is reached at the host and the port that ECS chose', async () => {
  const file = join(folder, 'ready.json');
  writeFileSync(file, JSON.stringify(metadata()));
  expect(await commandAddress({ BERTH_COMMAND_PORT: 8080, ECS_CONTAINER_METADATA_FILE: file }, time)).toEqual(
    { listen: '0.0.0.0', reach: '10.42.3.4', reachPort: 49_153 },
  );
});

test('the file is read again until the agent has completed it; one that never is fails the start', async () => {
  const file = join(folder, 'late.json');
  writeFileSync(file, JSON.stringify({ MetadataFileStatus: 'METADATA_INCOMPLETE' }));
  const asked = commandAddress({ BERTH_COMMAND_PORT: 8080, ECS_CONTAINER_METADATA_FILE: file }, systemTime);
  writeFileSync(file, JSON.stringify(metadata()));
  expect(await asked).toMatchObject({ reachPort: 49_153 });
  writeFileSync(file, JSON.stringify(metadata({ PortMappings: [] })));
  await expect(
    commandAddress({ BERTH_COMMAND_PORT: 8080, ECS_CONTAINER_METADATA_FILE: file }, time),
  ).rejects.toThrow('has no port 8080');
});
