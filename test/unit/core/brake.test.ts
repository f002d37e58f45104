import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { report } from '../../../core/lifecycle/worker.ts';
import { recordRun } from '../../../core/observability/health.ts';
import { type Metrics, TaskEngineUnavailable } from '../../../core/ports.ts';
import { isBraked, isLate, passCap } from '../../../core/reaping/brake.ts';
import { reap } from '../../../core/reaping/reap.ts';
import { load, workingSession } from './session.ts';
import { type TestSystem, testSystem } from './test-system.ts';

const counts = fc.nat({ max: 10_000 });

test('five silent sessions are never too many, and more than a quarter of all, but more than five, always are', () => {
  fc.assert(
    fc.property(counts, counts, (late, sessions) => {
      if (late <= 5) expect(isBraked(late, sessions)).toBe(false);
      if (late > 5 && late > sessions / 4) expect(isBraked(late, sessions)).toBe(true);
      if (late <= Math.floor(sessions / 4)) expect(isBraked(late, sessions)).toBe(false);
    }),
  );
});

test('one more silent session never releases the brake, and one more session with a heartbeat never applies it', () => {
  fc.assert(
    fc.property(counts, counts, (late, sessions) => {
      expect(isBraked(late + 1, sessions) || !isBraked(late, sessions)).toBe(true);
      expect(isBraked(late, sessions) || !isBraked(late, sessions + 1)).toBe(true);
    }),
  );
});

test('a sweep without the brake stops no more than the cap', () => {
  fc.assert(
    fc.property(counts, counts, (late, sessions) => {
      if (!isBraked(late, sessions)) expect(late).toBeLessThanOrEqual(passCap(sessions));
    }),
  );
});

test('a worker is late after two heartbeats, and never before its first', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.nat({ max: 1_000_000 }), (heartbeatSeconds, ageMs) => {
      const late = isLate({ lastHeartbeatAt: 5_000_000 - ageMs }, heartbeatSeconds, 5_000_000);
      expect(late).toBe(ageMs >= 2000 * heartbeatSeconds);
    }),
  );
  expect(isLate({}, 20, Number.MAX_SAFE_INTEGER)).toBe(false);
});

const NAMES = Array.from({ length: 8 }, (_, i) => `s${i}`);

/** Eight sessions, of which only the first `reporting` have sent heartbeats since. */
const fleet = async (reporting: number, silentMs = 100_000, settings = {}): Promise<TestSystem> => {
  const system = testSystem({ userLimit: 20, ...settings });
  for (const name of NAMES) await workingSession(system, name);
  system.now += silentMs;
  for (const name of NAMES.slice(0, reporting))
    await report(system.deps, await load(system, name), { seq: 50, status: 'WORKING' });
  return system;
};

/** The system's dependencies, and every sample that they count. */
const counting = (system: TestSystem) => {
  const counted: [string, number][] = [];
  const count: Metrics['count'] = (name, value, ..._dimensions) => void counted.push([name, value]);
  return { deps: { ...system.deps, metrics: { count } }, counted };
};

const states = (system: TestSystem) =>
  Promise.all(NAMES.map(async (name) => (await load(system, name)).state));
const RUNNING = NAMES.map(() => 'RUNNING');

test('of too many that are silent at once while their tasks run, none is stopped', async () => {
  const system = await fleet(2);
  const { deps, counted } = counting(system);
  expect(await reap(deps)).toMatchObject({ due: 6, acted: {}, braked: true, failed: 0 });
  expect(await states(system)).toEqual(RUNNING);
  expect(counted).toContainEqual(['ReaperBraked', 1]);
});

test('a few silent ones are stopped, and the sweep says that the brake was off', async () => {
  const system = await fleet(3);
  const { deps, counted } = counting(system);
  expect(await reap(deps)).toMatchObject({ acted: { heartbeat_lost: 5 }, braked: false });
  expect(counted).toContainEqual(['ReaperBraked', 0]);
});

test('the first sweep of an outage, in which one worker has timed out, stops none: the others are late already', async () => {
  const system = await fleet(0, 0);
  const [first, ...others] = NAMES;
  system.now += 20_000;
  for (const name of others)
    await report(system.deps, await load(system, name), { seq: 51, status: 'WORKING' });
  system.now += 71_000;
  expect(await reap(system.deps)).toMatchObject({ acted: {}, braked: true });
  expect((await load(system, first ?? '')).state).toBe('RUNNING');
});

test('those whose task is gone give their slot back under the brake, too, and do not count for it', async () => {
  const system = await fleet(0);
  const gone = [...system.tasks.keys()].slice(0, 1);
  for (const arn of gone) system.tasks.delete(arn);
  expect(await reap(system.deps)).toMatchObject({ acted: { heartbeat_lost: 1 }, braked: true });
  for (const arn of [...system.tasks.keys()].slice(0, 2)) system.tasks.delete(arn);
  expect(await reap(system.deps), 'five run: few enough').toMatchObject({
    acted: { heartbeat_lost: 7 },
    braked: false,
  });
});

test('under the brake no deadline counts that rests on reports which do not arrive; the maximum duration does', async () => {
  const system = await fleet(0, 16 * 60_000);
  expect(await reap(system.deps), 'idle as far as is known').toMatchObject({
    acted: {},
    braked: true,
  });
  expect(await states(system)).toEqual(RUNNING);
  system.now += 2 * 3600_000;
  expect(await reap(system.deps)).toMatchObject({ acted: { max_duration: 8 }, braked: true });
});

test('if the engine does not report which tasks run, none is stopped', async () => {
  const system = await fleet(0);
  const list = async () => {
    throw new TaskEngineUnavailable('throttled');
  };
  const deps = { ...system.deps, tasks: { ...system.deps.tasks, list } };
  expect(await reap(deps)).toMatchObject({ acted: {}, braked: true });
  expect(await states(system)).toEqual(RUNNING);
});

test('the brake lets go once heartbeats arrive again', async () => {
  const system = await fleet(0);
  expect(await reap(system.deps)).toMatchObject({ braked: true });
  for (const name of NAMES)
    await report(system.deps, await load(system, name), { seq: 60, status: 'WORKING' });
  system.now += 60_000;
  for (const name of NAMES.slice(1))
    await report(system.deps, await load(system, name), { seq: 61, status: 'WORKING' });
  system.now += 40_000;
  for (const name of NAMES.slice(1))
    await report(system.deps, await load(system, name), { seq: 62, status: 'WORKING' });
  expect(await reap(system.deps)).toMatchObject({ acted: { heartbeat_lost: 1 }, braked: false });
});

test('a sweep right after one that braked stops none: the last workers’ heartbeats may not have arrived yet', async () => {
  const system = await fleet(0, 200_000);
  const braked = await reap(system.deps);
  expect(braked).toMatchObject({ braked: true });
  await recordRun(system.deps, 'reaper', braked);
  system.now += 60_000;
  const [last, ...others] = NAMES;
  for (const name of others)
    await report(system.deps, await load(system, name), { seq: 70, status: 'WORKING' });
  const next = await reap(system.deps);
  expect(next).toMatchObject({ acted: {}, braked: false, due: 1 });
  expect((await load(system, last ?? '')).state).toBe('RUNNING');
  await recordRun(system.deps, 'reaper', next);
  for (let n = 0; n < 3; n++) {
    system.now += 20_000;
    for (const name of others)
      await report(system.deps, await load(system, name), { seq: 71 + n, status: 'WORKING' });
  }
  expect(await reap(system.deps), 'it stays silent').toMatchObject({ acted: { heartbeat_lost: 1 } });
});
