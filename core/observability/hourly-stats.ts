/**
 * Recent statistics, for `GET /api/stats`: one item an hour, to which functions add their counts. Best effort and
 * outside of every transaction: a lost addition makes a statistic wrong and nothing else. Durations are a histogram
 * of a few buckets, so that percentiles cost no more than counts.
 */
import type { StatsView } from '../../contract/bodies/admin.ts';
import { STATS_PARTITION } from '../items.ts';
import type { Item, Key } from '../store.ts';
import type { MetricName } from './metrics.ts';

export const STATS_KEEP_SECONDS = 30 * 24 * 3600;
/** Of the hours that stats look back, the one that is running counts as one. */
export const STATS_HOURS = 24;

/** Upper edges in ms, each 30 % above the one before: 1 s to 7 min. Longer durations are in one more bucket. */
const EDGES: readonly number[] = Array.from({ length: 24 }, (_, i) => Math.round(1000 * 1.3 ** i));

/** Of deliveries to webhooks: 100 ms to 15 days, each twice the one before. */
const AGE_EDGES: readonly number[] = Array.from({ length: 24 }, (_, i) => 100 * 2 ** i);

export const statsKey = (now: number): Key => ({ pk: STATS_PARTITION, sk: hourOf(now) });

/** `2026-01-31T05`, UTC */
export const hourOf = (at: number): string => new Date(at).toISOString().slice(0, 13);

/** The attributes that a sample adds to, and how much; none for metrics that stats do not show. */
export const statsAdditions = (
  name: MetricName,
  value: number,
  dimensions: Readonly<Record<string, string>> = {},
): readonly StatsAddition[] => {
  switch (name) {
    case 'SessionsAdmitted':
      return [{ attr: 'admitted', by: value }];
    case 'AdmissionsRefused':
      return [{ attr: `refused_${dimensions.Scope}`, by: value }];
    case 'SessionsReaped':
      return [{ attr: `reaped_${dimensions.Reason}`, by: value }];
    case 'SessionsEnded':
      return [{ attr: `ended_${dimensions.Reason}`, by: value }];
    case 'SessionsRestarted':
      return [{ attr: `restarted_${dimensions.Reason}`, by: value }];
    case 'CounterDrift':
      return value === 0 ? [] : [{ attr: 'drift', by: value }];
    case 'TimeToQr':
      return [{ attr: `qr_${bucketOf(EDGES, value)}`, by: 1 }];
    case 'StartStep': {
      const step = `${dimensions.Task}_${dimensions.Step}`;
      return [
        { attr: `startMs_${step}`, by: value },
        { attr: `start_${step}`, by: 1 },
      ];
    }
    default:
      return [];
  }
};

export type StatsAddition = { readonly attr: string; readonly by: number };

/**
 * The counts that a delivery adds to the hour's item. Nothing for one that was postponed or dropped: no attempt was
 * made.
 * @param ageMs since the event
 */
export const deliveryAdditions = (outcome: string, ageMs: number): readonly StatsAddition[] => {
  switch (outcome) {
    case 'delivered':
      return [
        { attr: 'webhook_delivered', by: 1 },
        { attr: `webhookAge_${bucketOf(AGE_EDGES, ageMs)}`, by: 1 },
      ];
    case 'retry':
    case 'dead':
      return [{ attr: `webhook_${outcome}`, by: 1 }];
    default:
      return [];
  }
};

const bucketOf = (edges: readonly number[], value: number): number => {
  const bucket = edges.findIndex((edge) => value <= edge);
  return bucket < 0 ? edges.length : bucket;
};

export type Totals = { readonly admitted: number; readonly refused: number; readonly reaped: number };

/** The sums of an hour's item so far, over all scopes and reasons. */
export const totalsOf = (hour: Item = {}): Totals => {
  const sum = (matches: (attr: string) => boolean): number =>
    Object.entries(hour).reduce(
      (total, [attr, value]) => (typeof value === 'number' && matches(attr) ? total + value : total),
      0,
    );
  return {
    admitted: sum((attr) => attr === 'admitted'),
    refused: sum((attr) => attr.startsWith('refused_')),
    reaped: sum((attr) => attr.startsWith('reaped_')),
  };
};

/** The sum of the hours given that are not older than STATS_HOURS. */
export const lastDay = (hours: readonly Item[], now: number): NonNullable<StatsView['lastDay']> => {
  const from = Math.floor(now / 3_600_000) * 3_600_000 - (STATS_HOURS - 1) * 3_600_000;
  const sums = new Map<string, number>();
  for (const hour of hours) {
    if (String(hour.sk) < hourOf(from)) continue;
    for (const [attr, value] of Object.entries(hour))
      if (typeof value === 'number') sums.set(attr, (sums.get(attr) ?? 0) + value);
  }
  const starting = (prefix: string): Record<string, number> =>
    Object.fromEntries(
      [...sums]
        .filter(([attr]) => attr.startsWith(prefix))
        .map(([attr, n]) => [attr.slice(prefix.length), n] as const)
        .sort(([a], [b]) => a.localeCompare(b)),
    );
  const quantiles = (prefix: string, edges: readonly number[]) => {
    const buckets = Array.from({ length: edges.length + 1 }, (_, i) => sums.get(`${prefix}${i}`) ?? 0);
    const count = buckets.reduce((sum, n) => sum + n, 0);
    if (count === 0) return null;
    return { count, p50Ms: percentile(edges, buckets, 0.5), p95Ms: percentile(edges, buckets, 0.95) };
  };
  const steps = (task: string) => {
    const ms = starting(`startMs_${task}_`);
    return Object.fromEntries(
      Object.entries(starting(`start_${task}_`)).map(([step, count]) => [
        step,
        { count, meanMs: Math.round((ms[step] ?? 0) / count) },
      ]),
    );
  };
  return {
    since: new Date(from).toISOString(),
    admitted: sums.get('admitted') ?? 0,
    refused: starting('refused_'),
    ended: starting('ended_'),
    restarted: starting('restarted_'),
    reaped: starting('reaped_'),
    drift: sums.get('drift') ?? 0,
    createToQr: quantiles('qr_', EDGES),
    startSteps: { own: steps('own'), standby: steps('standby') },
    webhooks: { attempts: starting('webhook_'), age: quantiles('webhookAge_', AGE_EDGES) },
  };
};

/** The upper edge of the bucket that holds it: at most so many ms (what is in the last one may be more). */
const percentile = (edges: readonly number[], buckets: readonly number[], part: number): number => {
  const rank = Math.ceil(buckets.reduce((sum, n) => sum + n, 0) * part);
  let seen = 0;
  const index = buckets.findIndex((n) => {
    seen += n;
    return seen >= rank;
  });
  return edges[Math.min(index, edges.length - 1)] ?? 0;
};
