import * as z from 'zod';
import { indexArn, tableArn } from '../../iam/arn.ts';
import type { RequestContext } from '../../iam/conditions.ts';
import { AwsRefusal } from '../refusals.ts';
import type { OperationInput, Permission } from './permission.ts';

/** Name of the partition key attribute of a table, or of one of its indexes. */
export type PartitionKeyOf = (table: string, index?: string) => string | undefined;

const attributes = z.record(z.string(), z.record(z.string(), z.unknown()));

const target = z.object({
  TableName: z.string(),
  IndexName: z.string().optional(),
  Key: attributes.optional(),
  Item: attributes.optional(),
  KeyConditionExpression: z.string().optional(),
  ExpressionAttributeNames: z.record(z.string(), z.string()).optional(),
  ExpressionAttributeValues: attributes.optional(),
});
type Target = z.infer<typeof target>;

/** Operations on one table whose action has the operation's own name. */
const TABLE_OPERATIONS = new Set([
  'GetItem',
  'PutItem',
  'UpdateItem',
  'DeleteItem',
  'Query',
  'Scan',
  'DescribeTable',
  'CreateTable',
  'UpdateTable',
  'DeleteTable',
  'DescribeTimeToLive',
  'UpdateTimeToLive',
]);

/** The actions that a transaction's parts are checked as. IAM has no action for the transaction itself. */
const TRANSACT_PARTS = {
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  ConditionCheck: 'ConditionCheckItem',
  Get: 'GetItem',
} as const;

const transaction = z.object({
  TransactItems: z.array(
    z.partialRecord(z.enum(['Put', 'Update', 'Delete', 'ConditionCheck', 'Get']), target),
  ),
});

const batchGet = z.object({
  RequestItems: z.record(z.string(), z.object({ Keys: z.array(attributes) })),
});

const batchWrite = z.object({
  RequestItems: z.record(
    z.string(),
    z.array(
      z.object({
        PutRequest: z.object({ Item: attributes }).optional(),
        DeleteRequest: z.object({ Key: attributes }).optional(),
      }),
    ),
  ),
});

const scalar = (value: Record<string, unknown> | undefined): string | undefined => {
  const [content] = Object.values(value ?? {});
  return typeof content === 'string' ? content : undefined;
};

/** The partition key value that a key condition pins; the equality on the partition key is mandatory there. */
const queriedKey = (request: Target, partitionKey: string): string | undefined => {
  const names = request.ExpressionAttributeNames ?? {};
  for (const [, name, value] of (request.KeyConditionExpression ?? '').matchAll(/([#\w]+)\s*=\s*(:\w+)/g)) {
    if (name !== undefined && value !== undefined && (names[name] ?? name) === partitionKey) {
      return scalar(request.ExpressionAttributeValues?.[value]);
    }
  }
  return undefined;
};

/** `dynamodb:LeadingKeys`: the partition key values that a call touches, if they can be determined. */
const leadingKeys = (requests: readonly Target[], partitionKeyOf: PartitionKeyOf): RequestContext => {
  const values = requests.map((request) => {
    const partitionKey = partitionKeyOf(request.TableName, request.IndexName);
    if (partitionKey === undefined) {
      return undefined;
    }
    return scalar((request.Key ?? request.Item)?.[partitionKey]) ?? queriedKey(request, partitionKey);
  });
  const known = [...new Set(values.filter((value) => value !== undefined))];
  return known.length > 0 && !values.includes(undefined) ? { 'dynamodb:LeadingKeys': known } : {};
};

/** One permission for each table (or index) and action, however many items they name. */
const grouped = (
  parts: readonly { action: string; request: Target }[],
  keyOf: PartitionKeyOf,
): Permission[] => {
  const groups = Map.groupBy(parts, ({ action, request }) => {
    const { TableName, IndexName } = request;
    return `${action} ${IndexName === undefined ? tableArn(TableName) : indexArn(TableName, IndexName)}`;
  });
  return [...groups].map(([name, group]) => {
    const [action = '', resource = ''] = name.split(' ');
    return {
      action: `dynamodb:${action}`,
      resources: [resource],
      context: leadingKeys(
        group.map(({ request }) => request),
        keyOf,
      ),
    };
  });
};

/** The IAM actions and ARNs that a DynamoDB call is checked on. Source: DynamoDB's API permissions reference. */
export const dynamodbPermissions = (
  { operation, input }: OperationInput,
  partitionKeyOf: PartitionKeyOf,
): Permission[] => {
  switch (operation) {
    case 'ListTables':
    case 'DescribeLimits':
    case 'DescribeEndpoints':
      return [{ action: `dynamodb:${operation}`, resources: ['*'] }];
    case 'TransactWriteItems':
    case 'TransactGetItems': {
      const parts = transaction.parse(input).TransactItems.flatMap((item) =>
        (Object.keys(TRANSACT_PARTS) as (keyof typeof TRANSACT_PARTS)[]).flatMap((part) => {
          const request = item[part];
          return request === undefined ? [] : [{ action: TRANSACT_PARTS[part], request }];
        }),
      );
      return grouped(parts, partitionKeyOf);
    }
    case 'BatchGetItem': {
      const requests = Object.entries(batchGet.parse(input).RequestItems);
      const parts = requests.flatMap(([TableName, { Keys }]) =>
        Keys.map((Key) => ({ action: operation, request: { TableName, Key } })),
      );
      return grouped(parts, partitionKeyOf);
    }
    case 'BatchWriteItem': {
      const requests = Object.entries(batchWrite.parse(input).RequestItems);
      const parts = requests.flatMap(([TableName, writes]) =>
        writes.map(({ PutRequest, DeleteRequest }) => ({
          action: operation,
          request: { TableName, Key: PutRequest?.Item ?? DeleteRequest?.Key },
        })),
      );
      return grouped(parts, partitionKeyOf);
    }
    default:
      if (!TABLE_OPERATIONS.has(operation)) {
        throw new AwsRefusal('unknownOperation', `DynamoDB ${operation} is not available locally`);
      }
      return grouped([{ action: operation, request: target.parse(input) }], partitionKeyOf);
  }
};
