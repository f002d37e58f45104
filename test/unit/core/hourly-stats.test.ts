import { expect, test } from 'vitest';
import {
  deliveryAdditions,
  lastDay,
  statsAdditions,
  statsKey,
} from '../../../core/observability/hourly-stats.ts';
import type { Item } from '../../../core/store.ts';

const NOW = Date.UTC(2026, 0, 2, 12, 30);
const HOUR = 3_600_000;

const hour = (at: number, samples: readonly (readonly [string, number])[]): Item => ({
  ...statsKey(at),
  ...Object.fromEntries(samples),
});

test('samples of a metric are added under its dimension; healthy drift adds nothing', () => {
  expect(statsAdditions('SessionsAdmitted', 1)).toEqual([{ attr: 'admitted', by: 1 }]);
  expect(statsAdditions('AdmissionsRefused', 1, { Scope: 'user' })).toEqual([
    { attr: 'refused_user', by: 1 },
  ]);
  expect(statsAdditions('SessionsReaped', 1, { Reason: 'idle' })).toEqual([{ attr: 'reaped_idle', by: 1 }]);
  expect(statsAdditions('SessionsRestarted', 1, { Reason: 'crashed' })).toEqual([
    { attr: 'restarted_crashed', by: 1 },
  ]);
  expect(statsAdditions('CounterDrift', 0)).toEqual([]);
  expect(statsAdditions('ActiveSessions', 7)).toEqual([]);
});

test('the last day sums 24 hours and leaves out older ones', () => {
  const day = lastDay(
    [
      hour(NOW, [
        ['admitted', 2],
        ['refused_user', 1],
      ]),
      hour(NOW - 23 * HOUR, [
        ['admitted', 3],
        ['reaped_idle', 4],
        ['ended_user', 5],
        ['drift', 1],
      ]),
      hour(NOW - 24 * HOUR, [['admitted', 100]]),
    ],
    NOW,
  );
  expect(day).toEqual({
    since: '2026-01-01T13:00:00.000Z',
    admitted: 5,
    refused: { user: 1 },
    ended: { user: 5 },
    restarted: {},
    reaped: { idle: 4 },
    drift: 1,
    createToQr: null,
    startSteps: { own: {}, standby: {} },
    webhooks: { attempts: {}, age: null },
  });
});

test('percentiles are never below the true ones, and at most 30 % above', () => {
  const times = Array.from({ length: 100 }, (_, i) => 1_500 + i * 300);
  const buckets = new Map<string, number>();
  for (const ms of times) {
    for (const { attr, by } of statsAdditions('TimeToQr', ms))
      buckets.set(attr, (buckets.get(attr) ?? 0) + by);
  }
  const { createToQr } = lastDay([hour(NOW, [...buckets])], NOW);
  expect(createToQr?.count).toBe(100);
  for (const [estimate, exact] of [
    [createToQr?.p50Ms, times[49]],
    [createToQr?.p95Ms, times[94]],
  ] as const) {
    expect(estimate).toBeGreaterThanOrEqual(exact ?? 0);
    expect(estimate).toBeLessThanOrEqual((exact ?? 0) * 1.31);
  }
});

test('what took longer than the longest bucket is counted all the same', () => {
  const [addition] = statsAdditions('TimeToQr', 3_600_000);
  const { createToQr } = lastDay([hour(NOW, [[addition?.attr ?? '', 1]])], NOW);
  expect(createToQr).toMatchObject({ count: 1 });
  expect(createToQr?.p95Ms).toBeGreaterThan(400_000);
});

test('deliveries are counted by result, and their age by quantile; what was not attempted is not counted', () => {
  const sums = new Map<string, number>();
  for (const [outcome, ageMs] of [
    ['delivered', 90],
    ['delivered', 3_000],
    ['retry', 50],
    ['dead', 400_000],
    ['postponed', 10],
    ['dropped', 10],
  ] as const)
    for (const { attr, by } of deliveryAdditions(outcome, ageMs)) sums.set(attr, (sums.get(attr) ?? 0) + by);
  expect(lastDay([hour(NOW, [...sums])], NOW).webhooks).toEqual({
    attempts: { dead: 1, retry: 1, delivered: 2 },
    age: { count: 2, p50Ms: 100, p95Ms: 3200 },
  });
});

test('steps of starts are means, for new tasks and for standby tasks', () => {
  const sums = new Map<string, number>();
  for (const [Task, Step, ms] of [
    ['own', 'imagePulled', 20_000],
    ['own', 'imagePulled', 31_000],
    ['own', 'codeShown', 40_000],
    ['standby', 'codeShown', 900],
  ] as const)
    for (const { attr, by } of statsAdditions('StartStep', ms, { Step, Task }))
      sums.set(attr, (sums.get(attr) ?? 0) + by);
  expect(lastDay([hour(NOW, [...sums])], NOW).startSteps).toEqual({
    own: { imagePulled: { count: 2, meanMs: 25_500 }, codeShown: { count: 1, meanMs: 40_000 } },
    standby: { codeShown: { count: 1, meanMs: 900 } },
  });
});
