import type { HistoryView } from '../../contract/bodies/dashboard.ts';
import type { Control } from '../control.ts';
import { HISTORY_PARTITION, STATS_PARTITION, TTL_ATTRIBUTE } from '../items.ts';
import { queryAll } from '../query-all.ts';
import { HISTORY_KEEP_SECONDS, historyKey, pointsOf, sampleOf, samplesSince, type Use } from './history.ts';
import { statsKey } from './tally.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

type Needs = Pick<Control, 'store' | 'clock'>;

/**
 * Keeps how full it is. One sample a minute: a second sweep within it writes the same item. A sample is a read and a
 * write of less than 1 KB, 44,000 of each a month where sweeps are made every minute: 3 cents.
 */
export const recordUse = async (control: Needs, use: Use): Promise<void> => {
  const now = control.clock();
  const key = historyKey(now);
  await control.store.write({
    kind: 'put',
    key,
    item: {
      ...key,
      ...sampleOf(now, use, await control.store.get(statsKey(now))),
      [TTL_ATTRIBUTE]: Math.floor(now / 1000) + HISTORY_KEEP_SECONDS,
    },
  });
};

/** The trend of the last `hours`. */
export const history = async (control: Needs, hours: number): Promise<HistoryView> => {
  const from = control.clock() - hours * HOUR_MS;
  const [samples, hourItems] = await Promise.all([
    queryAll(control, { partition: HISTORY_PARTITION, after: historyKey(from - MINUTE_MS).sk }),
    queryAll(control, { partition: STATS_PARTITION, after: statsKey(from - HOUR_MS).sk }),
  ]);
  return { points: pointsOf(samplesSince(samples, from), hourItems, from, hours) };
};
