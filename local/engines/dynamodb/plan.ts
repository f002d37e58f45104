import deleteItem from 'dynalite/actions/deleteItem.js';
import putItem from 'dynalite/actions/putItem.js';
import updateItem from 'dynalite/actions/updateItem.js';
import type { Item, Operation, Request, Store, StoreView, SubDb, Table } from 'dynalite/db/index.js';
import { type IndexChange, indexChanges, writeUnits } from './indexes.ts';
import { itemPrefix } from './layout.ts';

const ACTIONS = { PutItem: putItem, UpdateItem: updateItem, DeleteItem: deleteItem };
export type WriteKind = keyof typeof ACTIONS;

export type Plan = {
  readonly operations: readonly Operation[];
  readonly newItem: Item | undefined;
  /** Write units on the table itself. */
  readonly units: number;
  readonly indexes: readonly IndexChange[];
  /** The answer of dynalite, apart from ConsumedCapacity. */
  readonly answer: Readonly<Record<string, unknown>>;
};

/**
 * Computes the effect of a write on an item, and checks its condition, without writing. dynalite's own action runs
 * against a store that holds just this item and takes note of the result, so that any number of writes can be
 * committed in one batch.
 *
 * @param key of the item in its table, without prefix
 * Throws DynaliteError: condition failed, or the write does not fit the item.
 */
export const plan = (
  store: Store,
  kind: WriteKind,
  request: Request,
  table: Table,
  key: string,
  oldItem: Item | undefined,
): Plan => {
  let newItem: Item | undefined;
  let answer: Readonly<Record<string, unknown>> | undefined;
  let failure: Error | null | undefined;
  const rehearsal = onItem(store, table, oldItem, (item) => {
    newItem = item;
  });
  ACTIONS[kind](rehearsal, { ...request, ReturnConsumedCapacity: 'NONE' }, (error, result) => {
    failure = error;
    answer = result;
  });
  if (failure != null) throw failure;
  if (answer === undefined) throw new Error(`${kind} did not decide in one turn`);

  const itemKey = itemPrefix(table.TableName) + key;
  const indexes = indexChanges(table, oldItem, newItem);
  return {
    operations: [
      newItem === undefined ? { type: 'del', key: itemKey } : { type: 'put', key: itemKey, value: newItem },
      ...indexes.flatMap((index) => index.operations),
    ],
    newItem,
    units: Math.max(writeUnits(oldItem), writeUnits(newItem)),
    indexes,
    answer,
  };
};

const onItem = (
  store: Store,
  table: Table,
  oldItem: Item | undefined,
  note: (item: Item) => void,
): StoreView => {
  const itemDb: SubDb = {
    lock: (_key, run) => run((callback) => callback),
    get: (_key, callback) => callback(null, oldItem),
    put: (_key, item, callback) => {
      note(item);
      callback(null);
    },
    del: (_key, callback) => callback(null),
  };
  return {
    options: store.options,
    getTable: (_name, checkStatus, callback) =>
      typeof checkStatus === 'function' ? checkStatus(null, table) : callback?.(null, table),
    getItemDb: () => itemDb,
    getIndexDb: () => itemDb,
  };
};
