/** The parts of dynalite 4.0.0 that the embedded engine uses. dynalite ships no types. */

declare module 'dynalite/db/index.js' {
  /** One typed value as DynamoDB JSON writes it, such as `{ "S": "text" }`. */
  export type AttributeValue = Readonly<Record<string, unknown>>;
  export type Item = Readonly<Record<string, AttributeValue>>;

  export interface KeyElement {
    readonly AttributeName: string;
    readonly KeyType: 'HASH' | 'RANGE';
  }
  export interface Index {
    readonly IndexName: string;
    readonly KeySchema: readonly KeyElement[];
    readonly Projection: {
      readonly ProjectionType: 'ALL' | 'INCLUDE' | 'KEYS_ONLY';
      readonly NonKeyAttributes?: readonly string[];
    };
  }
  export interface Table {
    readonly TableName: string;
    readonly TableStatus: 'CREATING' | 'UPDATING' | 'DELETING' | 'ACTIVE';
    readonly KeySchema: readonly KeyElement[];
    readonly GlobalSecondaryIndexes?: readonly Index[];
    readonly LocalSecondaryIndexes?: readonly Index[];
  }

  /** A validated request. The underscored members are expressions that validation has parsed. */
  export interface Request {
    readonly TableName: string;
    readonly Key: Item;
    readonly Item: Item;
    readonly RequestItems: Readonly<Record<string, readonly BatchRequest[]>>;
    readonly IndexName?: string;
    readonly ReturnConsumedCapacity?: 'TOTAL' | 'INDEXES' | 'NONE';
    ConsistentRead?: boolean;
    readonly _projection?: { readonly paths: unknown; readonly nestedPaths: unknown };
  }
  export interface BatchRequest {
    readonly PutRequest?: { readonly Item: Item };
    readonly DeleteRequest?: { readonly Key: Item };
  }
  /** An answer that DynamoDB gives on purpose; anything without `body` is a fault. */
  export interface DynaliteError extends Error {
    readonly statusCode: number;
    readonly body: { readonly __type: string; readonly message?: string; readonly Message?: string };
  }

  export type Callback<T> = (error: Error | null | undefined, value?: T) => void;

  export interface LevelIterator {
    nextv(size: number): Promise<unknown[]>;
    close(): Promise<void>;
  }
  export type Range = {
    readonly gt?: string;
    readonly gte?: string;
    readonly lt?: string;
    readonly lte?: string;
  };
  export type Operation =
    | { readonly type: 'put'; readonly key: string; readonly value: unknown }
    | { readonly type: 'del'; readonly key: string };

  export interface Level {
    open(): Promise<void>;
    close(): Promise<void>;
    getSync(key: string): unknown;
    getMany(keys: readonly string[]): Promise<unknown[]>;
    put(key: string, value: unknown): Promise<void>;
    del(key: string): Promise<void>;
    batch(operations: readonly Operation[]): Promise<void>;
    clear(range: Range): Promise<void>;
    keys(range: Range): LevelIterator;
    values(range: Range): LevelIterator;
    iterator(range: Range): LevelIterator;
    createValueStream(range: Range): import('node:stream').Readable;
  }
  export interface SubDb {
    lock(key: string, run: (release: <T>(callback: T) => T) => void): void;
    get(key: string, callback: Callback<unknown>): void;
    put(key: string, value: Item, callback: Callback<void>): void;
    del(key: string, callback: Callback<void>): void;
  }
  export interface StoreView {
    readonly options: { readonly maxItemSize: number };
    getTable(name: string, checkStatus: boolean | Callback<Table>, callback?: Callback<Table>): void;
    getItemDb(name: string): SubDb;
    getIndexDb(kind: string, table: string, index: string): SubDb;
  }
  export interface Store extends StoreView {
    readonly db: Level;
    deleteItemDb(name: string, callback: Callback<void>): void;
    deleteIndexDb(kind: string, table: string, index: string, callback: Callback<void>): void;
    deleteTagDb(name: string, callback: Callback<void>): void;
  }

  interface Database {
    create(options: {
      readonly path?: string;
      readonly createTableMs: number;
      readonly deleteTableMs: number;
      readonly updateTableMs: number;
    }): Store;
    validateKey(key: Item, table: Table): DynaliteError | undefined;
    validateItem(item: Item, table: Table): DynaliteError | undefined;
    validateKeyPaths(nestedPaths: unknown, table: Table): DynaliteError | undefined;
    createKey(item: Item, table: Table, keySchema?: readonly KeyElement[]): string;
    checkConditional(request: Request, item: Item | undefined): DynaliteError | null | undefined;
    itemSize(item: Item): number;
    mapPaths(paths: unknown, item: Item): Item;
    createIndexKey: (item: Item, table: Table, keySchema: readonly KeyElement[]) => string;
    updateIndexes: (
      store: StoreView,
      table: Table,
      oldItem: Item | undefined,
      newItem: Item | null,
      callback: Callback<void>,
    ) => void;
  }
  const database: Database;
  export default database;
}

declare module 'dynalite/validations/index.js' {
  import type { Request, Store } from 'dynalite/db/index.js';

  export type Types = Readonly<Record<string, unknown>>;
  export type Custom = (request: Request, store: Store) => string | undefined;
  const validations: {
    /** Throws DynaliteError; drops members that `types` does not know. */
    checkTypes(request: object, types: Types): Request;
    /** Throws DynaliteError; parses expressions into the underscored members. */
    checkValidations(request: Request, types: Types, custom: Custom | undefined, store: Store): void;
  };
  export default validations;
}

declare module 'dynalite/validations/*.js' {
  import type { Custom, Types } from 'dynalite/validations/index.js';

  const validator: { readonly types: Types; readonly custom?: Custom };
  export default validator;
}

declare module 'dynalite/actions/*.js' {
  import type { Callback, Request, StoreView } from 'dynalite/db/index.js';

  const action: (
    store: StoreView,
    request: Request,
    callback: Callback<Readonly<Record<string, unknown>>>,
  ) => void;
  export default action;
}
