import { randomUUID } from 'node:crypto';
import {
  type AttributeValue,
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  type QueryCommandInput,
  type TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { expect, vi } from 'vitest';

export type Item = Record<string, AttributeValue>;

/** Errors reach the test as the server gave them: the client never retries. */
export const connect = (url: string): DynamoDBClient => {
  return new DynamoDBClient({
    endpoint: url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
    requestHandler: { httpAgent: { maxSockets: 100 }, socketAcquisitionWarningTimeout: 60_000 },
  });
};

/** Shaped like Berth's: a composite key, an index with everything by due time, one by owner alone with keys only. */
export const createTable = async (client: DynamoDBClient): Promise<string> => {
  const TableName = `contract-${randomUUID()}`;
  const attribute = (AttributeName: string, AttributeType: 'S' | 'N') => ({ AttributeName, AttributeType });
  const key = (...names: string[]) =>
    names.map((AttributeName, at) => ({
      AttributeName,
      KeyType: at === 0 ? ('HASH' as const) : ('RANGE' as const),
    }));
  const definition: CreateTableCommandInput = {
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      attribute('pk', 'S'),
      attribute('sk', 'S'),
      attribute('due', 'S'),
      attribute('at', 'N'),
      attribute('owner', 'S'),
    ],
    KeySchema: key('pk', 'sk'),
    GlobalSecondaryIndexes: [
      { IndexName: 'by-due', KeySchema: key('due', 'at'), Projection: { ProjectionType: 'ALL' } },
      { IndexName: 'by-owner', KeySchema: key('owner'), Projection: { ProjectionType: 'KEYS_ONLY' } },
    ],
  };
  await client.send(new CreateTableCommand(definition));
  await vi.waitFor(
    async () => {
      const { Table } = await client.send(new DescribeTableCommand({ TableName }));
      expect(Table?.TableStatus).toBe('ACTIVE');
    },
    { timeout: 20_000, interval: 20 },
  );
  return TableName;
};

export const S = (value: string): AttributeValue => ({ S: value });
export const N = (value: number): AttributeValue => ({ N: String(value) });
export const key = (pk: string, sk = 'META'): Item => ({ pk: S(pk), sk: S(sk) });

export const get = async (
  client: DynamoDBClient,
  TableName: string,
  Key: Item,
): Promise<Item | undefined> => {
  return (await client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }))).Item;
};

export const numberOf = async (
  client: DynamoDBClient,
  TableName: string,
  Key: Item,
  name: string,
): Promise<number> => {
  return Number((await get(client, TableName, Key))?.[name]?.N);
};

export const transact = (
  client: DynamoDBClient,
  TransactItems: TransactWriteItem[],
  ClientRequestToken?: string,
) =>
  client.send(
    new TransactWriteItemsCommand({ TransactItems, ...(ClientRequestToken && { ClientRequestToken }) }),
  );

/** Adds one to a number, which it creates if need be. */
export const increment = (TableName: string, Key: Item, name: string): TransactWriteItem => ({
  Update: {
    TableName,
    Key,
    UpdateExpression: 'ADD #n :one',
    ExpressionAttributeNames: { '#n': name },
    ExpressionAttributeValues: { ':one': N(1) },
  },
});

/** Every page of a query, and how many there were. */
export const pages = async (
  client: DynamoDBClient,
  input: QueryCommandInput,
): Promise<{ items: Item[]; pages: number }> => {
  const items: Item[] = [];
  let count = 0;
  let from: Item | undefined;
  do {
    const page = await client.send(new QueryCommand({ ...input, ...(from && { ExclusiveStartKey: from }) }));
    items.push(...(page.Items ?? []));
    from = page.LastEvaluatedKey;
    count++;
  } while (from !== undefined);
  return { items, pages: count };
};

/** The error that a call threw; fails the test if it did not throw. */
export const failure = async (call: Promise<unknown>): Promise<Error> => {
  try {
    await call;
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
  throw new Error('The call was expected to fail.');
};

export const isCanceled = (error: unknown): error is TransactionCanceledException =>
  error instanceof Error && error.name === 'TransactionCanceledException';

export const reasons = async (
  call: Promise<unknown>,
): Promise<TransactionCanceledException['CancellationReasons']> => {
  const error = await failure(call);
  if (!isCanceled(error)) throw error;
  return error.CancellationReasons;
};
