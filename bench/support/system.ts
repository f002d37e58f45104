import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BatchWriteItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import pMap from 'p-map';
import { distribute } from '../../core/admission/capacity.ts';
import type { Deps } from '../../core/deps.ts';
import { limitsKey, shardKey } from '../../core/items.ts';
import { parseSettings } from '../../core/settings.ts';
import type { Item } from '../../core/store.ts';
import { base } from '../../functions/adapters/base.ts';
import { dynamoDbStore } from '../../functions/adapters/dynamodb-store.ts';
import { createBerthTable, databaseClient } from '../../test/helpers/berth-table.ts';
import { countUnits, type Units } from './units.ts';

const ENGINE = fileURLToPath(new URL('engine.ts', import.meta.url));

/** A user has as many sessions as there are in all: the user's limit is not what is measured. */
const NO_LIMIT = 1_000_000;

export type BenchSystem = {
  readonly client: DynamoDBClient;
  readonly table: string;
  /** The dependencies of admission, release and the reaper. Tasks are not launched, and events are dropped. */
  readonly deps: Deps;
  readonly units: Units;
  load(items: readonly Item[]): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

type BenchOptions = {
  readonly limit: number;
  readonly shards: number;
  /** For how long a transaction holds its items, in ms. */
  readonly window?: readonly [least: number, most: number];
};

/** A separate database on disk, in a separate process, with one table and its counters. */
export const openBenchSystem = async ({
  limit,
  shards,
  window = [0, 0],
}: BenchOptions): Promise<BenchSystem> => {
  const dir = await mkdtemp(join(tmpdir(), 'berth-bench-'));
  const engine = spawn(process.execPath, [ENGINE, dir, ...window.map(String)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = await once(engine.stdout, 'data');
  const client = databaseClient(String(line).trim());
  const table = 'berth';
  await createBerthTable(client, table);
  const units = countUnits(client);

  const load = (items: readonly Item[]): Promise<void> => loadItems(client, table, items);
  await load([
    { ...limitsKey, globalLimit: limit, userLimit: NO_LIMIT, shards },
    ...distribute(limit, shards, []).map((sublimit, i) => ({
      ...shardKey(i),
      active: 0,
      limit: sublimit,
      version: 0,
    })),
  ]);

  return {
    client,
    table,
    deps: depsOver(client, table),
    units,
    load,
    [Symbol.asyncDispose]: async () => {
      client.destroy();
      engine.stdin.end();
      await once(engine, 'exit');
      await rm(dir, { recursive: true, force: true });
    },
  };
};

const loadItems = async (client: DynamoDBClient, table: string, items: readonly Item[]): Promise<void> => {
  const batches = Array.from({ length: Math.ceil(items.length / 25) }, (_, i) =>
    items.slice(i * 25, i * 25 + 25),
  );
  await pMap(
    batches,
    (batch) =>
      client.send(
        new BatchWriteItemCommand({
          RequestItems: { [table]: batch.map((item) => ({ PutRequest: { Item: marshall(item) } })) },
        }),
      ),
    { concurrency: 4 },
  );
};

const quiet = () => {};
const unused = (): never => {
  throw new Error('The bench does not reach this part.');
};

const depsOver = (client: DynamoDBClient, table: string): Deps => ({
  ...base,
  settings: parseSettings('{"environment":"bench","startsPerMinute":0}'),
  store: dynamoDbStore(table, client),
  events: { send: async () => {}, wake: async () => {} },
  tasks: {
    launch: unused,
    launchStandby: unused,
    revision: 'bench',
    stop: async () => {},
    describe: async () => undefined,
    list: async () => [],
    newestRevisions: () => [],
    listOnHost: async () => [],
  },
  auth: { restoreUrl: unused, beginUpload: unused, completeUpload: unused, remove: unused },
  builds: { put: unused, remove: unused, url: unused },
  workers: { run: unused },
  metrics: { count: quiet },
  log: { info: quiet, warn: quiet, error: quiet },
});
