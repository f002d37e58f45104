import { isDeepStrictEqual } from 'node:util';
import database, { type Index, type Item, type Operation, type Table } from 'dynalite/db/index.js';
import { INDEX_KINDS, type IndexKind, indexPrefix } from './layout.ts';

/** One index's share of a write: what changes in it, and the write units that this costs. */
export type IndexChange = {
  readonly kind: IndexKind;
  readonly name: string;
  readonly operations: readonly Operation[];
  readonly units: number;
};

/**
 * The key of an item's entry in an index: index key, then the whole primary key.
 * dynalite ends it in 24 bits of the primary key's hash, so two of some thousand items with equal index keys would
 * share one entry and one of them would be missing from every query.
 */
export const indexKey = (item: Item, table: Table, keySchema: Index['KeySchema']): string => {
  return database.createKey(item, table, keySchema) + database.createKey(item, table);
};

/**
 * The changes of a write in each index of its table. Sparse: an item without the index's key has no entry. Units as
 * DynamoDB counts them (developer guide, "Using Global Secondary Indexes", write considerations): one write to add,
 * change or remove an entry, two to move it, none if nothing that is projected changed.
 */
export const indexChanges = (
  table: Table,
  oldItem: Item | undefined,
  newItem: Item | undefined,
): IndexChange[] => {
  return INDEX_KINDS.flatMap((kind) =>
    (table[`${kind}SecondaryIndexes`] ?? []).map((index) => {
      const before = oldItem && entry(table, index, oldItem);
      const after = newItem && entry(table, index, newItem);
      const prefix = indexPrefix(kind, table.TableName, index.IndexName);
      return { kind, name: index.IndexName, ...change(prefix, before, after) };
    }),
  );
};

export const writeUnits = (item: Item | undefined): number =>
  item === undefined ? 1 : Math.max(1, Math.ceil(database.itemSize(item) / 1024));

type Entry = { readonly key: string; readonly item: Item };

const entry = (table: Table, index: Index, item: Item): Entry | undefined => {
  if (index.KeySchema.some(({ AttributeName }) => item[AttributeName] === undefined)) return undefined;
  return { key: indexKey(item, table, index.KeySchema), item: project(table, index, item) };
};

const project = (table: Table, index: Index, item: Item): Item => {
  if (index.Projection.ProjectionType === 'ALL') return item;
  const keys = [...index.KeySchema, ...table.KeySchema].map((element) => element.AttributeName);
  const names = new Set([...keys, ...(index.Projection.NonKeyAttributes ?? [])]);
  return Object.fromEntries(Object.entries(item).filter(([name]) => names.has(name)));
};

const change = (
  prefix: string,
  before: Entry | undefined,
  after: Entry | undefined,
): Pick<IndexChange, 'operations' | 'units'> => {
  if (before !== undefined && after !== undefined && before.key === after.key) {
    if (isDeepStrictEqual(before.item, after.item, { skipPrototype: true }))
      return { operations: [], units: 0 };
    const units = Math.max(writeUnits(before.item), writeUnits(after.item));
    return { operations: [{ type: 'put', key: prefix + after.key, value: after.item }], units };
  }
  const operations: Operation[] = [];
  let units = 0;
  if (before !== undefined) {
    operations.push({ type: 'del', key: prefix + before.key });
    units += writeUnits(before.item);
  }
  if (after !== undefined) {
    operations.push({ type: 'put', key: prefix + after.key, value: after.item });
    units += writeUnits(after.item);
  }
  return { operations, units };
};
