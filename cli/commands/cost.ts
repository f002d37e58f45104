import type { Command } from 'commander';
import * as z from 'zod';
import { examples, runs } from '../command.ts';
import {
  costByGoal,
  costByUse,
  GOALS,
  type GoalRow,
  standbyShare,
  type UseRow,
} from '../cost/comparisons.ts';
import { CAPACITIES, COST_DEFAULTS, type CostInput, HOSTS, hostOf } from '../cost/input.ts';
import { type Cost, costOf } from '../cost/model.ts';
import { type Parts, totalOf } from '../cost/parts.ts';
import { PRICES } from '../cost/prices.ts';
import { countInput } from '../input.ts';
import { table } from '../output.ts';

const numberInput = z
  .string()
  .regex(/^\d{1,6}(\.\d{1,3})?$/, 'must be a number')
  .transform(Number);
const hoursInput = numberInput.refine((hours) => hours <= 24, 'must be 24 at most');

const inputSchema = z.object({
  sessions: countInput.refine((n) => n > 0, 'must be 1 at least').optional(),
  hours: hoursInput.optional(),
  days: numberInput.refine((days) => days > 0 && days <= 31, 'must be between 1 and 31').optional(),
  arch: z.enum(['arm', 'x86'], 'must be arm or x86').optional(),
  capacity: z.enum(CAPACITIES, `must be ${CAPACITIES.join(', ')}`).optional(),
  standby: countInput.optional(),
  host: z.enum(HOSTS, `must be ${HOSTS.join(', ')}`).optional(),
  hostMemory: numberInput.refine((gib) => gib > 0, 'must be above 0').optional(),
  heartbeat: countInput.refine((n) => n > 0, 'must be 1 at least').optional(),
  byUse: z.boolean().default(false),
  goals: z.boolean().default(false),
  vcpu: numberInput.optional(),
  memory: numberInput.optional(),
  messages: countInput.optional(),
  followers: countInput.optional(),
});

/** `berth cost`: needs no key and no server. */
export const addCost = (program: Command): void => {
  const { sessions, hours, days, vcpu, gib, hostGib, messages, followers, heartbeatSeconds } = COST_DEFAULTS;
  const command = program
    .command('cost')
    .description('estimate the cost on AWS, from a price table that you must check')
    .option('--sessions <n>', `at once (default: ${sessions})`)
    .option('--hours <n>', `a day (default: ${hours})`)
    .option('--days <n>', `a month (default: ${days})`)
    .option('--arch <arm|x86>', 'of the tasks (default: x86)')
    .option('--capacity <kind>', `${CAPACITIES.join(', ')} (default: fargate, on demand)`)
    .option('--standby <n>', 'tasks that wait for sessions around the clock (default: 0)')
    .option('--by-use', 'a month of one session by its use, on every capacity and on a server')
    .option('--goals', 'a session-hour on every capacity beside the goals, and which of them holds')
    .option('--vcpu <n>', `of a task (default: ${vcpu})`)
    .option('--memory <GiB>', `of a task (default: ${gib})`)
    .option('--host <type>', `${HOSTS.join(', ')} (default: one of the architecture)`)
    .option('--host-memory <GiB>', `of a session on a host or a server (default: ${hostGib})`)
    .option('--heartbeat <seconds>', `between heartbeats (default: ${heartbeatSeconds})`)
    .option('--messages <n>', `a session and hour, in and out (default: ${messages})`)
    .option('--followers <n>', `WebSocket connections of a session (default: ${followers})`);
  examples(
    command,
    '--sessions 50 --hours 8',
    '--sessions 10 --hours 24 --capacity spot',
    '--by-use --arch arm --standby 1',
    '--goals',
  );
  runs(command, inputSchema, async (asked, { out }) => {
    const { memory, hostMemory, heartbeat, byUse, goals, ...given } = asked;
    const chosen = Object.fromEntries(
      Object.entries({ ...given, gib: memory, hostGib: hostMemory, heartbeatSeconds: heartbeat }).filter(
        ([, value]) => value !== undefined,
      ),
    );
    const input: CostInput = { ...COST_DEFAULTS, ...chosen };
    const prices = { region: PRICES.region, asOf: PRICES.asOf };
    if (goals) {
      const rows = costByGoal(input);
      out.result({ input, prices, goals: GOALS, rows }, goalsText(input, rows));
      return;
    }
    if (byUse) {
      const uses = costByUse(input);
      const standby = standbyShare(input);
      out.result({ input, prices, uses, standby }, byUseText(input, uses, standby));
      return;
    }
    const cost = costOf(input);
    out.result({ input, prices, ...cost }, costText(input, cost));
  });
};

