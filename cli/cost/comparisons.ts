/** The cost of a session beside other uses, other capacity, a server of many sessions, and the goals. */
import { type Capacity, COST_DEFAULTS, type CostInput, HOSTS, type HostName, hostOf } from './input.ts';
import { serverMonth } from './model.ts';
import {
  ADDRESS,
  costOfSessionHour,
  costOfTask,
  costOfWaiting,
  HOURS_A_MONTH,
  roomOf,
  totalOf,
} from './parts.ts';
import { PRICES, type Prices } from './prices.ts';

/** How a session is used. */
const USES = [
  { name: '15 minutes, four times a day', hours: 1, days: 30 },
  { name: 'office hours: 8 hours on 22 days', hours: 8, days: 22 },
  { name: 'always on', hours: HOURS_A_MONTH / 30, days: 30 },
] as const;

export type UseRow = {
  readonly use: string;
  /** Dollars a session and month, without what stands. */
  readonly month: Readonly<Record<Capacity, number>>;
  /** Of them, for public addresses. */
  readonly address: Readonly<Record<Capacity, number>>;
  /** A session's share of a server that is full, and always on. */
  readonly server: number;
};

/** The cost of one session per month, by its use and by capacity, beside a server of many sessions. */
export const costByUse = (given: Partial<CostInput> = {}, prices: Prices = PRICES): readonly UseRow[] => {
  const input = { ...COST_DEFAULTS, ...given };
  const server = serverMonth(prices) / roomOf(prices.server.gib, input.hostGib);
  return USES.map(({ name, hours, days }) => ({
    use: name,
    month: byCapacity(
      (capacity) => hours * days * totalOf(costOfSessionHour({ ...input, capacity }, prices)),
    ),
    address: byCapacity(
      (capacity) => hours * days * (costOfTask({ ...input, capacity }, prices)[ADDRESS] ?? 0),
    ),
    server,
  }));
};

/**
 * What standby tasks that wait around the clock add to each session of the fleet, a month. One that a session takes
 * becomes its task: the next one waits in its place.
 */
export const standbyShare = (
  given: Partial<CostInput> = {},
  prices: Prices = PRICES,
): Readonly<Record<Capacity, number>> => {
  const input = { ...COST_DEFAULTS, ...given };
  return byCapacity(
    (capacity) =>
      (input.standby * HOURS_A_MONTH * totalOf(costOfWaiting({ ...input, capacity }, prices))) /
      input.sessions,
  );
};

const byCapacity = (of: (capacity: Capacity) => number): Readonly<Record<Capacity, number>> => ({
  fargate: of('fargate'),
  spot: of('spot'),
  ec2: of('ec2'),
});

/** Dollars of a session-hour that Berth aims at. */
export const GOALS: Readonly<Record<Capacity, number>> = { fargate: 0.02, spot: 0.01, ec2: 0.006 };

export type GoalRow = Pick<CostInput, 'capacity' | 'arch' | 'gib'> & {
  readonly host: HostName;
  readonly hour: number;
};

/** A session-hour on each capacity, architecture and memory of the small sizes, everything else as given. */
export const costByGoal = (given: Partial<CostInput> = {}, prices: Prices = PRICES): readonly GoalRow[] => {
  const input = { ...COST_DEFAULTS, ...given };
  const row = (change: Partial<CostInput>): GoalRow => {
    const choice = { ...input, ...change };
    const { capacity, arch, gib } = choice;
    return { capacity, arch, gib, host: hostOf(choice), hour: totalOf(costOfSessionHour(choice, prices)) };
  };
  return [
    ...(['fargate', 'spot'] as const).flatMap((capacity) =>
      (['x86', 'arm'] as const).flatMap((arch) => [0.5, 1].map((gib) => row({ capacity, arch, gib }))),
    ),
    ...HOSTS.map((host) => row({ capacity: 'ec2', arch: prices.hosts[host].arch, host })),
  ];
};
