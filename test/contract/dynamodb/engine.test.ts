import {
  CreateTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  ExecuteStatementCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type DynamoDb, type DynamoDbOptions, startDynamoDb } from '../../../local/engines/dynamodb/index.ts';
import { TABLES } from '../../../local/engines/dynamodb/layout.ts';
import { openStore } from '../../../local/engines/dynamodb/store.ts';
import { temporaryFolder } from './folder.ts';
import {
  connect,
  createTable,
  failure,
  get,
  type Item,
  increment,
  key,
  N,
  numberOf,
  S,
  transact,
} from './table.ts';

// Tests beyond the contract: the clock, the counted units, rejected calls, and the data that a restart keeps.

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let engine: DynamoDb;
let client: DynamoDBClient;
let TableName: string;
let now: number;

const start = async (options: DynamoDbOptions = {}): Promise<void> => {
  engine = await startDynamoDb({ dir: folder.path, clock: () => now, ...options });
  client = connect(engine.url);
};
const stop = async (): Promise<void> => {
  client.destroy();
  await engine.close();
};

beforeEach(async () => {
  now = Date.parse('2026-01-01T00:00:00Z');
  folder = await temporaryFolder();
  await start();
  TableName = await createTable(client);
});
afterEach(async () => {
  await stop();
  await folder.remove();
});

const put = (item: Item) => client.send(new PutItemCommand({ TableName, Item: item }));
const seconds = (): number => Math.floor(now / 1000);

describe('time to live', () => {
  const enable = () =>
    client.send(
      new UpdateTimeToLiveCommand({
        TableName,
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      }),
    );

  test('an expired item can be read until a sweep deletes it, index entry included', async () => {
    await enable();
    await put({ ...key('old'), owner: S('me'), expiresAt: N(seconds() + 60) });
    await put({ ...key('young'), expiresAt: N(seconds() + 61) });
    expect(await engine.sweepExpired()).toBe(0);
    now += 60_000;
    expect(await get(client, TableName, key('old'))).toBeDefined();
    expect(await engine.sweepExpired()).toBe(1);
    expect(await get(client, TableName, key('old'))).toBeUndefined();
    expect(await get(client, TableName, key('young'))).toBeDefined();
    expect((await client.send(new ScanCommand({ TableName, IndexName: 'by-owner' }))).Count).toBe(0);
  });

  test('what is no number, or lies more than five years back, does not expire', async () => {
    await enable();
    await put({ ...key('text'), expiresAt: S(String(seconds() - 1)) });
    await put({ ...key('milliseconds'), expiresAt: N(now) });
    await put({ ...key('ancient'), expiresAt: N(1) });
    expect(await engine.sweepExpired()).toBe(0);
  });

  test('nothing expires if it is not enabled, and a restart keeps the setting', async () => {
    await put({ ...key('old'), expiresAt: N(seconds() - 1) });
    expect(await engine.sweepExpired()).toBe(0);
    await enable();
    await stop();
    await start();
    expect(await engine.sweepExpired()).toBe(1);
  });
});

describe('request tokens', () => {
  const once = () => transact(client, [increment(TableName, key('counter'), 'n')], 'token');
  const count = () => numberOf(client, TableName, key('counter'), 'n');

  test('a token lasts ten minutes by the clock', async () => {
    await once();
    now += 10 * 60_000 - 1;
    await once();
    expect(await count()).toBe(1);
    now += 1;
    await once();
    expect(await count()).toBe(2);
  });

  test('a token survives a restart', async () => {
    await once();
    await stop();
    await start();
    await once();
    expect(await count()).toBe(1);
  });
});

describe('consumed capacity', () => {
  const write = async (item: Item) =>
    (await client.send(new PutItemCommand({ TableName, Item: item, ReturnConsumedCapacity: 'INDEXES' })))
      .ConsumedCapacity;

  test('an index is charged for entries that appear, move, change and go, and for no other write', async () => {
    const one = { CapacityUnits: 1 };
    const plain = { TableName, CapacityUnits: 1, Table: one };
    expect(await write(key('a'))).toEqual(plain);
    expect(await write({ ...key('a'), owner: S('me') })).toEqual({
      ...plain,
      CapacityUnits: 2,
      GlobalSecondaryIndexes: { 'by-owner': one },
    });
    // The index projects keys only.
    expect(await write({ ...key('a'), owner: S('me'), more: S('x') })).toEqual(plain);
    expect(await write({ ...key('a'), owner: S('you') })).toEqual({
      ...plain,
      CapacityUnits: 3,
      GlobalSecondaryIndexes: { 'by-owner': { CapacityUnits: 2 } },
    });
    expect(await write(key('a'))).toMatchObject({ GlobalSecondaryIndexes: { 'by-owner': one } });
  });

  test('a transaction pays double for each item, a repeat of it pays for reading them', async () => {
    const transaction = () =>
      client.send(
        new TransactWriteItemsCommand({
          ClientRequestToken: 'token',
          ReturnConsumedCapacity: 'TOTAL',
          TransactItems: [
            increment(TableName, key('a'), 'n'),
            { Put: { TableName, Item: { ...key('b'), data: S('x'.repeat(1500)) } } },
            { ConditionCheck: { TableName, Key: key('c'), ConditionExpression: 'attribute_not_exists(pk)' } },
          ],
        }),
      );
    expect((await transaction()).ConsumedCapacity).toEqual([
      { TableName, CapacityUnits: 8, WriteCapacityUnits: 8 },
    ]);
    expect((await transaction()).ConsumedCapacity).toEqual([
      { TableName, CapacityUnits: 6, ReadCapacityUnits: 6 },
    ]);
  });

  test('a query of an index that finds nothing costs the smallest read', async () => {
    const { ConsumedCapacity } = await client.send(
      new QueryCommand({
        TableName,
        IndexName: 'by-due',
        KeyConditionExpression: 'due = :due',
        ExpressionAttributeValues: { ':due': S('nobody') },
        ReturnConsumedCapacity: 'INDEXES',
      }),
    );
    expect(ConsumedCapacity).toMatchObject({
      CapacityUnits: 0.5,
      GlobalSecondaryIndexes: { 'by-due': { CapacityUnits: 0.5 } },
    });
  });
});

