/**
 * A local table whose indexes are not those of the template (any more) is made again with its items. AWS builds and
 * removes indexes of a table that is in use; the embedded database does not.
 *
 *   copy: all items, then the mark ── table deleted, made again ── items back ── copy deleted
 *      └─ ended before the mark: begun again          └─ ended after the mark: continues from the copy
 */
import {
  BatchWriteItemCommand,
  DeleteTableCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  paginateScan,
  ResourceNotFoundException,
  waitUntilTableNotExists,
} from '@aws-sdk/client-dynamodb';
import type { TableModel } from './assembly/model.ts';

type Create = (table: TableModel) => Promise<void>;

const copyOf = (name: string): string => `${name}-copy`;

const COMPLETE = 'copy is complete';
/** The item that says in the copy that it has all items. No item of the table has such a key. */
const markOf = ({ keys }: Pick<TableModel, 'keys'>): Record<string, { S: string }> =>
  Object.fromEntries(keys.map(({ AttributeName }) => [AttributeName, { S: COMPLETE }]));

/** Whether an earlier start ended while it made the table again. */
export const isHalfRebuilt = async (client: DynamoDBClient, table: TableModel): Promise<boolean> => {
  try {
    const { Item } = await client.send(
      new GetItemCommand({ TableName: copyOf(table.name), Key: markOf(table) }),
    );
    return Item !== undefined;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return false;
    throw error;
  }
};

/** Makes the table with the indexes of the template, and keeps its items. */
export const rebuildTable = async (
  client: DynamoDBClient,
  table: TableModel,
  create: Create,
): Promise<void> => {
  const copy = { ...table, name: copyOf(table.name), indexes: [] };
  if (!(await isHalfRebuilt(client, table))) {
    await remove(client, copy.name);
    await create({ ...copy, attributes: table.attributes.filter(isKeyOf(table)) });
    await copyItems(client, table.name, copy);
    await client.send(new PutItemCommand({ TableName: copy.name, Item: markOf(table) }));
  }
  await remove(client, table.name);
  await create(table);
  await copyItems(client, copy.name, table);
  await remove(client, copy.name);
};

const isKeyOf =
  ({ keys }: TableModel) =>
  ({ AttributeName }: { readonly AttributeName: string }): boolean =>
    keys.some((key) => key.AttributeName === AttributeName);

const AT_ONCE = 25;

const copyItems = async (client: DynamoDBClient, from: string, into: TableModel): Promise<void> => {
  const { name: to, keys } = into;
  const [first] = keys;
  for await (const { Items = [] } of paginateScan({ client }, { TableName: from, ConsistentRead: true })) {
    const items = Items.filter((item) => first === undefined || item[first.AttributeName]?.S !== COMPLETE);
    for (let n = 0; n < items.length; n += AT_ONCE) {
      let left = { [to]: items.slice(n, n + AT_ONCE).map((Item) => ({ PutRequest: { Item } })) };
      while (Object.keys(left).length > 0) {
        const { UnprocessedItems = {} } = await client.send(
          new BatchWriteItemCommand({ RequestItems: left }),
        );
        const rest = UnprocessedItems[to] ?? [];
        left =
          rest.length === 0
            ? {}
            : { [to]: rest.map(({ PutRequest }) => ({ PutRequest: { Item: PutRequest?.Item ?? {} } })) };
      }
    }
  }
};

const remove = async (client: DynamoDBClient, TableName: string): Promise<void> => {
  try {
    await client.send(new DeleteTableCommand({ TableName }));
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return;
    throw error;
  }
  await waitUntilTableNotExists({ client, maxWaitTime: 30, minDelay: 1, maxDelay: 1 }, { TableName });
};
