/**
 * The store in memory: the base table is consistent, each index follows behind its own lag. It refuses what DynamoDB
 * would refuse as malformed, so that the rules can't rely on what the real one does not do
 * (test/simulation/table.test.ts compares the two).
 */
import { applyChange, holds } from '../../../core/apply.ts';
import { DUE_PROJECTION, INDEXES, LIST_PROJECTION } from '../../../core/items.ts';
import type {
  Change,
  IndexName,
  Item,
  Key,
  Page,
  Query,
  Store,
  TransactResult,
  Value,
  Write,
  WriteResult,
} from '../../../core/store.ts';

export type ItemChange = {
  readonly key: Key;
  readonly before: Item | undefined;
  readonly after: Item | undefined;
};

type TableOptions = {
  readonly now: () => number;
  /** ms until an index shows a write. */
  readonly lag: () => number;
};

export class Table {
  readonly #partitions = new Map<string, Map<string, Item>>();
  readonly #indexes: Readonly<Record<IndexName, LaggingIndex>>;
  readonly #tokens = new Map<string, { readonly result: TransactResult; readonly at: number }>();
  readonly #options: TableOptions;

  constructor(options: TableOptions) {
    this.#options = options;
    this.#indexes = {
      ofUser: new LaggingIndex('ofUser', options, projectOfUser),
      due: new LaggingIndex('due', options, projectDue),
    };
  }

  get(key: Key): Item | undefined {
    return this.#partitions.get(key.pk)?.get(key.sk);
  }

  getMany(keys: readonly Key[]): Item[] {
    return keys.map((key) => this.get(key)).filter((item) => item !== undefined);
  }

  write(write: Exclude<Write, { kind: 'check' }>): { result: WriteResult; changes: readonly ItemChange[] } {
    checkWrite(write);
    const before = this.get(write.key);
    if (write.condition && !holds(write.condition, before)) {
      return { result: { ok: false, item: before }, changes: [] };
    }
    const change = this.#apply(write);
    return { result: { ok: true, item: change.after }, changes: [change] };
  }

  transact(
    writes: readonly Write[],
    token: string,
  ): { result: TransactResult; changes: readonly ItemChange[] } {
    if (writes.length === 0 || writes.length > 100)
      throw new Error(`a transaction of ${writes.length} writes`);
    if (token.length === 0 || token.length > 36)
      throw new Error(`a request token of ${token.length} characters`);
    const names = new Set(writes.map(({ key }) => keyText(key)));
    if (names.size !== writes.length) throw new Error('one item twice in a transaction');
    for (const write of writes) if (write.kind !== 'check') checkWrite(write);

    const known = this.#tokens.get(token);
    if (known && this.#options.now() - known.at < 600_000) return { result: known.result, changes: [] };
    const failed = writes.map((write) => {
      const item = this.get(write.key);
      return write.condition && !holds(write.condition, item) ? { item } : (false as const);
    });
    if (failed.some((f) => f !== false)) return { result: { ok: false, failed }, changes: [] };
    const changes = writes.flatMap((write) => (write.kind === 'check' ? [] : [this.#apply(write)]));
    this.#tokens.set(token, { result: { ok: true }, at: this.#options.now() });
    return { result: { ok: true }, changes };
  }

  query(query: Query): Page {
    const names = query.index ? INDEXES[query.index] : { partition: 'pk', sort: 'sk' };
    const entries = query.index
      ? this.#indexes[query.index].entries().filter((item) => item[names.partition] === query.partition)
      : [...(this.#partitions.get(query.partition)?.values() ?? [])];
    const { upTo, prefix, after } = query;
    const inRange = entries.filter((item) => {
      const sort = item[names.sort];
      if (upTo !== undefined) return typeof sort === 'number' && sort <= upTo;
      if (after !== undefined) return typeof sort === 'string' && sort > after;
      return prefix === undefined || (typeof sort === 'string' && sort.startsWith(prefix));
    });
    const sorted = inRange.sort((a, b) => order(a[names.sort], b[names.sort]) || order(keyOf(a), keyOf(b)));
    return page(query.descending ? sorted.reverse() : sorted, query.limit, query.cursor);
  }

  scan({ index, limit, cursor }: Parameters<Store['scan']>[0]): Page {
    return page(this.#indexes[index].entries(), limit, cursor);
  }

  /** Every item, for checks of the whole. */
  *items(): Generator<Item> {
    for (const partition of this.#partitions.values()) yield* partition.values();
  }

  #apply(write: Exclude<Write, { kind: 'check' }>): ItemChange {
    const { key } = write;
    const before = this.get(key);
    const after =
      write.kind === 'delete'
        ? undefined
        : write.kind === 'put'
          ? write.item
          : applyChange(before ?? key, write);
    const partition = this.#partitions.get(key.pk) ?? new Map<string, Item>();
    this.#partitions.set(key.pk, partition);
    if (after === undefined) partition.delete(key.sk);
    else partition.set(key.sk, after);
    for (const index of Object.values(this.#indexes)) index.follow(key, before, after);
    return { key, before, after };
  }
}

/** A store without time or faults over the table. */
export const directStore = (table: Table): Store => ({
  get: async (key) => table.get(key),
  getMany: async (keys) => table.getMany(keys),
  write: async (write) => table.write(write).result,
  transact: async (writes, token) => table.transact(writes, token).result,
  query: async (query) => table.query(query),
  scan: async (request) => table.scan(request),
});

type Pending = { readonly id: string; readonly at: number; readonly entry: Item | undefined };

class LaggingIndex {
  readonly #names: { readonly partition: string; readonly sort: string };
  readonly #options: TableOptions;
  readonly #project: (item: Item) => Item;
  readonly #entries = new Map<string, Item>();
  #pending: Pending[] = [];
  readonly #latest = new Map<string, number>();

  constructor(name: IndexName, options: TableOptions, project: (item: Item) => Item) {
    this.#names = INDEXES[name];
    this.#options = options;
    this.#project = project;
  }

  /** Entries of one item follow in order; those of different items in any. */
  follow(key: Key, before: Item | undefined, after: Item | undefined): void {
    if (!this.#holds(before) && !this.#holds(after)) return;
    const id = keyText(key);
    const at = Math.max(this.#latest.get(id) ?? 0, this.#options.now() + this.#options.lag());
    this.#latest.set(id, at);
    this.#pending.push({ id, at, entry: after && this.#holds(after) ? this.#project(after) : undefined });
  }

  entries(): Item[] {
    const now = this.#options.now();
    const later: Pending[] = [];
    for (const change of this.#pending) {
      if (change.at > now) later.push(change);
      else if (change.entry) this.#entries.set(change.id, change.entry);
      else this.#entries.delete(change.id);
    }
    this.#pending = later;
    return [...this.#entries.values()];
  }

  #holds(item: Item | undefined): boolean {
    return item?.[this.#names.partition] !== undefined && item[this.#names.sort] !== undefined;
  }
}

const only =
  (attributes: readonly string[]) =>
  (item: Item): Item =>
    Object.fromEntries(
      ['pk', 'sk', ...attributes].flatMap((attr) => {
        const value = item[attr];
        return value === undefined ? [] : [[attr, value]];
      }),
    );

/** The entry of an item in the index `due`. */
export const projectDue = only(['dueBucket', 'nextDeadlineAt', ...DUE_PROJECTION]);
/** The entry of an item in the index `ofUser`. */
export const projectOfUser = only(['listUser', 'listName', ...LIST_PROJECTION]);

const keyText = ({ pk, sk }: Key): string => `${pk}\n${sk}`;
const keyOf = (item: Item): string => `${String(item.pk)}\n${String(item.sk)}`;

const order = (a: Value | undefined, b: Value | undefined): number => {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [left, right] = [String(a), String(b)];
  return left < right ? -1 : left > right ? 1 : 0;
};

/** The cursor is the last item's key: a page that is exactly full has one even if nothing follows, as in DynamoDB. */
const page = (items: readonly Item[], limit: number, cursor: string | undefined): Page => {
  const start = cursor === undefined ? 0 : items.findIndex((item) => keyOf(item) === cursor) + 1;
  const shown = items.slice(start, start + limit);
  const last = shown.at(-1);
  return { items: shown, cursor: shown.length === limit && last ? keyOf(last) : undefined };
};

/** What DynamoDB answers with a ValidationException. */
const checkWrite = (write: Exclude<Write, { kind: 'check' }>): void => {
  if (write.kind === 'put' && (write.item.pk !== write.key.pk || write.item.sk !== write.key.sk)) {
    throw new Error(`an item of another key: ${keyText(write.key)}`);
  }
  if (write.kind === 'update') checkChange(write);
};

const checkChange = ({ set = {}, remove = [], add = {} }: Change): void => {
  const changed = [...Object.keys(set), ...remove.filter((attr) => !(attr in set)), ...Object.keys(add)];
  if (changed.length === 0) throw new Error('an update of nothing');
  if (new Set(changed).size !== changed.length)
    throw new Error(`one attribute twice in an update: ${changed}`);
  if (changed.includes('pk') || changed.includes('sk')) throw new Error('an update of a key');
};