describe('what is not supported', () => {
  test('an unsupported call is an unknown operation', async () => {
    const error = await failure(client.send(new ExecuteStatementCommand({ Statement: 'SELECT * FROM x' })));
    expect(error.name).toBe('UnknownOperationException');
  });

  test('an unsupported parameter is refused, never left out in silence', async () => {
    const streams = client.send(
      new CreateTableCommand({
        TableName: 'with-stream',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        StreamSpecification: { StreamEnabled: true, StreamViewType: 'KEYS_ONLY' },
      }),
    );
    expect(await failure(streams)).toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining('StreamSpecification'),
    });
    const index = client.send(
      new UpdateTableCommand({
        TableName,
        GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: 'by-due' } }],
      }),
    );
    expect((await failure(index)).message).toContain('GlobalSecondaryIndexUpdates.Delete');
  });

  test('requests without a signature, without an operation or with a broken body get an error that says so', async () => {
    const send = async (headers: Record<string, string>, body: string) => {
      const response = await fetch(engine.url, { method: 'POST', headers, body });
      return [response.status, await response.json()];
    };
    const signed = { authorization: 'AWS4-HMAC-SHA256 Credential=x' };
    const listing = { 'x-amz-target': 'DynamoDB_20120810.ListTables' };
    const type = (name: string) => [400, expect.objectContaining({ __type: expect.stringContaining(name) })];
    expect(await send(listing, '{}')).toEqual(type('MissingAuthenticationTokenException'));
    expect(await send(signed, '{}')).toEqual(type('UnknownOperationException'));
    expect(await send({ ...signed, ...listing }, '{')).toEqual(type('SerializationException'));
    expect(await send({ ...signed, ...listing }, '[]')).toEqual(type('SerializationException'));
  });
});

describe('restarts', () => {
  test('items, counters and indexes are there again', async () => {
    await put({ ...key('a'), owner: S('me'), n: N(1) });
    await stop();
    await start();
    await transact(client, [increment(TableName, key('a'), 'n')]);
    expect(await numberOf(client, TableName, key('a'), 'n')).toBe(2);
    expect((await client.send(new ScanCommand({ TableName, IndexName: 'by-owner' }))).Count).toBe(1);
  });

  test('a table whose creation or deletion was cut short is whole or gone after the restart', async () => {
    await put(key('a'));
    const doomed = await createTable(client);
    await client.send(new PutItemCommand({ TableName: doomed, Item: { ...key('a'), owner: S('me') } }));
    await stop();
    const store = await openStore(folder.path);
    for (const [name, TableStatus] of [
      [TableName, 'CREATING'],
      [doomed, 'DELETING'],
    ]) {
      await store.db.put(`${TABLES}${name}`, {
        ...Object(store.db.getSync(`${TABLES}${name}`)),
        TableStatus,
      });
    }
    await store.db.close();
    await start();
    expect((await client.send(new DescribeTableCommand({ TableName }))).Table?.TableStatus).toBe('ACTIVE');
    expect(await get(client, TableName, key('a'))).toBeDefined();
    expect((await failure(get(client, doomed, key('a')))).name).toBe('ResourceNotFoundException');
  });

  test('a folder that another engine has open, and a port that is taken, stop the start with a reason', async () => {
    await expect(startDynamoDb({ dir: folder.path })).rejects.toThrow(folder.path);
    await expect(startDynamoDb({ port: engine.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  test('closing waits for a transaction in flight', async () => {
    const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    await stop();
    await start({
      transactionWindow: () => {
        reach();
        return opened;
      },
    });
    const written = transact(client, [increment(TableName, key('late'), 'n')]);
    await reached;
    const closed = engine.close();
    open();
    await Promise.all([written, closed]);
    await start();
    expect(await numberOf(client, TableName, key('late'), 'n')).toBe(1);
  });
});

test('an update that would leave an index key of another type is refused and changes nothing', async () => {
  await put({ ...key('a'), owner: S('me') });
  const update = client.send(
    new UpdateItemCommand({
      TableName,
      Key: key('a'),
      UpdateExpression: 'SET #owner = :n',
      ExpressionAttributeNames: { '#owner': 'owner' },
      ExpressionAttributeValues: { ':n': N(1) },
    }),
  );
  expect((await failure(update)).name).toBe('ValidationException');
  expect(await get(client, TableName, key('a'))).toEqual({ ...key('a'), owner: S('me') });
});
