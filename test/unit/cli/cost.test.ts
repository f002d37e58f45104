import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { costByGoal, costByUse, GOALS, standbyShare } from '../../../cli/cost/comparisons.ts';
import { COST_DEFAULTS } from '../../../cli/cost/input.ts';
import { costOf } from '../../../cli/cost/model.ts';
import { totalOf } from '../../../cli/cost/parts.ts';
import { PRICES } from '../../../cli/cost/prices.ts';
import { runCli, runHere } from './run-cli.ts';

const PAGE = readFileSync(new URL('../../../docs/cost.md', import.meta.url), 'utf8');

it('says on the page about cost what the command says', async () => {
  const blocks = [...PAGE.matchAll(/^```\n\$ berth (.+)\n([\s\S]*?)^```$/gm)];
  expect(blocks.length).toBeGreaterThanOrEqual(3);
  for (const [, args = '', text] of blocks) {
    expect((await runHere(args.split(' '))).stdout, args).toBe(text);
  }
});

it('adds up: the month is what stands and the session-hours, from the price table', () => {
  const cost = costOf({ sessions: 10, hours: 3, days: 20 });
  expect(cost.sessionHours).toBe(600);
  expect(cost.month).toBeCloseTo(totalOf(cost.standing) + 600 * totalOf(cost.sessionHour), 10);
  expect(cost.sessionHour['Fargate: vCPU']).toBeCloseTo(COST_DEFAULTS.vcpu * PRICES.fargate.x86.vcpuHour, 10);
});

it('costs nothing by the hour if nothing runs, and less on ARM and on Spot', () => {
  const none = costOf({ hours: 0 });
  expect(none.month).toBe(totalOf(none.standing));
  const hour = (given: Parameters<typeof costOf>[0]) => totalOf(costOf(given).sessionHour);
  expect(hour({ arch: 'arm' })).toBeLessThan(hour({ arch: 'x86' }));
  expect(hour({ capacity: 'spot' })).toBeLessThan(hour({ capacity: 'fargate' }));
});

it('counts live events by their followers', () => {
  const live = (followers: number) => costOf({ followers }).sessionHour['Live events'] ?? Number.NaN;
  expect(live(0)).toBe(0);
  expect(live(1)).toBeGreaterThan(0);
  expect(live(10)).toBeGreaterThan(live(1));
  expect(costOf({ followers: 1, messages: 0 }).sessionHour['Live events']).toBeGreaterThan(
    (60 * PRICES.webSocket.millionMinutes) / 1_000_000,
  );
});

it('finds the hours a day at which tasks and servers cost the same', () => {
  const { evenHours, alwaysOn } = costOf({ sessions: 50 });
  expect(costOf({ sessions: 50, hours: evenHours ?? 0 }).month).toBeCloseTo(alwaysOn.month, 6);
  expect(costOf({ sessions: 1, vcpu: 0, gib: 0 }).evenHours).toBeUndefined();
});

it('names the option that is wrong', async () => {
  const { code, stderr } = await runCli(['cost', '--hours', '25']);
  expect(code).toBe(2);
  expect(stderr).toContain('--hours must be 24 at most');
});

it('says which goal for a session-hour holds: all of Fargate, and hosts with much memory on EC2', () => {
  const rows = costByGoal({ followers: 0 }).map(({ capacity, arch, gib, host, hour }) => ({
    kind: capacity === 'ec2' ? host : `${capacity} ${arch} ${gib}`,
    holds: hour <= GOALS[capacity],
  }));
  const missed = rows.filter(({ holds }) => !holds).map(({ kind }) => kind);
  // docs/cost.md and the decision on the architecture say the same.
  expect(missed).toEqual(['m7g.large', 'm7i.2xlarge']);
});

it('shows the goals beside what is measured against them', async () => {
  const { code, stdout } = await runCli(['cost', '--goals', '--followers', '0']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/Fargate on demand +ARM64, 0\.25 vCPU, 1 GiB +\$0\.0171 +\$0\.020 +holds/);
  expect(stdout).toMatch(/Fargate on demand +x86-64, 0\.25 vCPU, 1 GiB +\$0\.0200 +\$0\.020 +holds/);
});

it('shows a month of one session by use, while a server costs the same for any use', () => {
  const rows = costByUse({ arch: 'arm', vcpu: 0.25, gib: 1 });
  expect(rows).toHaveLength(3);
  for (const { month } of rows) {
    expect(month.spot).toBeLessThan(month.fargate);
    expect(month.ec2).toBeLessThan(month.spot);
  }
  expect(new Set(rows.map(({ server }) => server)).size).toBe(1);
  expect(rows[0]?.month.fargate).toBeLessThan(rows[0]?.server ?? 0);
  // 730 hours at half a cent.
  expect(rows.at(-1)?.address.fargate).toBeCloseTo(3.65, 2);
  expect(rows.at(-1)?.address.ec2).toBeLessThan(0.1);
});

it('shares standby tasks among the sessions', () => {
  const { fargate } = standbyShare({ sessions: 50, standby: 2 });
  expect(fargate * 50).toBeCloseTo(costOf({ sessions: 50, standby: 2 }).standby, 10);
});

it('standby tasks cost around the clock, with any number of sessions', () => {
  const without = costOf({ hours: 0 });
  const { standby, month } = costOf({ hours: 0, standby: 2 });
  expect(standby).toBeGreaterThan(0);
  expect(month).toBeCloseTo(without.month + standby, 10);
});
