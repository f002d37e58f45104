import { type StatsAddition, statsAdditions } from '../../core/observability/hourly-stats.ts';
import type { MetricName } from '../../core/observability/metrics.ts';

/** This instance's counts for the statistics that are not written yet. */
const counted = new Map<string, number>();

export const noteForStats = (
  name: MetricName,
  value: number,
  dimensions?: Readonly<Record<string, string>>,
): void => {
  noteAdditions(statsAdditions(name, value, dimensions));
};

/** The same for what is no metric of CloudWatch. */
export const noteAdditions = (additions: readonly StatsAddition[]): void => {
  for (const { attr, by } of additions) counted.set(attr, (counted.get(attr) ?? 0) + by);
};

/** Hands out what was counted, once; nothing if `worthIt` says that it can wait. */
export const takeCounted = (
  worthIt: (attributes: readonly string[]) => boolean,
): Readonly<Record<string, number>> | undefined => {
  if (counted.size === 0 || !worthIt([...counted.keys()])) return undefined;
  const taken = Object.fromEntries(counted);
  counted.clear();
  return taken;
};
