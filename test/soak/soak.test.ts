import { expect, test } from 'vitest';
import { runSoak } from './run.ts';

test('sessions at work lose nothing, with any process killed', async () => {
  const lines: string[] = [];
  const report = await runSoak({
    sessions: 2,
    seconds: 24,
    in: 4,
    out: 2,
    seed: 1,
    killEvery: 6,
    killSystem: true,
    rest: 0,
    drain: 60,
    row: 8,
    hold: false,
    onLine: (line) => lines.push(line),
  });
  expect(report.broken, lines.join('\n')).toEqual([]);
  expect(report.kills.system).toBe(1);
  expect(report.kills.worker + report.kills.browser).toBeGreaterThan(0);
  expect(report.delivered).toBeGreaterThan(0);
  expect(report.sendsDone, lines.join('\n')).toBeGreaterThan(0);
}, 240_000);
