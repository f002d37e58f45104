import { setTimeout as delay } from 'node:timers/promises';
import {
  type AttributeValue,
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DynamoDBClient,
  DynamoDBServiceException,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { isTransientError } from '@smithy/core/retry';
import * as z from 'zod';
import { fullJitter } from '../../contract/jitter.ts';
import { messageOfError } from '../../contract/message-of-error.ts';
import { itemSchema } from '../../core/apply.ts';
import { INDEXES } from '../../core/items.ts';
import {
  type Item,
  type Key,
  type Page,
  type Store,
  StoreAmbiguous,
  StoreConflict,
  StoreCursorRefused,
  StoreUnavailable,
  type TransactResult,
  type Write,
  type WriteResult,
} from '../../core/store.ts';
import { environment } from '../environment.ts';
import { clientConfig, nameOfError } from './aws.ts';
import { Expression } from './dynamodb-expression.ts';

/** One for each function: its connections are worth keeping. */
let shared: DynamoDBClient | undefined;
const sharedClient = (): DynamoDBClient => {
  shared ??= new DynamoDBClient(clientConfig());
  return shared;
};

/** How the adapter waits between two reads of the same keys; replaced in tests. */
type Waiting = { readonly sleep: (ms: number) => Promise<unknown>; readonly random: () => number };
const WAITING: Waiting = { sleep: delay, random: Math.random };

/** The store over the table of this environment. */
export const dynamoDbStore = (
  table: string = environment('BERTH_TABLE'),
  client: DynamoDBClient = sharedClient(),
  waiting: Waiting = WAITING,
): Store => ({
  get: (key) =>
    translated(async () => {
      const { Item } = await client.send(
        new GetItemCommand({ TableName: table, Key: marshall(key), ConsistentRead: true }),
      );
      return Item && asItem(Item);
    }),

  getMany: (keys) => translated(() => getMany(client, table, keys, waiting)),

  write: (write) => translated(() => writeOne(client, table, write)),

  transact: (writes, token) => translated(() => transact(client, table, writes, token)),

  query: (query) =>
    translated(async () => {
      const names = query.index ? INDEXES[query.index] : { partition: 'pk', sort: 'sk' };
      const range =
        query.upTo !== undefined
          ? ' AND #s <= :s'
          : query.prefix !== undefined
            ? ' AND begins_with(#s, :s)'
            : query.after !== undefined
              ? ' AND #s > :s'
              : '';
      const command = new QueryCommand({
        TableName: table,
        ...(query.index ? { IndexName: query.index } : { ConsistentRead: true }),
        KeyConditionExpression: `#p = :p${range}`,
        ExpressionAttributeNames: { '#p': names.partition, ...(range ? { '#s': names.sort } : {}) },
        ExpressionAttributeValues: marshall({
          ':p': query.partition,
          ...(range ? { ':s': query.upTo ?? query.prefix ?? query.after } : {}),
        }),
        ScanIndexForward: !query.descending,
        Limit: query.limit,
        ...startAt(query.cursor),
      });
      const { Items, LastEvaluatedKey } = await pageFrom(query.cursor, () => client.send(command));
      return page(Items, LastEvaluatedKey);
    }),

  scan: ({ index, limit, cursor }) =>
    translated(async () => {
      const command = new ScanCommand({
        TableName: table,
        IndexName: index,
        Limit: limit,
        ...startAt(cursor),
      });
      const { Items, LastEvaluatedKey } = await pageFrom(cursor, () => client.send(command));
      return page(Items, LastEvaluatedKey);
    }),
});

const asItem = (attributes: Record<string, AttributeValue>): Item => itemSchema.parse(unmarshall(attributes));

/** Requests for the same keys. DynamoDB leaves keys out (`UnprocessedKeys`) when it throttles. */
const READ_ATTEMPTS = 6;

const getMany = async (
  client: DynamoDBClient,
  table: string,
  keys: readonly Key[],
  { sleep, random }: Waiting,
): Promise<Item[]> => {
  const items: Item[] = [];
  for (let start = 0; start < keys.length; start += 100) {
    let request = {
      [table]: { Keys: keys.slice(start, start + 100).map((key) => marshall(key)), ConsistentRead: true },
    };
    for (let attempt = 0; ; attempt++) {
      const { Responses, UnprocessedKeys } = await client.send(
        new BatchGetItemCommand({ RequestItems: request }),
      );
      items.push(...(Responses?.[table] ?? []).map(asItem));
      const rest = UnprocessedKeys?.[table]?.Keys;
      if (!rest?.length) break;
      if (attempt + 1 === READ_ATTEMPTS)
        throw new StoreUnavailable(`some keys were not read in ${READ_ATTEMPTS} attempts`);
      await sleep(fullJitter(attempt, random()));
      request = { [table]: { Keys: rest, ConsistentRead: true } };
    }
  }
  return items;
};

const writeOne = async (
  client: DynamoDBClient,
  table: string,
  write: Exclude<Write, { kind: 'check' }>,
): Promise<WriteResult> => {
  const expression = new Expression();
  const condition = write.condition && expression.condition(write.condition);
  const common = {
    TableName: table,
    ...(condition ? { ConditionExpression: condition } : {}),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  };
  try {
    switch (write.kind) {
      case 'put':
        await client.send(
          new PutItemCommand({ ...common, Item: marshall(write.item), ...expression.attributes() }),
        );
        return { ok: true, item: write.item };
      case 'delete':
        await client.send(
          new DeleteItemCommand({ ...common, Key: marshall(write.key), ...expression.attributes() }),
        );
        return { ok: true, item: undefined };
      case 'update': {
        const UpdateExpression = expression.change(write);
        const { Attributes } = await client.send(
          new UpdateItemCommand({
            ...common,
            Key: marshall(write.key),
            UpdateExpression,
            ...expression.attributes(),
            ReturnValues: 'ALL_NEW',
          }),
        );
        return { ok: true, item: Attributes && asItem(Attributes) };
      }
    }
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    return { ok: false, item: error.Item && asItem(error.Item) };
  }
};

/** Reasons of a cancelled transaction that pass: nothing was written, and a repeat can succeed. */
const THROTTLED: ReadonlySet<string> = new Set(['ProvisionedThroughputExceeded', 'ThrottlingError']);

const transact = async (
  client: DynamoDBClient,
  table: string,
  writes: readonly Write[],
  token: string,
): Promise<TransactResult> => {
  try {
    await client.send(
      new TransactWriteItemsCommand({
        TransactItems: writes.map((write) => transactItem(table, write)),
        ClientRequestToken: token,
      }),
    );
    return { ok: true };
  } catch (error) {
    if (!(error instanceof TransactionCanceledException)) throw error;
    const reasons = error.CancellationReasons ?? [];
    // With a conflict among them the other reasons were not all decided.
    if (reasons.some((r) => r.Code === 'TransactionConflict')) throw new StoreConflict(error.message);
    if (!reasons.some((r) => r.Code === 'ConditionalCheckFailed')) {
      if (reasons.some(({ Code }) => Code !== undefined && THROTTLED.has(Code)))
        throw new StoreUnavailable(error.message);
      // Anything else (a malformed item, a denied permission) fails the same way each time.
      throw error;
    }
    return {
      ok: false,
      failed: writes.map((_, i) => {
        const reason = reasons[i];
        return reason?.Code === 'ConditionalCheckFailed' && { item: reason.Item && asItem(reason.Item) };
      }),
    };
  }
};

const transactItem = (TableName: string, write: Write): TransactWriteItem => {
  const expression = new Expression();
  const condition = write.condition && expression.condition(write.condition);
  const common = {
    TableName,
    ...(condition ? { ConditionExpression: condition } : {}),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  };
  switch (write.kind) {
    case 'put':
      return { Put: { ...common, Item: marshall(write.item), ...expression.attributes() } };
    case 'delete':
      return { Delete: { ...common, Key: marshall(write.key), ...expression.attributes() } };
    case 'check':
      return {
        ConditionCheck: {
          ...common,
          ConditionExpression: condition ?? '',
          Key: marshall(write.key),
          ...expression.attributes(),
        },
      };
    case 'update': {
      const UpdateExpression = expression.change(write);
      return {
        Update: { ...common, Key: marshall(write.key), UpdateExpression, ...expression.attributes() },
      };
    }
  }
};

const cursorSchema = z.record(z.string(), z.union([z.string(), z.number()]));

const startAt = (cursor: string | undefined) => {
  if (cursor === undefined) return {};
  try {
    const key = cursorSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    return { ExclusiveStartKey: marshall(key) };
  } catch {
    throw new StoreCursorRefused('it is no cursor');
  }
};

/** DynamoDB refuses a key that the query could not have stopped at, such as one of another partition. */
const pageFrom = async <T>(cursor: string | undefined, read: () => Promise<T>): Promise<T> => {
  try {
    return await read();
  } catch (error) {
    if (cursor === undefined || nameOfError(error) !== 'ValidationException') throw error;
    throw new StoreCursorRefused(messageOfError(error));
  }
};

const page = (
  items: Record<string, AttributeValue>[] | undefined,
  lastKey: Record<string, AttributeValue> | undefined,
): Page => ({
  items: (items ?? []).map(asItem),
  cursor: lastKey && Buffer.from(JSON.stringify(unmarshall(lastKey))).toString('base64url'),
});

/** Refused before anything was written. */
const REFUSED = new Set([
  'ThrottlingException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'LimitExceededException',
  'ECONNREFUSED',
]);
const CONFLICT = new Set(['TransactionConflictException', 'TransactionInProgressException']);

type SdkError = Parameters<typeof isTransientError>[0];
/** The reason that a signal gave for an abort is a cause of any type. */
const isSdkError = (error: unknown): error is SdkError =>
  error instanceof Error && (error.cause === undefined || error.cause instanceof Error);

/**
 * No clear answer: it may have been written. A fault of the server by its status, since 5xx come under more names than are
 * documented; a connection that failed or was too slow by the SDK's own rule.
 */
const isAmbiguous = (error: unknown): boolean =>
  nameOfError(error) === 'AbortError' ||
  (error instanceof DynamoDBServiceException && (error.$metadata.httpStatusCode ?? 0) >= 500) ||
  (isSdkError(error) && isTransientError(error));

const translated = async <T>(call: () => Promise<T>): Promise<T> => {
  try {
    return await call();
  } catch (error) {
    const name = nameOfError(error);
    const code = error instanceof Error && 'code' in error ? String(error.code) : name;
    if (CONFLICT.has(name)) throw new StoreConflict(messageOfError(error));
    if (REFUSED.has(name) || REFUSED.has(code)) throw new StoreUnavailable(messageOfError(error));
    if (isAmbiguous(error)) throw new StoreAmbiguous(messageOfError(error));
    throw error;
  }
};
