import database, {
  type Item,
  type Operation,
  type Request,
  type Store,
  type Table,
} from 'dynalite/db/index.js';
import getItemValidator from 'dynalite/validations/getItem.js';
import * as z from 'zod';
import { CapacityMeter, readUnits, TRANSACTION_FACTOR } from './capacity.ts';
import {
  type CancellationReason,
  isAnswer,
  isConditionFailure,
  NO_REASON,
  transactionCanceled,
  validation,
} from './errors.ts';
import { type IndexChange, writeUnits } from './indexes.ts';
import { itemPrefix } from './layout.ts';
import type { ItemLocks } from './locks.ts';
import { plan, type WriteKind } from './plan.ts';
import { getTable, readItem, readItems } from './store.ts';
import { RequestTokens } from './tokens.ts';
import { returnsOldOnFailure, type Validator, validated } from './validate.ts';
import { keyOf, WRITE_VALIDATORS } from './writes.ts';

export type TransactionParts = {
  readonly store: Store;
  readonly locks: ItemLocks;
  readonly tokens: RequestTokens;
  /** Awaited by each transaction while it holds its items: how long others can conflict with it. */
  readonly window: () => Promise<void>;
};

/** Limits of TransactWriteItems and TransactGetItems, from their API reference. */
const MAX_ITEMS = 100;
const MAX_BYTES = 4 * 1024 * 1024;

const action = z.record(z.string(), z.unknown());
const mode = z.enum(['TOTAL', 'INDEXES', 'NONE']).optional();
const writeRequest = z.strictObject({
  TransactItems: z
    .array(z.strictObject({ Put: action, Update: action, Delete: action, ConditionCheck: action }).partial())
    .min(1)
    .max(MAX_ITEMS),
  ClientRequestToken: z.string().min(1).max(36).optional(),
  ReturnConsumedCapacity: mode,
  ReturnItemCollectionMetrics: z.literal('NONE').optional(),
});
const getRequest = z.strictObject({
  TransactItems: z
    .array(z.strictObject({ Get: action }))
    .min(1)
    .max(MAX_ITEMS),
  ReturnConsumedCapacity: mode,
});

/**
 * TransactWriteItems: all conditions against one state, then one LevelDB batch with every item and index entry.
 * Throws TransactionCanceledException with a reason an item, and what RequestTokens.find throws.
 */
export const transactWrite = async (parts: TransactionParts, input: unknown): Promise<object> => {
  const request = parse(writeRequest, input);
  const steps = request.TransactItems.map((item) => prepare(parts.store, item));
  rejectDuplicates(steps);

  const token = request.ClientRequestToken;
  const run = async (remember: Remember | undefined): Promise<object> => {
    const written = await execute(parts, steps, remember);
    return { ConsumedCapacity: written.report(request.ReturnConsumedCapacity, 'WriteCapacityUnits') };
  };
  if (token === undefined) return await run(undefined);

  const digest = RequestTokens.digest(request.TransactItems);
  const repeated = parts.tokens.find(token, digest);
  if (repeated === undefined) return await parts.tokens.during(token, digest, run);
  const meter = new CapacityMeter();
  for (const [table, units] of repeated.reads) meter.add(table, units);
  return { ConsumedCapacity: meter.report(request.ReturnConsumedCapacity, 'ReadCapacityUnits') };
};

/** TransactGetItems: items of one moment. Throws TransactionCanceledException if any of them is being written. */
export const transactGet = async (parts: TransactionParts, input: unknown): Promise<object> => {
  const request = parse(getRequest, input);
  const gets = request.TransactItems.map(({ Get }) => {
    const get = validated(parts.store, getItemValidator, Get);
    const table = getTable(parts.store, get.TableName);
    const invalid =
      database.validateKey(get.Key, table) ?? database.validateKeyPaths(get._projection?.nestedPaths, table);
    if (invalid != null) return { get, itemKey: undefined, invalid: invalidReason(invalid) };
    return {
      get,
      itemKey: itemPrefix(get.TableName) + database.createKey(get.Key, table),
      invalid: undefined,
    };
  });
  rejectDuplicates(gets);
  if (gets.some((get) => get.invalid)) throw transactionCanceled(gets.map((get) => get.invalid ?? NO_REASON));

  const keys = gets.flatMap((get) => get.itemKey ?? []);
  const busy = parts.locks.busy(keys);
  if (busy.includes(true)) throw transactionCanceled(busy.map((taken) => (taken ? CONFLICT : NO_REASON)));
  // Asked for in the same turn as the locks, so it is the state before any write that starts later.
  const items = await readItems(parts.store, keys);

  const meter = new CapacityMeter();
  const Responses = gets.map(({ get }, at) => {
    const item = items[at];
    meter.add(get.TableName, TRANSACTION_FACTOR * readUnits(item));
    if (item === undefined) return {};
    return { Item: get._projection ? database.mapPaths(get._projection.paths, item) : item };
  });
  return { Responses, ConsumedCapacity: meter.report(request.ReturnConsumedCapacity, 'ReadCapacityUnits') };
};

type Remember = Parameters<Parameters<RequestTokens['during']>[2]>[0];
type StepKind = WriteKind | 'ConditionCheck';
type Step = {
  readonly kind: StepKind;
  readonly request: Request;
  readonly table: Table;
  readonly key: string;
  /** Undefined if the key does not fit the table, which `invalid` then says. */
  readonly itemKey: string | undefined;
  readonly invalid: CancellationReason | undefined;
  readonly returnOld: boolean;
};

