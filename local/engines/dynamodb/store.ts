import { mkdir } from 'node:fs/promises';
import { Readable } from 'node:stream';
import database, {
  type Callback,
  type Item,
  type Level,
  type Operation,
  type Range,
  type Store,
  type Table,
} from 'dynalite/db/index.js';
import { groupCommits } from './commits.ts';
import { resourceNotFound } from './errors.ts';
import { indexKey } from './indexes.ts';
import { INDEX_KINDS, indexPrefix, itemPrefix, rangeOf, TABLES, TIME_TO_LIVE, tagPrefix } from './layout.ts';

/**
 * Opens dynalite's store, in memory or in a folder that is made if it is missing, and finishes what a kill cut short.
 * Throws if the folder can't be used, for one because another process has it open.
 */
export const openStore = async (dir: string | undefined): Promise<Store> => {
  // Indexes are ours (see indexes.ts): they go into the same batch as the item, so a kill can't part them.
  database.createIndexKey = indexKey;
  database.updateIndexes = (_store, _table, _oldItem, _newItem, done) => done(null);

  if (dir !== undefined) await mkdir(dir, { recursive: true });
  const store = database.create({
    ...(dir === undefined ? {} : { path: dir }),
    createTableMs: 0,
    deleteTableMs: 0,
    updateTableMs: 0,
  });
  try {
    await store.db.open();
  } catch (error) {
    throw new Error(`The database in ${dir} can't be opened; is another process using it?`, { cause: error });
  }
  store.db.batch = groupCommits(store.db);
  store.db.createValueStream = (range) => Readable.from(scan(store.db, range));
  clearByRange(store);
  await finishTableChanges(store);
  return store;
};

/** The table's definition, or undefined while there is none that can be used. */
const findTable = (store: Store, name: string): Table | undefined => {
  const table = store.db.getSync(TABLES + name);
  return isTable(table) && table.TableStatus !== 'CREATING' && table.TableStatus !== 'DELETING'
    ? table
    : undefined;
};

/** Throws ResourceNotFoundException. */
export const getTable = (store: Store, name: string): Table => {
  const table = findTable(store, name);
  if (table === undefined) throw resourceNotFound();
  return table;
};

/** @param key as the store keeps it, prefix included */
export const readItem = (store: Store, key: string): Item | undefined => {
  return asItem(store.db.getSync(key));
};

/** All of one moment, in the order of the keys. */
export const readItems = async (store: Store, keys: readonly string[]): Promise<(Item | undefined)[]> => {
  return (await store.db.getMany(keys)).map(asItem);
};

export async function* tables(store: Store): AsyncGenerator<Table> {
  for await (const table of scan(store.db, rangeOf(TABLES))) if (isTable(table)) yield table;
}

export async function* items(store: Store, table: string): AsyncGenerator<Item> {
  for await (const value of scan(store.db, rangeOf(itemPrefix(table)))) {
    const item = asItem(value);
    if (item !== undefined) yield item;
  }
}

const CHUNK = 200;

/** dynalite's own streams never close their iterator, and each one left open pins a snapshot of the database. */
async function* scan(db: Level, range: Range): AsyncGenerator<unknown> {
  const iterator = db.values(range);
  try {
    for (;;) {
      const values = await iterator.nextv(CHUNK);
      if (values.length === 0) return;
      yield* values;
    }
  } finally {
    await iterator.close();
  }
}

/** dynalite finds what belongs to a deleted table by reading the whole database. */
const clearByRange = (store: Store): void => {
  const clear = (prefix: string, done: Callback<void>): void => {
    store.db.clear(rangeOf(prefix)).then(
      () => done(null),
      (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
    );
  };
  store.deleteItemDb = (name, done) => clear(itemPrefix(name), done);
  store.deleteTagDb = (name, done) => clear(tagPrefix(name), done);
  store.deleteIndexDb = (kind, table, index, done) =>
    clear(indexPrefix(kind === 'Local' ? 'Local' : 'Global', table, index), done);
};

/** A kill between two steps of a table's change would leave it CREATING, UPDATING or DELETING forever. */
const finishTableChanges = async (store: Store): Promise<void> => {
  for await (const table of tables(store)) {
    if (table.TableStatus === 'DELETING') await removeTable(store, table.TableName);
    else if (table.TableStatus !== 'ACTIVE') await store.db.put(TABLES + table.TableName, activated(table));
  }
};

const removeTable = async (store: Store, name: string): Promise<void> => {
  await store.db.clear(rangeOf(itemPrefix(name)));
  for (const kind of INDEX_KINDS) await store.db.clear(rangeOf(indexPrefix(kind, name, '').slice(0, -1)));
  const gone: Operation[] = [TABLES, TIME_TO_LIVE].map((prefix) => ({ type: 'del', key: prefix + name }));
  await store.db.batch(gone);
};

const activated = (table: Table): object => {
  const indexes = table.GlobalSecondaryIndexes?.map((index) => ({ ...index, IndexStatus: 'ACTIVE' }));
  return { ...table, TableStatus: 'ACTIVE', ...(indexes && { GlobalSecondaryIndexes: indexes }) };
};

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const isTable = (value: unknown): value is Table =>
  isObject(value) && 'TableStatus' in value && 'KeySchema' in value;
const isItem = (value: unknown): value is Item => isObject(value);
const asItem = (value: unknown): Item | undefined => (isItem(value) ? value : undefined);