const PRICE_NOTE = `Prices of ${PRICES.region} as of ${PRICES.asOf}, from memory: check them (cli/cost/prices.ts).`;

const ARCHITECTURES = { arm: 'ARM64', x86: 'x86-64' } as const;

const kindOf = (input: CostInput): string => {
  const { capacity, arch, vcpu, gib, hostGib } = input;
  return capacity === 'ec2'
    ? `EC2 ${hostOf(input)}, ${hostGib} GiB a session`
    : `${ARCHITECTURES[arch]}, ${capacity === 'spot' ? 'Spot' : 'on demand'}, ${vcpu} vCPU, ${gib} GiB`;
};

const byUseText = (
  input: CostInput,
  uses: readonly UseRow[],
  standby: ReturnType<typeof standbyShare>,
): string =>
  [
    `One session for a month (${ARCHITECTURES[input.arch]}, ${input.vcpu} vCPU and ${input.gib} GiB on Fargate, ${input.hostGib} GiB on hosts and servers)`,
    table([
      ['  Use', 'Fargate', 'Spot', 'EC2', 'Server with WAHA'],
      ...uses.flatMap(({ use, month, address, server }) => [
        [`  ${use}`, ...CAPACITIES.map((capacity) => dollars(month[capacity], 2)), dollars(server, 2)],
        ['    of it its public address', ...CAPACITIES.map((capacity) => dollars(address[capacity], 2)), ''],
      ]),
      ...(input.standby > 0
        ? [
            [
              `  ${tasks(input.standby)} for ${input.sessions} sessions: each more`,
              ...CAPACITIES.map((capacity) => dollars(standby[capacity], 2)),
              '',
            ],
          ]
        : []),
    ]),
    '',
    `EC2 is ${hostOf(input)}, filled to 90 %. Server is a full ${PRICES.server.name} that is always on.`,
    PRICE_NOTE,
  ].join('\n');

const KINDS = { fargate: 'Fargate on demand', spot: 'Fargate Spot', ec2: 'EC2' } as const;

const goalsText = (input: CostInput, rows: readonly GoalRow[]): string =>
  [
    `A session-hour (${input.messages} messages, ${input.followers} followers, a heartbeat every ${input.heartbeatSeconds} s) beside its goal`,
    table([
      ['  Capacity', 'Task', 'Price', 'Goal', ''],
      ...rows.map(({ capacity, arch, gib, host, hour }) => [
        `  ${KINDS[capacity]}`,
        capacity === 'ec2'
          ? `${ARCHITECTURES[arch]}, ${host}, ${input.hostGib} GiB a session`
          : `${ARCHITECTURES[arch]}, ${input.vcpu} vCPU, ${gib} GiB`,
        dollars(hour, 4),
        dollars(GOALS[capacity], 3),
        hour <= GOALS[capacity] ? 'holds' : 'missed',
      ]),
    ]),
    '',
    PRICE_NOTE,
  ].join('\n');

const tasks = (count: number): string => `${count} standby task${count === 1 ? '' : 's'}`;

/** Dollars as people read them. */
const dollars = (amount: number, digits: number): string => `$${amount.toFixed(digits)}`;

const partRows = (parts: Parts, digits: number): string[][] => [
  ...Object.entries(parts).map(([name, amount]) => [`  ${name}`, dollars(amount, digits)]),
  ['  Sum', dollars(totalOf(parts), digits)],
];

const costText = (input: CostInput, cost: Cost): string => {
  const kind = kindOf(input);
  const perHour = totalOf(cost.sessionHour);
  const comparison =
    cost.evenHours === undefined
      ? 'Tasks cost less at any number of hours a day.'
      : `Both cost the same at ${cost.evenHours.toFixed(1)} hours a day; above it the servers are cheaper, below it tasks.`;
  return [
    `One session for one hour (${kind}, ${input.messages} messages)`,
    table(partRows(cost.sessionHour, 5)),
    '',
    'A month with no session at all',
    table(partRows(cost.standing, 2)),
    '',
    `${input.sessions} sessions, ${input.hours} hours a day, ${input.days} days: ${cost.sessionHours} session-hours`,
    table([
      ['  Session-hours', dollars(cost.sessionHours * perHour, 2)],
      ['  Standing', dollars(totalOf(cost.standing), 2)],
      ...(input.standby > 0 ? [[`  ${tasks(input.standby)}`, dollars(cost.standby, 2)]] : []),
      ['  A month', dollars(cost.month, 2)],
      [
        `  ${cost.alwaysOn.servers} server${cost.alwaysOn.servers === 1 ? '' : 's'} ${PRICES.server.name}, always on`,
        dollars(cost.alwaysOn.month, 2),
      ],
    ]),
    comparison,
    '',
    PRICE_NOTE,
  ].join('\n');
};
