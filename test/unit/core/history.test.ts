import { expect, test } from 'vitest';
import { HISTORY_MAX_POINTS } from '../../../core/observability/history.ts';
import { statsKey } from '../../../core/observability/hourly-stats.ts';
import { history, recordUse } from '../../../core/observability/read-history.ts';
import { NOW, type TestSystem, testSystem } from './test-system.ts';

const MINUTE = 60_000;

/** A sweep each minute; `happens` says what was counted in the minute before the sweep, and how full it is then. */
const sweeps = async (
  system: TestSystem,
  minutes: number,
  happens: (minute: number) => { active?: number; add?: Readonly<Record<string, number>> } = () => ({}),
): Promise<void> => {
  for (let minute = 0; minute < minutes; minute++) {
    const { active = 0, add } = happens(minute);
    if (add) await system.deps.store.write({ kind: 'update', key: statsKey(system.now), add });
    await recordUse(system.deps, { active, limit: 50 });
    system.now += MINUTE;
  }
};

test('a point a sweep says how full it was, and what happened since the one before', async () => {
  const system = testSystem();
  await sweeps(system, 4, (minute) => ({
    active: minute * 2,
    ...(minute === 2 ? { add: { admitted: 3, refused_user: 1, refused_global: 2, reaped_idle: 4 } } : {}),
  }));
  const { points } = await history(system.deps, 1);
  const quiet = { limit: 50, admitted: 0, refused: 0, reaped: 0 };
  expect(points).toEqual([
    { ...quiet, at: new Date(NOW).toISOString(), active: 0 },
    { ...quiet, at: new Date(NOW + MINUTE).toISOString(), active: 2 },
    {
      limit: 50,
      at: new Date(NOW + 2 * MINUTE).toISOString(),
      active: 4,
      admitted: 3,
      refused: 3,
      reaped: 4,
    },
    { ...quiet, at: new Date(NOW + 3 * MINUTE).toISOString(), active: 6 },
  ]);
});

test('a second sweep within a minute replaces the first one’s sample', async () => {
  const system = testSystem();
  await recordUse(system.deps, { active: 1, limit: 50 });
  system.now += MINUTE / 2;
  await recordUse(system.deps, { active: 2, limit: 40 });
  expect((await history(system.deps, 1)).points).toMatchObject([{ active: 2, limit: 40 }]);
});

test('no event is lost or counted twice if an hour ends, or if no sweep ran for hours', async () => {
  const system = testSystem();
  await sweeps(system, 50);
  await sweeps(system, 20, () => ({ add: { admitted: 1 } }));
  // Counted in an hour without a sweep.
  system.now += 60 * MINUTE;
  await system.deps.store.write({ kind: 'update', key: statsKey(system.now), add: { admitted: 100 } });
  system.now += 60 * MINUTE;
  await sweeps(system, 5, () => ({ add: { admitted: 1 } }));
  const { points } = await history(system.deps, 6);
  expect(points.reduce((sum, { admitted }) => sum + admitted, 0)).toBe(125);
});

test('only the requested hours are returned, in no more points than a chart can show, with their peaks', async () => {
  const system = testSystem();
  const minutes = 49 * 60;
  await sweeps(system, minutes, (minute) => ({
    active: minute === 1000 ? 49 : 1,
    ...(minute % 10 === 0 ? { add: { admitted: 1 } } : {}),
  }));
  const { points } = await history(system.deps, 48);
  expect(points.length).toBeLessThanOrEqual(HISTORY_MAX_POINTS + 1);
  expect(points.length).toBeGreaterThan(HISTORY_MAX_POINTS / 2);
  expect(Math.max(...points.map(({ active }) => active))).toBe(49);
  expect(Date.parse(points[0]?.at ?? '')).toBeGreaterThanOrEqual(system.now - 48 * 60 * MINUTE);
  const admitted = points.reduce((sum, point) => sum + point.admitted, 0);
  expect(admitted).toBeGreaterThanOrEqual(48 * 6 - 2);
  expect(admitted).toBeLessThanOrEqual(48 * 6);

  const short = await history(system.deps, 1);
  expect(short.points).toHaveLength(60);
});

test('before the first sweep there is no point', async () => {
  expect(await history(testSystem().deps, 6)).toEqual({ points: [] });
});
