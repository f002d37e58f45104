import { TTL_ATTRIBUTE } from '../../core/items.ts';
import { STATS_KEEP_SECONDS, statsKey } from '../../core/observability/hourly-stats.ts';
import type { Store } from '../../core/store.ts';
import { base } from '../adapters/base.ts';
import { dynamoDbStore } from '../adapters/dynamodb-store.ts';
import { takeCounted } from '../adapters/hourly-stats.ts';

/**
 * A full system refuses many times a second, and a busy one delivers as often: neither costs a write for each. A
 * single one is written at once: counts that are held back are lost if the instance ends.
 */
const FREQUENT_EVERY_MS = 5_000;

const isFrequent = (attribute: string): boolean => /^(refused|webhook|webhookAge)_/.test(attribute);

let store: Store | undefined;
let frequentWrittenAt = 0;

/**
 * Adds this invocation's counts to the hour's statistics. Called at the end of a function, after success or failure;
 * a failure of the write loses the numbers and is logged.
 */
export const writeStats = async (): Promise<void> => {
  const now = base.clock();
  const add = takeCounted(
    (attributes) =>
      now - frequentWrittenAt >= FREQUENT_EVERY_MS || attributes.some((attr) => !isFrequent(attr)),
  );
  if (!add) return;
  if (Object.keys(add).some(isFrequent)) frequentWrittenAt = now;
  store ??= dynamoDbStore();
  try {
    const expireAt = Math.floor(now / 1000) + STATS_KEEP_SECONDS;
    await store.write({ kind: 'update', key: statsKey(now), add, set: { [TTL_ATTRIBUTE]: expireAt } });
  } catch (error) {
    base.log.warn('statistics were not written', { error: String(error) });
  }
};

/** A function without a request: runs, then writes its statistics. */
export const withStats =
  <T>(run: () => Promise<T>) =>
  async (): Promise<T> => {
    try {
      return await run();
    } finally {
      await writeStats();
    }
  };
