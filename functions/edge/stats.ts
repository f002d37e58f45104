import { TTL_ATTRIBUTE } from '../../core/items.ts';
import { STATS_KEEP_SECONDS, statsKey } from '../../core/observability/hourly-stats.ts';
import type { Store } from '../../core/store.ts';
import { base } from '../adapters/base.ts';
import { dynamoDbStore } from '../adapters/dynamodb-store.ts';
import { takeCounted } from '../adapters/hourly-stats.ts';

/**
 * A full system refuses many times a second and costs no write for each. A single refusal is written at once: what is
 * held back is lost where the instance ends.
 */
const REFUSALS_EVERY_MS = 5_000;

const isRefusal = (attribute: string): boolean => attribute.startsWith('refused_');

let store: Store | undefined;
let refusalsWrittenAt = 0;

/**
 * Adds what this invocation counted to the hour's statistics. At the end of a function, whatever came of it; a
 * failure costs the numbers and is logged.
 */
export const writeStats = async (): Promise<void> => {
  const now = base.clock();
  const add = takeCounted(
    (attributes) =>
      now - refusalsWrittenAt >= REFUSALS_EVERY_MS || attributes.some((attr) => !isRefusal(attr)),
  );
  if (!add) return;
  if (Object.keys(add).some(isRefusal)) refusalsWrittenAt = now;
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
