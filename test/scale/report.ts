/** The figures as text. */
import type { CostInput } from '../../cli/cost/input.ts';
import { costOf } from '../../cli/cost/model.ts';
import { totalOf } from '../../cli/cost/parts.ts';
import type { Day } from './day.ts';
import { peakOf, perSessionHour } from './load.ts';
import { type Quota, ROOM, reachedAt, withoutRoom } from './quotas.ts';
import type { Sweeps } from './sweeps.ts';

const number = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toFixed(value < 1 ? 3 : 1);

const columns = (rows: readonly (readonly string[])[]): string[] => {
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
};

/** Operations and units, for a session-hour, a second on average and a second at the peak of the day. */
export const trafficLines = (day: Day, sweeps: Sweeps, hours: number, sweepMinutes: number): string[] => {
  const names = [...new Set([...day.ledger.totals.keys(), ...sweeps.ledger.totals.keys()])].sort();
  return columns([
    ['Operation', 'a session-hour', 'sessions /s', 'peak /s', 'sweeps /s'],
    ...names.map((name) => [
      name,
      number(perSessionHour(day, name)),
      number((day.ledger.get(name) * day.weight) / (hours * 3600)),
      number(peakOf(day, (each) => each === name)),
      number(sweeps.ledger.get(name) / (sweepMinutes * 60)),
    ]),
  ]);
};

const verdictOf = ({ need, limit, remedy }: Quota): string => {
  if (need <= limit * ROOM) return 'room';
  return remedy === 'raise' ? `raise to ${Math.ceil(need / ROOM).toLocaleString('en-US')}` : 'NO ROOM';
};

/** Each limit with its use, in the order in which a growing fleet reaches them. */
export const quotaLines = (quotas: readonly Quota[], sessions: number): string[] =>
  columns([
    ['Limit', 'needed', 'limit', 'used', 'reached at', 'verdict'],
    ...quotas
      .toSorted((a, b) => reachedAt(a, sessions) - reachedAt(b, sessions))
      .map((quota) => [
        quota.name,
        number(quota.need),
        quota.limit.toLocaleString('en-US'),
        `${((100 * quota.need) / quota.limit).toFixed(quota.need < quota.limit ? 1 : 0)} %`,
        `${reachedAt(quota, sessions).toLocaleString('en-US')} sessions`,
        verdictOf(quota),
      ]),
  ]);

/** Changes that are needed before the fleet is this large. */
export const changeLines = (quotas: readonly Quota[]): string[] => {
  const short = quotas.filter(({ need, limit }) => need > limit * ROOM);
  if (short.length === 0) return ['Nothing has to be changed.'];
  return short.map(({ name, remedy, action }) => `- ${name} (${remedy}): ${action}`);
};

/** The bill of a month for what ran. */
export const billLines = (day: Day, options: Partial<CostInput>): string[] => {
  const sessionHoursADay = day.sessionHours * day.weight;
  const rows = (
    [
      ['Fargate on demand', { capacity: 'fargate' }],
      ['Fargate Spot', { capacity: 'spot' }],
      ['EC2', { capacity: 'ec2' }],
    ] as const
  ).map(([name, choice]) => {
    const cost = costOf({ ...options, ...choice });
    const hour = totalOf(cost.sessionHour);
    return [
      name,
      `$${hour.toFixed(4)}`,
      `$${Math.round(hour * sessionHoursADay * 30 + totalOf(cost.standing)).toLocaleString('en-US')}`,
    ];
  });
  return columns([['Capacity', 'a session-hour', 'a month'], ...rows]);
};

export const verdictLine = (quotas: readonly Quota[], sessions: number): string => {
  const failing = withoutRoom(quotas);
  const [first] = quotas
    .filter(({ remedy }) => remedy !== 'raise')
    .toSorted((a, b) => reachedAt(a, sessions) - reachedAt(b, sessions));
  return failing.length === 0
    ? `${sessions.toLocaleString('en-US')} sessions fit. First to give, of what AWS does not raise: ${first?.name}, at ${first ? reachedAt(first, sessions).toLocaleString('en-US') : '?'} sessions.`
    : `${sessions.toLocaleString('en-US')} sessions do not fit as configured: ${failing.map(({ name }) => name).join('; ')}.`;
};
