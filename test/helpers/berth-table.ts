import { CreateTableCommand, DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import { DUE_PROJECTION, INDEXES, LIST_PROJECTION } from '../../core/items.ts';

/** A client of an embedded database at `url`, with deadlines that a busy machine keeps. */
export const databaseClient = (url: string): DynamoDBClient =>
  new DynamoDBClient({
    endpoint: url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 3,
    requestHandler: {
      connectionTimeout: 10_000,
      requestTimeout: 30_000,
      throwOnRequestTimeout: true,
      httpAgent: { maxSockets: 256 },
    },
  });

/** Makes a table with the keys and indexes that core/items.ts names. */
export const createBerthTable = async (client: DynamoDBClient, TableName: string): Promise<void> => {
  const { ofUser, due } = INDEXES;
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        ...['pk', 'sk', ofUser.partition, ofUser.sort, due.partition].map(text),
        { AttributeName: due.sort, AttributeType: 'N' },
      ],
      KeySchema: keys({ partition: 'pk', sort: 'sk' }),
      GlobalSecondaryIndexes: [
        {
          IndexName: 'ofUser',
          KeySchema: keys(ofUser),
          Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: [...LIST_PROJECTION] },
        },
        {
          IndexName: 'due',
          KeySchema: keys(due),
          Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: [...DUE_PROJECTION] },
        },
      ],
    }),
  );
  await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 0.05, maxDelay: 0.2 }, { TableName });
};

const text = (AttributeName: string) => ({ AttributeName, AttributeType: 'S' as const });

const keys = ({ partition, sort }: { partition: string; sort: string }) => [
  { AttributeName: partition, KeyType: 'HASH' as const },
  { AttributeName: sort, KeyType: 'RANGE' as const },
];
