/** Counts of the protocols' requests to AWS: calls by operation, and the units that DynamoDB charges. */
import type { Item, Value } from '../../core/store.ts';
import type { ItemChange } from '../simulation/model/table.ts';
import { projectDue, projectOfUser } from '../simulation/model/table.ts';

/** Names of what is counted: an AWS operation, or a unit of a price. */
export type Counts = Map<string, number>;

const READ_UNIT = 4096;
const WRITE_UNIT = 1024;

/**
 * DynamoDB's size of an item, as it documents it: names and texts in UTF-8, a number by its digits, one byte for a flag;
 * a list or a map has three more, and one for each element.
 */
export const bytesOf = (item: Item | undefined): number =>
  item === undefined
    ? 0
    : Object.entries(item).reduce((sum, [name, value]) => sum + pairBytes(name, value), 0);

const pairBytes = (name: string, value: Value): number => Buffer.byteLength(name) + valueBytes(value);

const valueBytes = (value: Value): number => {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'number') return Math.ceil(String(value).replace(/\D/g, '').length / 2) + 1;
  if (value === null || typeof value === 'boolean') return 1;
  const elements = Array.isArray(value)
    ? value.map(valueBytes)
    : Object.entries(value).map(([name, element]) => pairBytes(name, element));
  return elements.reduce((sum, bytes) => sum + bytes + 1, 3);
};

const writeUnits = (item: Item | undefined): number => Math.max(1, Math.ceil(bytesOf(item) / WRITE_UNIT));

/** Counts of one phase. `minutes` has those of each minute of the day, for peaks. */
export class Ledger {
  readonly totals: Counts = new Map();
  /** Write units by table or index and partition. */
  readonly partitions = new Map<string, number>();
  readonly minutes = new Map<number, Counts>();
  readonly #minuteOf: () => number;
  #counts: (name: string) => boolean = () => true;

  constructor(minuteOf: () => number = () => 0) {
    this.#minuteOf = minuteOf;
  }

  add(name: string, count = 1): void {
    if (!this.#counts(name)) return;
    bump(this.totals, name, count);
    const minute = this.#minuteOf();
    const counts = this.minutes.get(minute) ?? new Map<string, number>();
    this.minutes.set(minute, counts);
    bump(counts, name, count);
  }

  /** Counts only names that pass, while `run` runs. */
  async only<T>(passes: (name: string) => boolean, run: () => Promise<T>): Promise<T> {
    const before = this.#counts;
    this.#counts = passes;
    try {
      return await run();
    } finally {
      this.#counts = before;
    }
  }

  get(name: string): number {
    return this.totals.get(name) ?? 0;
  }

  reset(): void {
    this.totals.clear();
    this.partitions.clear();
    this.minutes.clear();
  }

  /** @param factor 1 for consistent reads, 0.5 for those of an index */
  read(operation: string, items: readonly (Item | undefined)[], factor = 1, calls = 1): void {
    this.add(`DynamoDB ${operation}`, calls);
    const bytes =
      operation === 'BatchGetItem' ? undefined : items.reduce((sum, item) => sum + bytesOf(item), 0);
    const units =
      bytes === undefined
        ? items.reduce((sum, item) => sum + Math.max(1, Math.ceil(bytesOf(item) / READ_UNIT)), 0)
        : Math.max(1, Math.ceil(bytes / READ_UNIT));
    this.add('read units', units * factor);
  }

  /** A refused condition costs what its item would. */
  write(operation: string, changes: readonly ItemChange[], refused: number, factor = 1): void {
    this.add(`DynamoDB ${operation}`);
    this.add('write units', refused * factor);
    for (const change of changes) this.#changed(change, factor);
  }

  #changed({ key, before, after }: ItemChange, factor: number): void {
    this.#units('table', key.pk, factor * Math.max(writeUnits(before), writeUnits(after)));
    const ofUser = (item: Item | undefined) =>
      isText(item?.listUser) && isText(item.listName) ? projectOfUser(item) : undefined;
    const due = (item: Item | undefined) =>
      isText(item?.dueBucket) && item.nextDeadlineAt !== undefined ? projectDue(item) : undefined;
    this.#indexed('ofUser', ofUser(before), ofUser(after), ['listUser', 'listName']);
    this.#indexed('due', due(before), due(after), ['dueBucket', 'nextDeadlineAt']);
  }

  /** An entry whose key changes is taken out and put in again; one that stays the same costs nothing. */
  #indexed(
    index: string,
    before: Item | undefined,
    after: Item | undefined,
    keys: readonly [string, string],
  ): void {
    if (before === undefined && after === undefined) return;
    if (before && after && JSON.stringify(before) === JSON.stringify(after)) return;
    const moved = before && after && keys.some((name) => before[name] !== after[name]);
    for (const entry of moved ? [before, after] : [after ?? before])
      this.#units(index, String(entry?.[keys[0]]), writeUnits(entry));
  }

  #units(place: string, partition: string, units: number): void {
    this.add('write units', units);
    this.add(`write units of ${place}`, units);
    if (this.#counts('write units')) bump(this.partitions, `${place} ${partition}`, units);
  }
}

const isText = (value: unknown): value is string => typeof value === 'string';

const bump = (counts: Map<string, number>, name: string, count: number): void => {
  counts.set(name, (counts.get(name) ?? 0) + count);
};
