/**
 * How full the system was, for the dashboard's trend: one item a minute, written by the reaper at its sweeps. A sample
 * holds what the statistics of its hour had added up by then; what happened between two samples is the difference.
 */
import * as z from 'zod';
import type { HistoryView } from '../../contract/bodies/dashboard.ts';
import { HISTORY_PARTITION } from '../items.ts';
import type { Item, Key } from '../store.ts';
import { type Totals, totalsOf } from './hourly-stats.ts';

/** Longer than what can be asked for, so that the oldest point has one before it. */
export const HISTORY_KEEP_SECONDS = 49 * 3600;
/** The number of points that a chart as wide as a page can show. */
export const HISTORY_MAX_POINTS = 288;

const HOUR_MS = 3_600_000;

export const historyKey = (at: number): Key => ({ pk: HISTORY_PARTITION, sk: minuteOf(at) });

/** `2026-01-31T05:07`, UTC */
const minuteOf = (at: number): string => new Date(at).toISOString().slice(0, 16);

const sampleSchema = z.object({
  at: z.int(),
  active: z.int(),
  limit: z.int(),
  admitted: z.int(),
  refused: z.int(),
  reaped: z.int(),
});
type Sample = z.infer<typeof sampleSchema>;

export const sampleOf = (at: number, use: Use, hour: Item | undefined): Sample => ({
  at,
  ...use,
  ...totalsOf(hour),
});

export type Use = { readonly active: number; readonly limit: number };

/** The samples of the last `hours`, oldest first, from items in any order. */
export const samplesSince = (items: readonly Item[], from: number): readonly Sample[] =>
  items
    .map((item) => sampleSchema.parse(item))
    .filter(({ at }) => at >= from)
    .sort((a, b) => a.at - b.at);

/**
 * The points of a chart, at most HISTORY_MAX_POINTS: each stretch of time has its highest count, the limit at its
 * end, and what happened since the point before.
 *
 * @param from start of the first stretch, ms; samples before it are not shown
 * @param hourItems the statistics of every hour from that of `from` on
 */
export const pointsOf = (
  samples: readonly Sample[],
  hourItems: readonly Item[],
  from: number,
  hours: number,
): HistoryView['points'] => {
  const stretchMs = Math.ceil((hours * HOUR_MS) / HISTORY_MAX_POINTS);
  const stretches = Map.groupBy(samples, ({ at }) => Math.floor((at - from) / stretchMs));
  const total = runningTotal(hourItems);
  let before: Totals | undefined;
  return [...stretches.values()].flatMap((stretch) => {
    const last = stretch.at(-1);
    if (last === undefined) return [];
    const now = total(last);
    const since = before ?? total(stretch[0] ?? last);
    before = now;
    return {
      at: new Date(last.at).toISOString(),
      active: Math.max(...stretch.map(({ active }) => active)),
      limit: last.limit,
      // A statistic that was lost or written late would make a difference below zero.
      admitted: Math.max(0, now.admitted - since.admitted),
      refused: Math.max(0, now.refused - since.refused),
      reaped: Math.max(0, now.reaped - since.reaped),
    };
  });
};

/**
 * Counts from the first of the hours on: all of the hours before a sample's, and the sample's part of its own hour.
 */
const runningTotal = (hourItems: readonly Item[]): ((sample: Sample) => Totals) => {
  const hours = hourItems
    .map((item) => ({ hour: String(item.sk), totals: totalsOf(item) }))
    .sort((a, b) => a.hour.localeCompare(b.hour));
  return (sample) => {
    const own = minuteOf(sample.at).slice(0, 13);
    return hours
      .filter(({ hour }) => hour < own)
      .reduce<Totals>((sum, { totals }) => plus(sum, totals), sample);
  };
};

const plus = (a: Totals, b: Totals): Totals => ({
  admitted: a.admitted + b.admitted,
  refused: a.refused + b.refused,
  reaped: a.reaped + b.reaped,
});
