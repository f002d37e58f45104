import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { report } from '../../../core/lifecycle/worker.ts';
import { recordRun } from '../../../core/observability/health.ts';
import { type Metrics, TaskEngineUnavailable } from '../../../core/ports.ts';
import { isBraked, isLate, passCap } from '../../../core/reaping/brake.ts';
import { reap } from '../../../core/reaping/reap.ts';
import { load, workingSession } from './session.ts';
import { type Lab, lab } from './test-system.ts';

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

test('one more silent session never lets the brake go, and one more session that is heard never applies it', () => {
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

/** Eight sessions, of which those after the first `heard` have been silent since. */
const fleet = async (heard: number, silentMs = 100_000, settings = {}): Promise<Lab> => {
  const place = lab({ userLimit: 20, ...settings });
  for (const name of NAMES) await workingSession(place, name);
  place.now += silentMs;
  for (const name of NAMES.slice(0, heard))
    await report(place.deps, await load(place, name), { seq: 50, status: 'WORKING' });
  return place;
};

/** The system's dependencies, and every sample that they count. */
const counting = (place: Lab) => {
  const counted: [string, number][] = [];
  const count: Metrics['count'] = (name, value, ..._dimensions) => void counted.push([name, value]);
  return { deps: { ...place.deps, metrics: { count } }, counted };
};

const states = (place: Lab) => Promise.all(NAMES.map(async (name) => (await load(place, name)).state));
const RUNNING = NAMES.map(() => 'RUNNING');

test('of too many that are silent at once while their tasks run, none is stopped', async () => {
  const place = await fleet(2);
  const { deps, counted } = counting(place);
  expect(await reap(deps)).toMatchObject({ due: 6, acted: {}, braked: true, failed: 0 });
  expect(await states(place)).toEqual(RUNNING);
  expect(counted).toContainEqual(['ReaperBraked', 1]);
});

test('a few silent ones are stopped, and the sweep says that the brake was off', async () => {
  const place = await fleet(3);
  const { deps, counted } = counting(place);
  expect(await reap(deps)).toMatchObject({ acted: { heartbeat_lost: 5 }, braked: false });
  expect(counted).toContainEqual(['ReaperBraked', 0]);
});

test('the first sweep of an outage, in which one worker has timed out, stops none: the others are late already', async () => {
  const place = await fleet(0, 0);
  const [first, ...others] = NAMES;
  place.now += 20_000;
  for (const name of others)
    await report(place.deps, await load(place, name), { seq: 51, status: 'WORKING' });
  place.now += 71_000;
  expect(await reap(place.deps)).toMatchObject({ due: 1, acted: {}, braked: true });
  expect((await load(place, first ?? '')).state).toBe('RUNNING');
});

test('those whose task is gone give their slot back under the brake, too, and do not count for it', async () => {
  const place = await fleet(0);
  const gone = [...place.tasks.keys()].slice(0, 1);
  for (const arn of gone) place.tasks.delete(arn);
  expect(await reap(place.deps)).toMatchObject({ acted: { heartbeat_lost: 1 }, braked: true });
  for (const arn of [...place.tasks.keys()].slice(0, 2)) place.tasks.delete(arn);
  expect(await reap(place.deps), 'five run: few enough').toMatchObject({
    acted: { heartbeat_lost: 7 },
    braked: false,
  });
});

test('under the brake no deadline counts that rests on reports which do not arrive; the maximum duration does', async () => {
  const place = await fleet(0, 16 * 60_000);
  expect(await reap(place.deps), 'idle as far as anybody knows').toMatchObject({
    acted: {},
    braked: true,
  });
  expect(await states(place)).toEqual(RUNNING);
  place.now += 2 * 3600_000;
  expect(await reap(place.deps)).toMatchObject({ acted: { max_duration: 8 }, braked: true });
});

test('where the engine does not say what runs, none is stopped', async () => {
  const place = await fleet(0);
  const list = async () => {
    throw new TaskEngineUnavailable('throttled');
  };
  const deps = { ...place.deps, tasks: { ...place.deps.tasks, list } };
  expect(await reap(deps)).toMatchObject({ acted: {}, braked: true });
  expect(await states(place)).toEqual(RUNNING);
});

test('the brake lets go once heartbeats arrive again', async () => {
  const place = await fleet(0);
  expect(await reap(place.deps)).toMatchObject({ braked: true });
  for (const name of NAMES) await report(place.deps, await load(place, name), { seq: 60, status: 'WORKING' });
  place.now += 60_000;
  for (const name of NAMES.slice(1))
    await report(place.deps, await load(place, name), { seq: 61, status: 'WORKING' });
  place.now += 40_000;
  for (const name of NAMES.slice(1))
    await report(place.deps, await load(place, name), { seq: 62, status: 'WORKING' });
  expect(await reap(place.deps)).toMatchObject({ acted: { heartbeat_lost: 1 }, braked: false });
});

test('a sweep right after one that braked stops none: the last workers may not be heard yet', async () => {
  const place = await fleet(0, 200_000);
  const braked = await reap(place.deps);
  expect(braked).toMatchObject({ braked: true });
  await recordRun(place.deps, 'reaper', braked);
  place.now += 60_000;
  const [last, ...others] = NAMES;
  for (const name of others)
    await report(place.deps, await load(place, name), { seq: 70, status: 'WORKING' });
  const next = await reap(place.deps);
  expect(next).toMatchObject({ acted: {}, braked: false, due: 1 });
  expect((await load(place, last ?? '')).state).toBe('RUNNING');
  await recordRun(place.deps, 'reaper', next);
  for (let n = 0; n < 3; n++) {
    place.now += 20_000;
    for (const name of others)
      await report(place.deps, await load(place, name), { seq: 71 + n, status: 'WORKING' });
  }
  expect(await reap(place.deps), 'it stays silent').toMatchObject({ acted: { heartbeat_lost: 1 } });
});
