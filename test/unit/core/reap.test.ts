import { expect, test } from 'vitest';
import { sessionKey } from '../../../core/items.ts';
import { report } from '../../../core/lifecycle/worker.ts';
import { recordRun } from '../../../core/observability/health.ts';
import { reap } from '../../../core/reaping/reap.ts';
import { clearSweeps } from '../../../core/reaping/sweeps.ts';
import { launchedSession, load, USER, workingSession } from './session.ts';
import { type TestSystem, testSystem } from './test-system.ts';

/** Beats until `minutes` have passed; active only at the beginning. */
const alive = async (system: TestSystem, minutes: number, status: 'WORKING' | 'SCAN_QR_CODE' = 'WORKING') => {
  for (let i = 0; i < minutes; i++) {
    system.now += 60_000;
    await report(system.deps, await load(system), { seq: 100 + i, status });
  }
};

test('nothing is touched while nothing is due', async () => {
  const system = testSystem();
  await workingSession(system);
  await alive(system, 5);
  const before = await load(system);
  expect(await reap(system.deps)).toMatchObject({ due: 0, failed: 0 });
  expect(await load(system)).toEqual(before);
});

test('an idle session is asked to stop, and keeps its slot until it has', async () => {
  const system = testSystem();
  await workingSession(system);
  await alive(system, 16);
  expect(await reap(system.deps)).toMatchObject({ acted: { idle: 1 } });
  expect(await load(system)).toMatchObject({ state: 'STOPPING', stopReason: 'idle', slotShard: 0 });
});

test('a message that comes while the sweep is about to end the session saves it', async () => {
  const system = testSystem();
  await workingSession(system);
  await alive(system, 16);
  let done = false;
  system.meanwhile = (call) => {
    if (done || !call.startsWith('write SESSION#')) return;
    done = true;
    const set = { lastActivityAt: system.now, lastHeartbeatAt: system.now };
    system.table.write({ kind: 'update', key: sessionKey(USER, 'a'), set, add: { version: 1 } });
  };
  await reap(system.deps);
  expect(done).toBe(true);
  expect((await load(system)).state).toBe('RUNNING');
});

test('an unscanned code, a long life and a silence each end a session for their own reason', async () => {
  const scanned = testSystem();
  const session = await launchedSession(scanned);
  await workingSession(scanned, 'b');
  expect(session.state).toBe('STARTING');
  scanned.now += 91_000;
  await reap(scanned.deps);
  expect(await load(scanned, 'b')).toMatchObject({ state: 'STOPPING', stopReason: 'heartbeat_lost' });

  const long = testSystem({ maxDurationSeconds: 120 });
  await workingSession(long);
  await alive(long, 3);
  await reap(long.deps);
  expect(await load(long)).toMatchObject({ stopReason: 'max_duration' });

  const code = testSystem();
  await workingSession(code);
  await alive(code, 6, 'SCAN_QR_CODE');
  await reap(code.deps);
  expect(await load(code)).toMatchObject({ stopReason: 'qr_expired' });
});

test('a silent worker whose task is gone gives its slot back in one sweep', async () => {
  const system = testSystem();
  await workingSession(system);
  system.tasks.clear();
  system.now += 91_000;
  await reap(system.deps);
  const ended = await load(system);
  expect(ended).toMatchObject({ state: 'FAILED', stopReason: 'heartbeat_lost' });
  expect(ended.slotShard).toBeUndefined();
});

test('one session that can’t be handled does not keep the sweep from the others', async () => {
  const system = testSystem();
  await workingSession(system, 'a');
  await workingSession(system, 'b');
  system.now += 91_000;
  system.meanwhile = (call) => {
    if (call === 'get SESSION#ann#a') throw new Error('this one fails');
  };
  expect(await reap(system.deps)).toMatchObject({ due: 2, failed: 1 });
  system.meanwhile = () => {};
  expect((await load(system, 'b')).state).toBe('STOPPING');
});

test('an index that can’t be read ends the sweep', async () => {
  const system = testSystem();
  await workingSession(system);
  system.meanwhile = (call) => {
    if (call.startsWith('query DUE#')) throw new Error('no answer');
  };
  await expect(reap(system.deps)).rejects.toThrow('no answer');
});

