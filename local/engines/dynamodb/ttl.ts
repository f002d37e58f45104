import type { Item, Store } from 'dynalite/db/index.js';
import * as z from 'zod';
import { validation } from './errors.ts';
import { TIME_TO_LIVE } from './layout.ts';
import type { ItemLocks } from './locks.ts';
import { getTable, items, tables } from './store.ts';
import { deleteIf } from './writes.ts';

const stored = z.object({ AttributeName: z.string() });
const update = z.strictObject({
  TableName: z.string(),
  TimeToLiveSpecification: z.strictObject({
    AttributeName: z.string().min(1).max(255),
    Enabled: z.boolean(),
  }),
});
const named = z.strictObject({ TableName: z.string() });

/** UpdateTimeToLive, in force at once although DynamoDB takes up to an hour. */
export const updateTimeToLive = async (store: Store, input: unknown): Promise<object> => {
  const request = update.safeParse(input);
  if (!request.success) throw validation(z.prettifyError(request.error));
  const { TableName, TimeToLiveSpecification: wanted } = request.data;
  getTable(store, TableName);
  const current = attributeOf(store, TableName);
  if (wanted.Enabled && current !== undefined) throw validation('TimeToLive is already enabled');
  if (!wanted.Enabled && current === undefined) throw validation('TimeToLive is already disabled');
  if (!wanted.Enabled && current !== wanted.AttributeName) {
    throw validation(
      `TimeToLive is active on a different AttributeName: current AttributeName is ${current}`,
    );
  }
  const key = TIME_TO_LIVE + TableName;
  await (wanted.Enabled ? store.db.put(key, { AttributeName: wanted.AttributeName }) : store.db.del(key));
  return { TimeToLiveSpecification: wanted };
};

export const describeTimeToLive = async (store: Store, input: unknown): Promise<object> => {
  const request = named.safeParse(input);
  if (!request.success) throw validation(z.prettifyError(request.error));
  getTable(store, request.data.TableName);
  const AttributeName = attributeOf(store, request.data.TableName);
  return {
    TimeToLiveDescription:
      AttributeName === undefined
        ? { TimeToLiveStatus: 'DISABLED' }
        : { TimeToLiveStatus: 'ENABLED', AttributeName },
  };
};

/**
 * Deletes what has expired, as DynamoDB does in the background: until then, reads see it.
 *
 * @param now milliseconds
 * @returns how many items were deleted; one that a transaction holds waits for the next sweep
 */
export const sweepExpired = async (store: Store, locks: ItemLocks, now: number): Promise<number> => {
  let deleted = 0;
  for await (const table of tables(store)) {
    const attribute = attributeOf(store, table.TableName);
    if (attribute === undefined || table.TableStatus === 'DELETING') continue;
    const expired = (item: Item): boolean => isExpired(item, attribute, now / 1000);
    for await (const item of items(store, table.TableName)) {
      if (expired(item) && (await deleteIf(store, locks, table.TableName, item, expired))) deleted++;
    }
  }
  return deleted;
};

const FIVE_YEARS = 5 * 365 * 24 * 3600;

/** Only numbers count, and a date more than five years back is taken for a mistake (developer guide, "TTL"). */
const isExpired = (item: Item, attribute: string, nowSeconds: number): boolean => {
  const value = item[attribute]?.N;
  if (typeof value !== 'string') return false;
  const at = Number(value);
  return at <= nowSeconds && at > nowSeconds - FIVE_YEARS;
};

const attributeOf = (store: Store, tableName: string): string | undefined => {
  return stored.safeParse(store.db.getSync(TIME_TO_LIVE + tableName)).data?.AttributeName;
};
