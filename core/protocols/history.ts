import type { HistoryView } from '../api/dashboard.ts';
import type { Control } from '../control.ts';
import { HISTORY_KEEP_SECONDS, historyKey, pointsOf, sampleOf, samplesSince, type Use } from '../history.ts';
import { HISTORY_PARTITION, STATS_PARTITION, TTL_ATTRIBUTE } from '../items.ts';
import { statsKey } from '../tally.ts';

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
  const from = control.clock() - hours * 3_600_000;
  const [samples, hourItems] = await Promise.all([
    newest(control, HISTORY_PARTITION, historyKey(from).sk),
    newest(control, STATS_PARTITION, statsKey(from).sk),
  ]);
  return { points: pointsOf(samplesSince(samples, from), hourItems, from, hours) };
};

/** The items of a partition from this sort key on, newest first. */
const newest = async (control: Needs, partition: string, from: string) => {
  const items = [];
  let cursor: string | undefined;
  do {
    const page = await control.store.query({
      partition,
      descending: true,
      limit: 500,
      ...(cursor === undefined ? {} : { cursor }),
    });
    const wanted = page.items.filter(({ sk }) => String(sk) >= from);
    items.push(...wanted);
    cursor = wanted.length < page.items.length ? undefined : page.cursor;
  } while (cursor !== undefined);
  return items;
};
