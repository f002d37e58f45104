import {
  CreateTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  ResourceNotFoundException,
  type TableDescription,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import type { Model, TableModel } from './assembly/model.ts';
import type { Storage } from './engines/storage/storage.ts';
import { REGION } from './iam/arn.ts';
import { isHalfRebuilt, rebuildTable } from './rebuild-table.ts';

/** The data was made for another template. */
export class SchemaChanged extends Error {
  override readonly name = 'SchemaChanged';
}

/** Keys and indexes as text, for comparing what is there with what the template wants. */
const shapeOf = (table: {
  readonly keys: readonly { AttributeName?: string | undefined; KeyType?: string | undefined }[];
  readonly indexes: readonly {
    readonly name: string | undefined;
    readonly keys: readonly { AttributeName?: string | undefined; KeyType?: string | undefined }[];
    readonly projection:
      | { ProjectionType?: string | undefined; NonKeyAttributes?: string[] | undefined }
      | undefined;
  }[];
}): string => {
  const keys = (list: typeof table.keys) =>
    list.map(({ AttributeName, KeyType }) => `${AttributeName} ${KeyType}`);
  return JSON.stringify({
    keys: keys(table.keys),
    indexes: table.indexes
      .map(({ name, keys: own, projection }) => ({
        name: name ?? '',
        keys: keys(own),
        projection: [projection?.ProjectionType, ...(projection?.NonKeyAttributes ?? []).toSorted()],
      }))
      .toSorted((a, b) => a.name.localeCompare(b.name)),
  });
};

const keysOf = (
  keys: readonly { AttributeName?: string | undefined; KeyType?: string | undefined }[],
): string => keys.map(({ AttributeName, KeyType }) => `${AttributeName} ${KeyType}`).join();

const shapeOfExisting = (description: TableDescription): string =>
  shapeOf({
    keys: description.KeySchema ?? [],
    indexes: (description.GlobalSecondaryIndexes ?? []).map((index) => ({
      name: index.IndexName,
      keys: index.KeySchema ?? [],
      projection: index.Projection,
    })),
  });

const describe = async (client: DynamoDBClient, name: string): Promise<TableDescription | undefined> => {
  try {
    return (await client.send(new DescribeTableCommand({ TableName: name }))).Table;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) {
      return undefined;
    }
    throw error;
  }
};

const ensureTable = async (client: DynamoDBClient, table: TableModel): Promise<void> => {
  const existing = await describe(client, table.name);
  const create = (made: TableModel) => createTable(client, made);
  if (existing && keysOf(existing.KeySchema ?? []) !== keysOf(table.keys)) {
    throw new SchemaChanged(
      `the keys of table ${table.name} changed since this data was written; start with --reset to delete it`,
    );
  }
  const isOther = existing !== undefined && shapeOfExisting(existing) !== shapeOf(table);
  if (isOther || (await isHalfRebuilt(client, table))) await rebuildTable(client, table, create);
  else if (existing === undefined) await createTable(client, table);
  // A table is not there for other calls until it is active; a start that was killed may have left it so.
  await waitUntilTableExists(
    { client, maxWaitTime: 30, minDelay: 1, maxDelay: 1 },
    { TableName: table.name },
  );
  if (table.ttlAttribute !== undefined) {
    await ensureTimeToLive(client, table.name, table.ttlAttribute);
  }
};

const createTable = async (client: DynamoDBClient, table: TableModel): Promise<void> => {
  await client.send(
    new CreateTableCommand({
      TableName: table.name,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [...table.attributes],
      KeySchema: [...table.keys],
      ...(table.indexes.length === 0
        ? {}
        : {
            GlobalSecondaryIndexes: table.indexes.map(({ name, keys, projection }) => ({
              IndexName: name,
              KeySchema: [...keys],
              Projection: projection,
            })),
          }),
    }),
  );
};

const ensureTimeToLive = async (
  client: DynamoDBClient,
  TableName: string,
  AttributeName: string,
): Promise<void> => {
  const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName }));
  // Enabling it again is an error.
  if (TimeToLiveDescription?.TimeToLiveStatus === 'ENABLED') {
    return;
  }
  await client.send(
    new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: { AttributeName, Enabled: true } }),
  );
};

/**
 * Makes tables, buckets and queues that are not there yet; what is there keeps its content. Throws SchemaChanged if
 * existing data does not fit the template.
 */
export const provision = async (
  model: Model,
  engines: { readonly dynamodbUrl: string; readonly storage: Storage },
): Promise<void> => {
  const client = new DynamoDBClient({
    endpoint: engines.dynamodbUrl,
    region: REGION,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  try {
    for (const table of model.tables) {
      await ensureTable(client, table);
    }
  } finally {
    client.destroy();
  }
  for (const bucket of model.buckets) {
    engines.storage.ensureBucket(bucket);
  }
  // Dead-letter queues first: a redrive policy names a queue that must exist.
  for (const queue of model.queues.toSorted((a, b) => redrives(a) - redrives(b))) {
    engines.storage.ensureQueue(queue);
  }
};

const redrives = ({ attributes }: Model['queues'][number]): number => Number('RedrivePolicy' in attributes);