test('after the database refused for longer than heartbeats may be late, no worker is taken for dead that speaks again', async () => {
  const system = testSystem();
  const session = await workingSession(system);
  await recordRun(system.deps, 'reaper', {});
  system.now += 100_000;
  expect(await reap(system.deps)).toMatchObject({ due: 1, acted: {} });
  await recordRun(system.deps, 'reaper', {});
  system.now += 20_000;
  await report(system.deps, session, { seq: 2, status: 'WORKING' });
  system.now += 40_000;
  expect(await reap(system.deps)).toMatchObject({ acted: {} });
  expect(await load(system)).toMatchObject({ state: 'RUNNING', status: 'WORKING' });
});

test('a worker is stopped by the second sweep that finds it past its time-out, not by the first', async () => {
  const system = testSystem();
  await workingSession(system);
  system.now += 40_000;
  await recordRun(system.deps, 'reaper', await reap(system.deps));
  system.now += 60_000;
  const first = await reap(system.deps);
  expect(first, 'it may only be the last one whose heartbeat arrives after an outage').toMatchObject({
    due: 1,
    acted: {},
  });
  await recordRun(system.deps, 'reaper', first);
  system.now += 60_000;
  expect(await reap(system.deps)).toMatchObject({ acted: { heartbeat_lost: 1 } });
});

test('heartbeats may be as far apart as sweeps: the sweep before the last one shows that a worker was silent', async () => {
  const system = testSystem({ heartbeatSeconds: 60, heartbeatTimeoutSeconds: 180 });
  await workingSession(system);
  await recordRun(system.deps, 'reaper', {});
  const sweepIn = async (ms: number) => {
    system.now += ms;
    const swept = await reap(system.deps);
    await recordRun(system.deps, 'reaper', swept);
    return swept.acted;
  };
  expect(await sweepIn(200_000), 'the first that finds it too late').toEqual({});
  expect(await sweepIn(59_000), 'no time for a heartbeat since').toEqual({});
  expect(await sweepIn(1_000), 'the schedule ran twice').toEqual({ heartbeat_lost: 1 });
});

test('no sweep proves anything from before one that braked', () => {
  const run = (report: unknown) => clearSweeps({ at: 9, report });
  expect(run({ braked: false, sweepsBefore: [8, 7, 6, 5] })).toEqual([9, 8, 7, 6]);
  expect(run({ braked: true, sweepsBefore: [8] })).toEqual([]);
  expect(run({ sweepsBefore: 'of another release' })).toEqual([9]);
});

test('an entry that heartbeats left early ends nothing, and no second sweep finds it', async () => {
  const system = testSystem();
  await workingSession(system);
  const { nextDeadlineAt = 0 } = await load(system);
  // The last heartbeat before the entry is due is late; the one before left the entry in place.
  system.now = nextDeadlineAt - 30_000;
  await report(system.deps, await load(system), { seq: 50, status: 'WORKING' });
  expect((await load(system)).nextDeadlineAt, 'stays').toBe(nextDeadlineAt);
  system.now = nextDeadlineAt + 5_000;
  expect(await reap(system.deps)).toMatchObject({ due: 1, acted: {} });
  expect(await load(system)).toMatchObject({ state: 'RUNNING', nextDeadlineAt: nextDeadlineAt + 60_000 });
  system.now += 1_000;
  expect(await reap(system.deps)).toMatchObject({ due: 0, acted: {} });
});

test('a session is idle once a report says so: activity may come up to a heartbeat before its report', async () => {
  const system = testSystem({ heartbeatSeconds: 60, activitySeconds: 60, heartbeatTimeoutSeconds: 180 });
  await workingSession(system);
  await alive(system, 14);
  system.now += 65_000;
  expect(await reap(system.deps), 'its last report is 65 s old').toMatchObject({ due: 1, acted: {} });
  await report(system.deps, await load(system), { seq: 200, status: 'WORKING' });
  expect(await reap(system.deps)).toMatchObject({ acted: { idle: 1 } });
});

test('a task that is gone gives its slot back, with any sweeps before', async () => {
  const system = testSystem();
  await workingSession(system);
  system.tasks.clear();
  await recordRun(system.deps, 'reaper', {});
  system.now += 100_000;
  expect(await reap(system.deps)).toMatchObject({ acted: { heartbeat_lost: 1 } });
  expect(await load(system)).toMatchObject({ state: 'FAILED', stopReason: 'heartbeat_lost' });
});
