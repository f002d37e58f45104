import { expect, test } from 'vitest';
import { sessionKey } from '../../../core/items.ts';
import { report } from '../../../core/lifecycle/worker.ts';
import { recordRun } from '../../../core/observability/health.ts';
import { reap } from '../../../core/reaping/reap.ts';
import { launchedSession, load, USER, workingSession } from './session.ts';
import { type Lab, lab } from './test-system.ts';

/** Beats until `minutes` have passed; active only at the beginning. */
const alive = async (place: Lab, minutes: number, status: 'WORKING' | 'SCAN_QR_CODE' = 'WORKING') => {
  for (let i = 0; i < minutes; i++) {
    place.now += 60_000;
    await report(place.deps, await load(place), { seq: 100 + i, status });
  }
};

test('nothing is touched while nothing is due', async () => {
  const place = lab();
  await workingSession(place);
  await alive(place, 5);
  const before = await load(place);
  expect(await reap(place.deps)).toMatchObject({ due: 0, failed: 0 });
  expect(await load(place)).toEqual(before);
});

test('an idle session is asked to stop, and keeps its slot until it has', async () => {
  const place = lab();
  await workingSession(place);
  await alive(place, 16);
  expect(await reap(place.deps)).toMatchObject({ acted: { idle: 1 } });
  expect(await load(place)).toMatchObject({ state: 'STOPPING', stopReason: 'idle', slotShard: 0 });
});

test('a message that comes while the sweep is about to end the session saves it', async () => {
  const place = lab();
  await workingSession(place);
  await alive(place, 16);
  let told = false;
  place.meanwhile = (call) => {
    if (told || !call.startsWith('write SESSION#')) return;
    told = true;
    const set = { lastActivityAt: place.now, lastHeartbeatAt: place.now };
    place.table.write({ kind: 'update', key: sessionKey(USER, 'a'), set, add: { version: 1 } });
  };
  await reap(place.deps);
  expect(told).toBe(true);
  expect((await load(place)).state).toBe('RUNNING');
});

test('an unscanned code, a long life and a silence each end a session for their own reason', async () => {
  const scanned = lab();
  const session = await launchedSession(scanned);
  await workingSession(scanned, 'b');
  expect(session.state).toBe('STARTING');
  scanned.now += 91_000;
  await reap(scanned.deps);
  expect(await load(scanned, 'b')).toMatchObject({ state: 'STOPPING', stopReason: 'heartbeat_lost' });

  const long = lab({ maxDurationSeconds: 120 });
  await workingSession(long);
  await alive(long, 3);
  await reap(long.deps);
  expect(await load(long)).toMatchObject({ stopReason: 'max_duration' });

  const code = lab();
  await workingSession(code);
  await alive(code, 6, 'SCAN_QR_CODE');
  await reap(code.deps);
  expect(await load(code)).toMatchObject({ stopReason: 'qr_expired' });
});

test('a silent worker whose task is gone gives its slot back in one sweep', async () => {
  const place = lab();
  await workingSession(place);
  place.tasks.clear();
  place.now += 91_000;
  await reap(place.deps);
  const ended = await load(place);
  expect(ended).toMatchObject({ state: 'FAILED', stopReason: 'heartbeat_lost' });
  expect(ended.slotShard).toBeUndefined();
});

test('one session that can’t be handled does not keep the sweep from the others', async () => {
  const place = lab();
  await workingSession(place, 'a');
  await workingSession(place, 'b');
  place.now += 91_000;
  place.meanwhile = (call) => {
    if (call === 'get SESSION#ann#a') throw new Error('this one fails');
  };
  expect(await reap(place.deps)).toMatchObject({ due: 2, failed: 1 });
  place.meanwhile = () => {};
  expect((await load(place, 'b')).state).toBe('STOPPING');
});

test('an index that can’t be read ends the sweep', async () => {
  const place = lab();
  await workingSession(place);
  place.meanwhile = (call) => {
    if (call.startsWith('query DUE#')) throw new Error('no answer');
  };
  await expect(reap(place.deps)).rejects.toThrow('no answer');
});

test('after the database refused for longer than heartbeats may be late, no worker is taken for dead that speaks again', async () => {
  const place = lab();
  const session = await workingSession(place);
  await recordRun(place.deps, 'reaper', {});
  place.now += 100_000;
  expect(await reap(place.deps)).toMatchObject({ due: 1, acted: {} });
  await recordRun(place.deps, 'reaper', {});
  place.now += 20_000;
  await report(place.deps, session, { seq: 2, status: 'WORKING' });
  place.now += 40_000;
  expect(await reap(place.deps)).toMatchObject({ acted: {} });
  expect(await load(place)).toMatchObject({ state: 'RUNNING', status: 'WORKING' });
});

test('a worker is stopped by the second sweep that finds it past its time-out, not by the first', async () => {
  const place = lab();
  await workingSession(place);
  place.now += 40_000;
  await recordRun(place.deps, 'reaper', await reap(place.deps));
  place.now += 60_000;
  const first = await reap(place.deps);
  expect(first, 'it may only be the last one to be heard after an outage').toMatchObject({
    due: 1,
    acted: {},
  });
  await recordRun(place.deps, 'reaper', first);
  place.now += 60_000;
  expect(await reap(place.deps)).toMatchObject({ acted: { heartbeat_lost: 1 } });
});

test('a task that is gone gives its slot back, whatever sweeps there were before', async () => {
  const place = lab();
  await workingSession(place);
  place.tasks.clear();
  await recordRun(place.deps, 'reaper', {});
  place.now += 100_000;
  expect(await reap(place.deps)).toMatchObject({ acted: { heartbeat_lost: 1 } });
  expect(await load(place)).toMatchObject({ state: 'FAILED', stopReason: 'heartbeat_lost' });
});
