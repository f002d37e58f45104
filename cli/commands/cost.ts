import type { Command } from 'commander';
import * as z from 'zod';
import { examples, runs } from '../command.ts';
import { COST_DEFAULTS, type Cost, type CostInput, costOf, type Parts, totalOf } from '../cost/model.ts';
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
  spot: z.boolean().optional(),
  vcpu: numberInput.optional(),
  memory: numberInput.optional(),
  messages: countInput.optional(),
  followers: countInput.optional(),
  standby: countInput.optional(),
});

/** `berth cost`: needs no key and no server. */
export const addCost = (program: Command): void => {
  const { sessions, hours, days, vcpu, gib, messages, followers } = COST_DEFAULTS;
  const command = program
    .command('cost')
    .description('estimate the cost on AWS, from a price table that you must check')
    .option('--sessions <n>', `at once (default: ${sessions})`)
    .option('--hours <n>', `a day (default: ${hours})`)
    .option('--days <n>', `a month (default: ${days})`)
    .option('--arch <arm|x86>', 'of the tasks (default: x86)')
    .option('--spot', 'Fargate Spot instead of on demand')
    .option('--vcpu <n>', `of a task (default: ${vcpu})`)
    .option('--memory <GiB>', `of a task (default: ${gib})`)
    .option('--messages <n>', `a session and hour, in and out (default: ${messages})`)
    .option('--followers <n>', `WebSocket connections of a session (default: ${followers})`)
    .option('--standby <n>', 'tasks that wait for a session, around the clock (default: 0)');
  examples(command, '--sessions 50 --hours 8', '--sessions 10 --hours 24 --spot');
  runs(command, inputSchema, async ({ memory, ...given }, { out }) => {
    const chosen = Object.fromEntries(
      Object.entries({ ...given, gib: memory }).filter(([, value]) => value !== undefined),
    );
    const input: CostInput = { ...COST_DEFAULTS, ...chosen };
    const cost = costOf(input);
    out.result(
      { input, prices: { region: PRICES.region, asOf: PRICES.asOf }, ...cost },
      costText(input, cost),
    );
  });
};

/** Dollars as people read them. */
const dollars = (amount: number, digits: number): string => `$${amount.toFixed(digits)}`;

const partRows = (parts: Parts, digits: number): string[][] => [
  ...Object.entries(parts).map(([name, amount]) => [`  ${name}`, dollars(amount, digits)]),
  ['  Sum', dollars(totalOf(parts), digits)],
];

export const costText = (input: CostInput, cost: Cost): string => {
  const kind = `${input.arch === 'arm' ? 'ARM64' : 'x86-64'}, ${input.spot ? 'Spot' : 'on demand'}`;
  const perHour = totalOf(cost.sessionHour);
  const comparison =
    cost.evenHours === undefined
      ? 'Tasks cost less at any number of hours a day.'
      : `Both cost the same at ${cost.evenHours.toFixed(1)} hours a day; above it the servers are cheaper, below it tasks.`;
  return [
    `One session for one hour (${kind}, ${input.vcpu} vCPU, ${input.gib} GiB, ${input.messages} messages)`,
    table(partRows(cost.sessionHour, 5)),
    '',
    'A month with no session at all',
    table(partRows(cost.standing, 2)),
    '',
    `${input.sessions} sessions, ${input.hours} hours a day, ${input.days} days: ${cost.sessionHours} session-hours`,
    table([
      ['  Session-hours', dollars(cost.sessionHours * perHour, 2)],
      ['  Standing', dollars(totalOf(cost.standing), 2)],
      ['  A month', dollars(cost.month, 2)],
      [
        `  ${cost.alwaysOn.servers} server${cost.alwaysOn.servers === 1 ? '' : 's'} m7g.large, always on`,
        dollars(cost.alwaysOn.month, 2),
      ],
    ]),
    comparison,
    '',
    `Prices of ${PRICES.region} as of ${PRICES.asOf}, from memory: check them (cli/cost/prices.ts).`,
  ].join('\n');
};
