import type { HistoryView } from '../../contract/bodies/dashboard.ts';
import type { Deps } from '../deps.ts';
import { HISTORY_PARTITION, STATS_PARTITION, TTL_ATTRIBUTE } from '../items.ts';
import { queryAll } from '../query-all.ts';
import { HISTORY_KEEP_SECONDS, historyKey, pointsOf, sampleOf, samplesSince, type Use } from './history.ts';
import { statsKey } from './hourly-stats.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

type Needs = Pick<Deps, 'store' | 'clock'>;

/**
 * Keeps how full it is. One sample a minute: a second sweep within it writes the same item. A sample is a read and a
 * write of less than 1 KB, 44,000 of each a month if sweeps run every minute: 3 cents.
 */
export const recordUse = async (deps: Needs, use: Use): Promise<void> => {
  const now = deps.clock();
  const key = historyKey(now);
  await deps.store.write({
    kind: 'put',
    key,
    item: {
      ...key,
      ...sampleOf(now, use, await deps.store.get(statsKey(now))),
      [TTL_ATTRIBUTE]: Math.floor(now / 1000) + HISTORY_KEEP_SECONDS,
    },
  });
};

/** The trend of the last `hours`. */
export const history = async (deps: Needs, hours: number): Promise<HistoryView> => {
  const from = deps.clock() - hours * HOUR_MS;
  const [samples, hourItems] = await Promise.all([
    queryAll(deps, { partition: HISTORY_PARTITION, after: historyKey(from - MINUTE_MS).sk }),
    queryAll(deps, { partition: STATS_PARTITION, after: statsKey(from - HOUR_MS).sk }),
  ]);
  return { points: pointsOf(samplesSince(samples, from), hourItems, from, hours) };
};