const STEP_KINDS = {
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  ConditionCheck: 'ConditionCheck',
} as const;
const REQUIRED: Partial<Record<StepKind, string>> = {
  UpdateItem: 'UpdateExpression',
  ConditionCheck: 'ConditionExpression',
};
const CONFLICT: CancellationReason = {
  Code: 'TransactionConflict',
  Message: 'Transaction is ongoing for the item',
};

const prepare = (store: Store, item: z.infer<typeof writeRequest>['TransactItems'][number]): Step => {
  const given = (['Put', 'Update', 'Delete', 'ConditionCheck'] as const).filter(
    (name) => item[name] !== undefined,
  );
  const name = given[0];
  const input = name && item[name];
  if (name === undefined || input === undefined || given.length !== 1) {
    throw validation('TransactItems can only contain one of Check, Put, Update or Delete');
  }
  const kind = STEP_KINDS[name];
  const required = REQUIRED[kind];
  if (required !== undefined && input[required] == null) {
    throw validation(
      `1 validation error detected: Value null at '${required}' failed to satisfy constraint: Member must not be null`,
    );
  }
  const returnOld = returnsOldOnFailure(input);
  const request = validated(store, validatorOf(kind), input, ['ReturnValuesOnConditionCheckFailure']);
  const table = getTable(store, request.TableName);
  try {
    const key = keyOf(store, kind, request);
    return {
      kind,
      request,
      table,
      key,
      itemKey: itemPrefix(table.TableName) + key,
      invalid: undefined,
      returnOld,
    };
  } catch (error) {
    return { kind, request, table, key: '', itemKey: undefined, invalid: invalidReason(error), returnOld };
  }
};

const validatorOf = (kind: StepKind): Validator => {
  return WRITE_VALIDATORS[kind === 'ConditionCheck' ? 'DeleteItem' : kind];
};

const execute = async (
  parts: TransactionParts,
  steps: readonly Step[],
  remember: Remember | undefined,
): Promise<CapacityMeter> => {
  if (steps.some((step) => step.invalid))
    throw transactionCanceled(steps.map((step) => step.invalid ?? NO_REASON));
  const keys = steps.flatMap((step) => step.itemKey ?? []);
  const taken = parts.locks.conflicts(keys);
  if (taken.includes(true)) throw transactionCanceled(taken.map((held) => (held ? CONFLICT : NO_REASON)));

  return await parts.locks.transact(keys, async () => {
    await parts.window();
    const results = steps.map((step, at) => decide(parts.store, step, readItem(parts.store, keys[at] ?? '')));
    if (results.some((result) => result.reason.Code !== 'None')) {
      throw transactionCanceled(results.map((result) => result.reason));
    }
    if (results.reduce((sum, result) => sum + result.bytes, 0) > MAX_BYTES) {
      throw validation('Collection size of items in the transaction exceeds the limit of 4 MB');
    }
    const reads = results.map((result): [string, number] => [result.table, result.reads]);
    const token = remember?.(reads);
    await parts.store.db.batch([
      ...results.flatMap((result) => result.operations),
      ...(token?.operations ?? []),
    ]);
    token?.committed();

    const meter = new CapacityMeter();
    for (const { table, units, indexes } of results) meter.add(table, units, indexes);
    return meter;
  });
};

type Decision = {
  readonly reason: CancellationReason;
  readonly table: string;
  readonly operations: readonly Operation[];
  readonly bytes: number;
  readonly units: number;
  readonly reads: number;
  readonly indexes: readonly IndexChange[];
};

const decide = (store: Store, step: Step, oldItem: Item | undefined): Decision => {
  const decision = {
    reason: NO_REASON,
    table: step.table.TableName,
    operations: [],
    bytes: sizeOf(oldItem),
    units: TRANSACTION_FACTOR * writeUnits(oldItem),
    reads: TRANSACTION_FACTOR * readUnits(oldItem),
    indexes: [],
  };
  try {
    if (step.kind === 'ConditionCheck') {
      const failed = database.checkConditional(step.request, oldItem);
      if (failed != null) throw failed;
      return decision;
    }
    const planned = plan(store, step.kind, step.request, step.table, step.key, oldItem);
    return {
      ...decision,
      operations: planned.operations,
      bytes: Math.max(decision.bytes, sizeOf(planned.newItem)),
      units: TRANSACTION_FACTOR * planned.units,
      reads: TRANSACTION_FACTOR * readUnits(planned.newItem ?? oldItem),
      indexes: planned.indexes,
    };
  } catch (error) {
    if (!isAnswer(error) || !isConditionFailure(error)) return { ...decision, reason: invalidReason(error) };
    const item = step.returnOld && oldItem !== undefined ? { Item: oldItem } : {};
    return {
      ...decision,
      reason: { Code: 'ConditionalCheckFailed', Message: 'The conditional request failed', ...item },
    };
  }
};

/** What DynamoDB finds wrong with one item of a transaction only once it looks at the table or the item. */
const invalidReason = (error: unknown): CancellationReason => {
  if (!isAnswer(error)) throw error;
  return { Code: 'ValidationError', Message: error.message };
};

const rejectDuplicates = (steps: readonly { readonly itemKey: string | undefined }[]): void => {
  const keys = steps.flatMap((step) => step.itemKey ?? []);
  if (new Set(keys).size < keys.length) {
    throw validation('Transaction request cannot include multiple operations on one item');
  }
};

const parse = <T>(schema: z.ZodType<T>, input: unknown): T => {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const problems = result.error.issues.map(
    (issue) => `${issue.path.join('.') || 'request'}: ${issue.message}`,
  );
  throw validation(
    `${problems.length} validation error${problems.length > 1 ? 's' : ''} detected: ${problems.join('; ')}`,
  );
};

const sizeOf = (item: Item | undefined): number => (item === undefined ? 0 : database.itemSize(item));
