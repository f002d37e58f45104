import database, { type Item } from 'dynalite/db/index.js';
import type { IndexKind } from './layout.ts';

type Mode = 'TOTAL' | 'INDEXES' | 'NONE' | undefined;
type IndexUnits = { readonly kind: IndexKind; readonly name: string; readonly units: number };

/**
 * A transactional read or write of an item costs two, once to prepare and once to commit (developer guide, "Capacity
 * management for transactions"). Indexes follow after the commit, so their share is not doubled.
 */
export const TRANSACTION_FACTOR = 2;

/** Read units of a strongly consistent read: 4 KB each, one for an item that is not there. */
export const readUnits = (item: Item | undefined): number =>
  item === undefined ? 1 : Math.max(1, Math.ceil(database.itemSize(item) / 4096));

type Tally = { table: number; readonly indexes: Map<string, IndexUnits> };

/** Adds up the units that one request consumes, by table and index, for the answer's ConsumedCapacity. */
export class CapacityMeter {
  readonly #tallies = new Map<string, Tally>();

  add(tableName: string, units: number, indexes: readonly IndexUnits[] = []): void {
    const tally = this.#tallies.get(tableName) ?? { table: 0, indexes: new Map() };
    this.#tallies.set(tableName, tally);
    tally.table += units;
    for (const index of indexes) {
      const before = tally.indexes.get(index.name)?.units ?? 0;
      if (index.units > 0) tally.indexes.set(index.name, { ...index, units: before + index.units });
    }
  }

  /**
   * One ConsumedCapacity a table, or undefined if the request did not ask.
   *
   * @param split names the kind of units too, as answers to transactions do
   */
  report(mode: Mode, split?: 'ReadCapacityUnits' | 'WriteCapacityUnits'): object[] | undefined {
    if (mode !== 'TOTAL' && mode !== 'INDEXES') return undefined;
    const units = (n: number) => ({ CapacityUnits: n, ...(split && { [split]: n }) });
    return [...this.#tallies].map(([TableName, { table, indexes }]) => {
      const all = [...indexes.values()];
      const total = all.reduce((sum, index) => sum + index.units, table);
      if (mode === 'TOTAL') return { TableName, ...units(total) };
      const of = (kind: IndexKind) => {
        const named = all
          .filter((index) => index.kind === kind)
          .map(({ name, units: n }) => [name, units(n)]);
        return named.length === 0 ? {} : { [`${kind}SecondaryIndexes`]: Object.fromEntries(named) };
      };
      return { TableName, ...units(total), Table: units(table), ...of('Local'), ...of('Global') };
    });
  }
}
