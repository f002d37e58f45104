/**
 * How starts end with each build of WhatsApp Web: the sums of each hour, and the outcomes that the ruling is made from. An
 * outcome that cannot be written in time is dropped: the rule judges by many outcomes, and a start must not wait for a
 * statistic.
 */
import type { BuildView } from '../../contract/bodies/engine.ts';
import { type BuildCounts, COUNTED, NO_COUNTS } from '../../contract/builds/counts.ts';
import type { Deps } from '../deps.ts';
import { BUILD_HOURS_PARTITION, TTL_ATTRIBUTE } from '../items.ts';
import type { Session } from '../lifecycle/session.ts';
import { hourOf, STATS_HOURS, STATS_KEEP_SECONDS } from '../observability/hourly-stats.ts';
import { queryAll } from '../query-all.ts';
import type { Item } from '../store.ts';
import { type Outcome, observe, type Ruling, type Source } from './rule.ts';
import { changeRuling, type Reads, type Writes } from './ruling.ts';

/** A worker may wait this long for its build's outcome to be written. */
const OBSERVE_BUDGET_MS = 1_500;

/**
 * Takes in what a worker counted since its last report: adds it to the hour's sums and judges the build by it. Never
 * throws for a fault of the database: what is lost is a statistic.
 */
export const recordBuilds = async (
  deps: Writes & Pick<Deps, 'log' | 'settings'>,
  session: Pick<Session, 'sessionId'>,
  counted: readonly BuildCounts[],
): Promise<void> => {
  if (counted.length === 0) return;
  try {
    for (const counts of counted) await addToHour(deps, counts);
    const outcomes = counted.flatMap((counts) => outcomesOf(counts, session.sessionId));
    if (outcomes.length === 0) return;
    const changed = await changeRuling(
      deps,
      OBSERVE_BUDGET_MS,
      ({ ruling, saved }) =>
        outcomes.reduce((now, outcome) => observe(now, outcome, saved, deps.clock()), ruling),
      () => undefined,
    );
    if (!changed) deps.log.warn('the outcome of a start was not counted for its build');
    else logModeChange(deps, changed.before, changed.after);
  } catch (error) {
    deps.log.warn('the outcome of a start was not counted for its build', { error: String(error) });
  }
};

const logModeChange = (deps: Pick<Deps, 'log'>, before: Ruling, after: Ruling): void => {
  if (before.mode === after.mode && before.target === after.target) return;
  deps.log.warn('the build of WhatsApp Web for new starts changed', {
    mode: after.mode,
    target: after.target,
    from: after.from,
    live: after.live,
  });
};

/** A worker reports at every change, so that a report seldom holds both; failures come first then. */
const outcomesOf = (counts: BuildCounts, session: string): readonly Outcome[] => {
  const source: Source | undefined = !counts.saved
    ? 'live'
    : counts.build === null
      ? undefined
      : { version: counts.build };
  if (source === undefined) return [];
  const build = counts.build ?? undefined;
  const repeated = (times: number, ok: boolean): Outcome[] =>
    Array.from({ length: Math.min(times, 10) }, () => ({ source, build, session, ok }));
  return [...repeated(counts.failures, false), ...repeated(counts.codes + counts.readies, true)];
};

export const UNKNOWN_BUILD = 'unknown';

const addToHour = (deps: Reads, counts: BuildCounts): Promise<unknown> => {
  const now = deps.clock();
  const add = Object.fromEntries(
    COUNTED.flatMap((name) => (counts[name] > 0 ? [[name, counts[name]] as const] : [])),
  );
  return deps.store.write({
    kind: 'update',
    key: { pk: BUILD_HOURS_PARTITION, sk: `${hourOf(now)}#${counts.build ?? UNKNOWN_BUILD}` },
    set: { [TTL_ATTRIBUTE]: Math.floor(now / 1000) + STATS_KEEP_SECONDS },
    add,
  });
};

export const lastDayByBuild = async (deps: Reads): Promise<ReadonlyMap<string, BuildView['lastDay']>> => {
  const after = hourOf(deps.clock() - STATS_HOURS * 3_600_000);
  const sums = new Map<string, BuildView['lastDay']>();
  for (const item of await queryAll(deps, { partition: BUILD_HOURS_PARTITION, after })) {
    const build = String(item.sk).split('#')[1] ?? UNKNOWN_BUILD;
    const sum = { ...(sums.get(build) ?? NO_COUNTS) };
    for (const name of COUNTED) sum[name] += numberAt(item, name);
    sums.set(build, sum);
  }
  return sums;
};

const numberAt = (item: Item, name: string): number => {
  const value = item[name];
  return typeof value === 'number' ? value : 0;
};
