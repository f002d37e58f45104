import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { costOf, totalOf } from '../../../cli/cost/model.ts';
import { PRICES } from '../../../cli/cost/prices.ts';
import { runCli } from './run-cli.ts';

const PAGE = readFileSync(new URL('../../../docs/cost.md', import.meta.url), 'utf8');

it('says on the page about cost what the command says', async () => {
  const blocks = [...PAGE.matchAll(/^```\n\$ berth (.+)\n([\s\S]*?)^```$/gm)];
  expect(blocks.length).toBeGreaterThanOrEqual(3);
  const answers = await Promise.all(blocks.map(([, args = '']) => runCli(args.split(' '))));
  expect(answers.map(({ stdout }) => stdout)).toEqual(blocks.map(([, , text]) => text));
});

it('adds up: the month is what stands and the session-hours, from the price table', () => {
  const cost = costOf({ sessions: 10, hours: 3, days: 20 });
  expect(cost.sessionHours).toBe(600);
  expect(cost.month).toBeCloseTo(totalOf(cost.standing) + 600 * totalOf(cost.sessionHour), 10);
  expect(cost.sessionHour['Fargate: vCPU']).toBe(PRICES.fargate.x86.vcpuHour);
});

it('costs nothing by the hour where nothing runs, and less on ARM and on Spot', () => {
  const none = costOf({ hours: 0 });
  expect(none.month).toBe(totalOf(none.standing));
  const hour = (given: Parameters<typeof costOf>[0]) => totalOf(costOf(given).sessionHour);
  expect(hour({ arch: 'arm' })).toBeLessThan(hour({ arch: 'x86' }));
  expect(hour({ spot: true })).toBeLessThan(hour({ spot: false }));
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
