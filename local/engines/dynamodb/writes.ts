import database, { type Item, type Request, type Store } from 'dynalite/db/index.js';
import batchWriteItemValidator from 'dynalite/validations/batchWriteItem.js';
import deleteItemValidator from 'dynalite/validations/deleteItem.js';
import putItemValidator from 'dynalite/validations/putItem.js';
import updateItemValidator from 'dynalite/validations/updateItem.js';
import { CapacityMeter } from './capacity.ts';
import { conditionFailed, isAnswer, isConditionFailure, transactionConflict, validation } from './errors.ts';
import { itemPrefix } from './layout.ts';
import type { ItemLocks } from './locks.ts';
import { type Plan, plan, type WriteKind } from './plan.ts';
import { getTable, readItem } from './store.ts';
import { returnsOldOnFailure, type Validator, validated } from './validate.ts';

export const WRITE_VALIDATORS: Readonly<Record<WriteKind, Validator>> = {
  PutItem: putItemValidator,
  UpdateItem: updateItemValidator,
  DeleteItem: deleteItemValidator,
};

type Input = Readonly<Record<string, unknown>>;

/** PutItem, UpdateItem and DeleteItem: item and indexes change in one batch, behind the item's lock. */
export const writeItem = async (
  store: Store,
  locks: ItemLocks,
  kind: WriteKind,
  input: Input,
): Promise<object> => {
  const returnOld = returnsOldOnFailure(input);
  const request = validated(store, WRITE_VALIDATORS[kind], input, ['ReturnValuesOnConditionCheckFailure']);
  const done = await commit(store, locks, kind, request, returnOld);
  const meter = new CapacityMeter();
  meter.add(request.TableName, done.units, done.indexes);
  const ConsumedCapacity = meter.report(request.ReturnConsumedCapacity)?.[0];
  return { ...done.answer, ConsumedCapacity };
};

/**
 * BatchWriteItem: up to 25 writes, each atomic by itself. DynamoDB reports writes of a batch that did not happen as
 * unprocessed. This happens to a key whose item a transaction holds.
 */
export const batchWrite = async (store: Store, locks: ItemLocks, input: Input): Promise<object> => {
  const request = validated(store, batchWriteItemValidator, input);
  const writes = Object.entries(request.RequestItems).flatMap(([TableName, requests]) =>
    requests.map((original) => {
      const kind: WriteKind = original.PutRequest ? 'PutItem' : 'DeleteItem';
      const single = {
        ...request,
        TableName,
        Item: original.PutRequest?.Item ?? {},
        Key: original.DeleteRequest?.Key ?? {},
      };
      return { original, kind, request: single, key: itemPrefix(TableName) + keyOf(store, kind, single) };
    }),
  );
  if (writes.length > 25) throw validation('Too many items requested for the BatchWriteItem call');
  if (new Set(writes.map((write) => write.key)).size < writes.length) {
    throw validation('Provided list of item keys contains duplicates');
  }

  const meter = new CapacityMeter();
  const unprocessed: Record<string, object[]> = {};
  await Promise.all(
    writes.map(async ({ original, kind, request: single }) => {
      try {
        const done = await commit(store, locks, kind, single, false);
        meter.add(single.TableName, done.units, done.indexes);
      } catch (error) {
        if (!isConflict(error)) throw error;
        unprocessed[single.TableName] = [...(unprocessed[single.TableName] ?? []), original];
      }
    }),
  );
  return { UnprocessedItems: unprocessed, ConsumedCapacity: meter.report(request.ReturnConsumedCapacity) };
};

/**
 * Deletes an item if it is still what the caller believes, for the expiry sweep.
 *
 * @returns whether it was deleted; false as well if a transaction holds the item
 */
export const deleteIf = async (
  store: Store,
  locks: ItemLocks,
  tableName: string,
  item: Item,
  still: (item: Item) => boolean,
): Promise<boolean> => {
  const table = getTable(store, tableName);
  const key = database.createKey(item, table);
  const request = {
    TableName: tableName,
    Key: keyAttributes(item, table.KeySchema),
    Item: {},
    RequestItems: {},
  };
  try {
    return await locks.write(itemPrefix(tableName) + key, async () => {
      const current = readItem(store, itemPrefix(tableName) + key);
      if (current === undefined || !still(current)) return false;
      await store.db.batch(plan(store, 'DeleteItem', request, table, key, current).operations);
      return true;
    });
  } catch (error) {
    if (isConflict(error)) return false;
    throw error;
  }
};

/** The key that a write is about, without prefix. Throws DynaliteError if it does not fit the table. */
export const keyOf = (store: Store, kind: WriteKind | 'ConditionCheck', request: Request): string => {
  const table = getTable(store, request.TableName);
  const [named, invalid] =
    kind === 'PutItem'
      ? [request.Item, database.validateItem(request.Item, table)]
      : [request.Key, database.validateKey(request.Key, table)];
  if (invalid != null) throw invalid;
  return database.createKey(named, table);
};

const commit = async (
  store: Store,
  locks: ItemLocks,
  kind: WriteKind,
  request: Request,
  returnOld: boolean,
): Promise<Plan> => {
  const table = getTable(store, request.TableName);
  const key = keyOf(store, kind, request);
  const itemKey = itemPrefix(request.TableName) + key;
  return await locks.write(itemKey, async () => {
    const oldItem = readItem(store, itemKey);
    try {
      const planned = plan(store, kind, request, table, key, oldItem);
      await store.db.batch(planned.operations);
      return planned;
    } catch (error) {
      if (isAnswer(error) && isConditionFailure(error))
        throw conditionFailed(returnOld ? oldItem : undefined);
      throw error;
    }
  });
};

const keyAttributes = (item: Item, schema: readonly { readonly AttributeName: string }[]): Item => {
  const names = schema.map((element) => element.AttributeName);
  return Object.fromEntries(Object.entries(item).filter(([name]) => names.includes(name)));
};

const CONFLICT = transactionConflict().body.__type;
const isConflict = (error: unknown): boolean => isAnswer(error) && error.body.__type === CONFLICT;
