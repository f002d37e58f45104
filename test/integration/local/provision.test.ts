import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DescribeTableCommand,
  DynamoDBClient,
  ListTablesCommand,
  PutItemCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Model, TableModel } from '../../../local/assembly/model.ts';
import { type DynamoDb, startDynamoDb } from '../../../local/engines/dynamodb/index.ts';
import { type Storage, startStorage } from '../../../local/engines/storage/storage.ts';
import { provision, SchemaChanged } from '../../../local/provision.ts';

let dir: string;
let dynamodb: DynamoDb;
let storage: Storage;
let client: DynamoDBClient;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'berth-provision-'));
  dynamodb = await startDynamoDb({ dir });
  storage = await startStorage();
  client = new DynamoDBClient({
    endpoint: dynamodb.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
  });
});
afterEach(async () => {
  client.destroy();
  await dynamodb.close();
  await storage.close();
  rmSync(dir, { recursive: true, force: true });
});

const TABLE: TableModel = {
  name: 'sessions',
  attributes: [
    { AttributeName: 'pk', AttributeType: 'S' },
    { AttributeName: 'owner', AttributeType: 'S' },
  ],
  keys: [{ AttributeName: 'pk', KeyType: 'HASH' }],
  indexes: [
    {
      name: 'byOwner',
      keys: [{ AttributeName: 'owner', KeyType: 'HASH' }],
      projection: { ProjectionType: 'ALL' },
    },
  ],
  ttlAttribute: 'expireAt',
};
const queue = (name: string, attributes = {}) => ({
  name,
  url: '',
  arn: `arn:aws:sqs:us-east-1:000000000000:${name}`,
  fifo: false,
  attributes,
});
const redrive = {
  RedrivePolicy: JSON.stringify({
    deadLetterTargetArn: 'arn:aws:sqs:us-east-1:000000000000:dead',
    maxReceiveCount: 3,
  }),
};
const model = (changes: Partial<Model> = {}): Model => ({
  tables: [TABLE],
  buckets: [{ name: 'auth', versioned: true, lifecycle: [] }],
  queues: [queue('events', redrive), queue('dead')],
  functions: [],
  roles: [],
  permissions: [],
  apis: [],
  socketApis: [],
  eventSources: [],
  schedules: [],
  eventRules: [],
  clusters: [],
  hostProviders: [],
  taskDefinitions: [],
  withoutMeaning: [],
  ...changes,
});

test('a second start finds everything there and keeps its content', async () => {
  const engines = { dynamodbUrl: dynamodb.url, storage };
  await provision(model(), engines);
  await client.send(new PutItemCommand({ TableName: 'sessions', Item: { pk: { S: 'a' } } }));
  await provision(model(), engines);
  expect((await client.send(new ScanCommand({ TableName: 'sessions' }))).Count).toBe(1);
  const { Table } = await client.send(new DescribeTableCommand({ TableName: 'sessions' }));
  expect(Table?.GlobalSecondaryIndexes?.map(({ IndexName }) => IndexName)).toEqual(['byOwner']);
  expect(storage.queueDepth('dead')).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
});

const LEAN: TableModel = {
  ...TABLE,
  indexes: [
    {
      name: 'ofOwner',
      keys: [{ AttributeName: 'owner', KeyType: 'HASH' }],
      projection: { ProjectionType: 'KEYS_ONLY' },
    },
  ],
};
const put = (pk: string) =>
  client.send(
    new PutItemCommand({
      TableName: 'sessions',
      Item: { pk: { S: pk }, owner: { S: 'ann' }, text: { S: pk } },
    }),
  );
const listed = async (IndexName?: string) => {
  const { Items = [] } = await client.send(new ScanCommand({ TableName: 'sessions', IndexName }));
  return Items.map(({ pk, text }) => [pk?.S, text?.S]).toSorted();
};

test('a table whose indexes changed is made again with all of its items', async () => {
  const engines = { dynamodbUrl: dynamodb.url, storage };
  await provision(model(), engines);
  const names = Array.from({ length: 60 }, (_, n) => `s${String(n).padStart(2, '0')}`);
  for (const name of names) await put(name);
  await provision(model({ tables: [LEAN] }), engines);
  expect(await listed()).toEqual(names.map((name) => [name, name]));
  expect(await listed('ofOwner')).toEqual(names.map((name) => [name, undefined]));
  const { TableNames } = await client.send(new ListTablesCommand({}));
  expect(TableNames).toEqual(['sessions']);
});

test('a start that ended while the table was made again loses nothing: the next one continues from the copy', async () => {
  const engines = { dynamodbUrl: dynamodb.url, storage };
  await provision(model(), engines);
  await put('a');
  // As it is found after the table was deleted and before its items are back.
  const copy = { ...TABLE, name: 'sessions-copy', attributes: TABLE.attributes.slice(0, 1), indexes: [] };
  await provision(model({ tables: [copy] }), engines);
  for (const pk of ['b', 'copy is complete'])
    await client.send(
      new PutItemCommand({ TableName: 'sessions-copy', Item: { pk: { S: pk }, owner: { S: 'ann' } } }),
    );
  await provision(model({ tables: [LEAN] }), engines);
  expect(await listed('ofOwner')).toEqual([['b', undefined]]);
});

test('a table whose keys changed is refused with the way out', async () => {
  const engines = { dynamodbUrl: dynamodb.url, storage };
  await provision(model(), engines);
  const keys = [{ AttributeName: 'owner', KeyType: 'HASH' as const }];
  const changed = model({ tables: [{ ...TABLE, keys, indexes: [] }] });
  await expect(provision(changed, engines)).rejects.toThrow(SchemaChanged);
  await expect(provision(changed, engines)).rejects.toThrow(/--reset/);
});
