/**
 * The database as the rules see it: items, conditions and writes as data. An adapter turns them into DynamoDB
 * expressions; the simulation interprets the same values in memory under virtual time. Reads by key are always
 * strongly consistent: an index proposes, the base item decides.
 */

export type Value = string | number | boolean | null | readonly Value[] | { readonly [name: string]: Value };
export type Item = Readonly<Record<string, Value>>;
export type Key = { readonly pk: string; readonly sk: string };

export type Condition =
  | { readonly op: 'exists' | 'absent'; readonly attr: string }
  | {
      readonly op: 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge';
      readonly attr: string;
      readonly value: string | number | boolean;
    }
  /** Compares two attributes of the item, as in `active < limit`. */
  | { readonly op: 'ltAttr'; readonly attr: string; readonly other: string }
  | { readonly op: 'in'; readonly attr: string; readonly values: readonly string[] }
  | { readonly op: 'and' | 'or'; readonly of: readonly Condition[] };

export const exists = (attr: string): Condition => ({ op: 'exists', attr });
export const absent = (attr: string): Condition => ({ op: 'absent', attr });
export const eq = (attr: string, value: string | number | boolean): Condition => ({ op: 'eq', attr, value });
export const lt = (attr: string, value: number): Condition => ({ op: 'lt', attr, value });
export const gt = (attr: string, value: number): Condition => ({ op: 'gt', attr, value });
export const le = (attr: string, value: number): Condition => ({ op: 'le', attr, value });
export const ge = (attr: string, value: number): Condition => ({ op: 'ge', attr, value });
export const ltAttr = (attr: string, other: string): Condition => ({ op: 'ltAttr', attr, other });
export const oneOf = (attr: string, values: readonly string[]): Condition => ({ op: 'in', attr, values });
export const and = (...of: Condition[]): Condition => ({ op: 'and', of });
export const or = (...of: Condition[]): Condition => ({ op: 'or', of });

export type Write =
  | { readonly kind: 'put'; readonly key: Key; readonly item: Item; readonly condition?: Condition }
  | ({ readonly kind: 'update'; readonly key: Key; readonly condition?: Condition } & Change)
  | { readonly kind: 'delete'; readonly key: Key; readonly condition?: Condition }
  | { readonly kind: 'check'; readonly key: Key; readonly condition: Condition };

/** Top-level attributes only. `add` counts from 0 if the attribute is absent. */
export type Change = {
  readonly set?: Item;
  readonly remove?: readonly string[];
  readonly add?: Readonly<Record<string, number>>;
};

/** Of one write: it took effect (with the item after it), or its condition failed (with the item as it stands). */
export type WriteResult =
  | { readonly ok: true; readonly item: Item | undefined }
  | { readonly ok: false; readonly item: Item | undefined };

/** Of a transaction: all took effect, or none did, and `failed[i]` says which conditions stood against it. */
export type TransactResult =
  | { readonly ok: true }
  | { readonly ok: false; readonly failed: readonly (false | { readonly item: Item | undefined })[] };

export type Page = { readonly items: readonly Item[]; readonly cursor: string | undefined };

export type IndexName = 'ofUser' | 'due';

export type Query = {
  /** Without an index: the base table, read consistently. */
  readonly index?: IndexName;
  readonly partition: string;
  /** One of: sort key lower than or equal (due: a number), with this prefix, or higher (strings). */
  readonly upTo?: number;
  readonly prefix?: string;
  readonly after?: string;
  readonly descending?: boolean;
  readonly limit: number;
  readonly cursor?: string;
};

/**
 * Throws StoreConflict (another transaction stood in the way: nothing was written, retry), StoreUnavailable
 * (throttled or refused: nothing was written) or StoreAmbiguous (no answer: it may have been written).
 */
export interface Store {
  get(key: Key): Promise<Item | undefined>;
  /** Several items at once, each read consistently; absent ones are left out; order is not kept. */
  getMany(keys: readonly Key[]): Promise<readonly Item[]>;
  write(write: Exclude<Write, { kind: 'check' }>): Promise<WriteResult>;
  /** `token`: the same token within 10 minutes has one effect. */
  transact(writes: readonly Write[], token: string): Promise<TransactResult>;
  query(query: Query): Promise<Page>;
  /** Every entry of an index, in no useful order. */
  scan(request: {
    readonly index: IndexName;
    readonly limit: number;
    readonly cursor?: string;
  }): Promise<Page>;
}

export class StoreConflict extends Error {
  override readonly name = 'StoreConflict';
}
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}
export class StoreAmbiguous extends Error {
  override readonly name = 'StoreAmbiguous';
}

/** A cursor that no page of this query was answered with. */
export class StoreCursorRefused extends Error {
  override readonly name = 'StoreCursorRefused';
}

/** One of the three transient ones: what a later attempt may get past. */
export const isTransient = (error: unknown): boolean =>
  error instanceof StoreConflict || error instanceof StoreUnavailable || error instanceof StoreAmbiguous;
