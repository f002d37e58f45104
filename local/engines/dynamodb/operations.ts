import batchGetItem from 'dynalite/actions/batchGetItem.js';
import createTable from 'dynalite/actions/createTable.js';
import deleteTable from 'dynalite/actions/deleteTable.js';
import describeTable from 'dynalite/actions/describeTable.js';
import getItem from 'dynalite/actions/getItem.js';
import query from 'dynalite/actions/query.js';
import scan from 'dynalite/actions/scan.js';
import updateTable from 'dynalite/actions/updateTable.js';
import type { Request } from 'dynalite/db/index.js';
import batchGetItemValidator from 'dynalite/validations/batchGetItem.js';
import createTableValidator from 'dynalite/validations/createTable.js';
import deleteTableValidator from 'dynalite/validations/deleteTable.js';
import describeTableValidator from 'dynalite/validations/describeTable.js';
import getItemValidator from 'dynalite/validations/getItem.js';
import listTablesValidator from 'dynalite/validations/listTables.js';
import queryValidator from 'dynalite/validations/query.js';
import scanValidator from 'dynalite/validations/scan.js';
import updateTableValidator from 'dynalite/validations/updateTable.js';
import * as z from 'zod';
import { validation } from './errors.ts';
import { TIME_TO_LIVE } from './layout.ts';
import { tables } from './store.ts';
import { type TransactionParts, transactGet, transactWrite } from './transactions.ts';
import { describeTimeToLive, updateTimeToLive } from './ttl.ts';
import { type Validator, validated } from './validate.ts';
import { batchWrite, writeItem } from './writes.ts';

export type Input = Readonly<Record<string, unknown>>;
export type Operation = (input: Input) => Promise<object>;

/** Every call that the engine answers, by its name in X-Amz-Target. Any other is UnknownOperationException. */
export const operations = (parts: TransactionParts): ReadonlyMap<string, Operation> => {
  const { store, locks } = parts;

  const dynalite =
    (action: typeof getItem, validator: Validator): Operation =>
    async (input) =>
      await answer(action, validated(store, validator, input));

  const reading =
    (action: typeof query, validator: Validator): Operation =>
    async (input) => {
      // dynalite's Scan does not know ConsistentRead, though LevelDB reads are never anything else.
      const request = validated(store, validator, input, ['ConsistentRead']);
      if (input.ConsistentRead === true) request.ConsistentRead = true;
      return withLeastCapacity(request, await answer(action, request));
    };

  const answer = (action: typeof getItem, request: Request): Promise<Readonly<Record<string, unknown>>> =>
    new Promise((resolve, reject) => {
      action(store, request, (error, result) => (error != null ? reject(error) : resolve(result ?? {})));
    });

  return new Map<string, Operation>([
    ['CreateTable', dynalite(createTable, createTableValidator)],
    ['DescribeTable', dynalite(describeTable, describeTableValidator)],
    [
      'UpdateTable',
      async (input) => {
        refuseIndexChanges(input);
        return await answer(updateTable, validated(store, updateTableValidator, input));
      },
    ],
    [
      'DeleteTable',
      async (input) => {
        const request = validated(store, deleteTableValidator, input);
        const result = await answer(deleteTable, request);
        await store.db.del(TIME_TO_LIVE + request.TableName);
        return result;
      },
    ],
    [
      'ListTables',
      async (input) => {
        validated(store, listTablesValidator, input);
        const { Limit = 100, ExclusiveStartTableName: after = '' } = listing.parse(input);
        const names: string[] = [];
        for await (const { TableName } of tables(store)) if (TableName > after) names.push(TableName);
        const TableNames = names.slice(0, Limit);
        return { TableNames, ...(names.length > Limit && { LastEvaluatedTableName: TableNames.at(-1) }) };
      },
    ],
    ['GetItem', dynalite(getItem, getItemValidator)],
    ['BatchGetItem', dynalite(batchGetItem, batchGetItemValidator)],
    ['Query', reading(query, queryValidator)],
    ['Scan', reading(scan, scanValidator)],
    ['PutItem', (input) => writeItem(store, locks, 'PutItem', input)],
    ['UpdateItem', (input) => writeItem(store, locks, 'UpdateItem', input)],
    ['DeleteItem', (input) => writeItem(store, locks, 'DeleteItem', input)],
    ['BatchWriteItem', (input) => batchWrite(store, locks, input)],
    ['TransactWriteItems', (input) => transactWrite(parts, input)],
    ['TransactGetItems', (input) => transactGet(parts, input)],
    ['UpdateTimeToLive', (input) => updateTimeToLive(store, input)],
    ['DescribeTimeToLive', (input) => describeTimeToLive(store, input)],
  ]);
};

const listing = z.object({ Limit: z.number().optional(), ExclusiveStartTableName: z.string().optional() });

/** dynalite accepts Create and Delete and does nothing. */
const refuseIndexChanges = (input: Input): void => {
  const updates =
    z.array(z.record(z.string(), z.unknown())).safeParse(input.GlobalSecondaryIndexUpdates).data ?? [];
  const kind = updates.flatMap((update) => Object.keys(update)).find((name) => name !== 'Update');
  if (kind !== undefined) {
    throw validation(`The embedded DynamoDB does not support GlobalSecondaryIndexUpdates.${kind}.`);
  }
};

/** DynamoDB charges a query or scan that read nothing for its smallest read; dynalite says zero. */
const withLeastCapacity = (request: Request, result: Readonly<Record<string, unknown>>): object => {
  const consumed = z.looseObject({ CapacityUnits: z.literal(0) }).safeParse(result.ConsumedCapacity).data;
  if (consumed === undefined) return result;
  const least = { CapacityUnits: request.ConsistentRead === true ? 1 : 0.5 };
  const detail = request.IndexName
    ? {
        [consumed.LocalSecondaryIndexes ? 'LocalSecondaryIndexes' : 'GlobalSecondaryIndexes']: {
          [request.IndexName]: least,
        },
      }
    : { Table: least };
  return {
    ...result,
    ConsumedCapacity: {
      ...consumed,
      ...least,
      ...(request.ReturnConsumedCapacity === 'INDEXES' ? detail : {}),
    },
  };
};
