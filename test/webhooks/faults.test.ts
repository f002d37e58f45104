import { expect, test } from 'vitest';
import { runFaults } from './run.ts';

test('events reach an endpoint that fails in every way, none lost, in order, by deliverers that are killed', async () => {
  const lines: string[] = [];
  const report = await runFaults({
    seed: 1,
    events: 400,
    sessions: 20,
    downMs: 3_000,
    retryDelaySeconds: 1,
    visibilitySeconds: 5,
    kills: 2,
    hangs: false,
    limitMs: 150_000,
    onProgress: (line) => lines.push(line),
  });
  expect(report.broken, lines.join('\n')).toEqual([]);
  expect(report).toMatchObject({ sent: 400, taken: 400 });
  expect(report.killed).toBeGreaterThan(0);
  expect(report.failedAttempts).toBeGreaterThan(0);
  expect(report.redriven).toBeGreaterThan(0);
}, 180_000);
