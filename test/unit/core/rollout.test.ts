import { expect, test } from 'vitest';
import { rolloutReportSchema } from '../../../contract/bodies/rollout.ts';
import type { StopReason } from '../../../contract/lifecycle.ts';
import { rolloutKey } from '../../../core/items.ts';
import { afterLoss } from '../../../core/lifecycle/restart.ts';
import { launchRestart } from '../../../core/lifecycle/restart-launch.ts';
import type { Session } from '../../../core/lifecycle/session.ts';
import { startSession } from '../../../core/lifecycle/start.ts';
import { stopSession } from '../../../core/lifecycle/stop.ts';
import { finalReport } from '../../../core/lifecycle/worker.ts';
import type { Metrics } from '../../../core/ports.ts';
import {
  cancelRollout,
  planRollout,
  showRollout,
  startRollout,
  stepRollout,
} from '../../../core/rollout/rollout.ts';
import { type Progress, placeOf, standingOf, waveState } from '../../../core/rollout/rule.ts';
import { load, lose, restartable, workingSession, worksNow } from './session.ts';
import { NOW, type TestSystem, testSystem } from './test-system.ts';

const WAVES = { wave: 2, pauseSeconds: 30 };
const names = ['a', 'b', 'c'];

/** Three sessions that restart always and one without a policy, all with the version before. */
const fleet = async (): Promise<TestSystem> => {
  const system = testSystem({ userLimit: 10 });
  for (const name of names) {
    await restartable(system, undefined, name);
    system.now += 1000;
  }
  await workingSession(system, 'plain');
  system.revision = 'worker:2';
  return system;
};

/** The worker of a session that was asked to stop ends, and the next one works. */
const moves = async (system: TestSystem, name: string): Promise<Session> => {
  const asked = await load(system, name);
  expect(asked).toMatchObject({ state: 'STOPPING', stopReason: 'rollout' });
  await finalReport(system.deps, asked, { reason: 'task_stopped' });
  const task = system.tasks.get(asked.taskArn ?? '');
  if (task) system.tasks.set(task.taskArn, { ...task, stopped: true });
  const waiting = await load(system, name);
  expect(waiting).toMatchObject({ state: 'PENDING', epoch: asked.epoch + 1, slotShard: asked.slotShard });
  return worksNow(system, await launchRestart(system.deps, waiting));
};

const rolloutOf = async (system: TestSystem) => {
  const report = rolloutReportSchema.parse(await showRollout(system.deps));
  return report.rollout;
};

const asked = async (system: TestSystem): Promise<string[]> => {
  const all = await Promise.all([...names, 'plain'].map((name) => load(system, name)));
  return all.filter(({ state }) => state === 'STOPPING').map(({ listName }) => listName);
};

test('waves: those that were used least lately first, each wave once the one before has worked for the pause', async () => {
  const system = await fleet();
  const { plan } = await planRollout(system.deps);
  expect(plan).toEqual({ move: 3, left: 1, newest: 0, unknown: 0 });
  await startRollout(system.deps, WAVES);
  expect(await asked(system)).toEqual([]);

  await stepRollout(system.deps);
  expect(await asked(system)).toEqual(['a', 'b']);
  expect(await rolloutOf(system)).toMatchObject({ state: 'running', remaining: 1, left: 1 });
  await moves(system, 'a');
  await stepRollout(system.deps);
  await moves(system, 'b');
  system.now += 29_000;
  await stepRollout(system.deps);
  expect(await asked(system)).toEqual([]);
  expect((await rolloutOf(system))?.members.map(({ standing }) => standing)).toEqual(['works', 'works']);

  system.now += 2_000;
  await stepRollout(system.deps);
  expect(await asked(system)).toEqual(['c']);
  await moves(system, 'c');
  system.now += 31_000;
  await stepRollout(system.deps);
  expect(await rolloutOf(system)).toMatchObject({
    state: 'completed',
    waves: 2,
    moved: 3,
    remaining: 0,
    left: 1,
    members: [],
  });
  expect(await load(system, 'plain')).toMatchObject({ state: 'RUNNING', epoch: 1 });
  expect((await load(system, 'a')).restarts).toEqual([]);
  expect((await planRollout(system.deps)).plan).toMatchObject({ move: 0, left: 1, newest: 3 });
});

test('a session that does not work again stops the rollout: nothing more is moved, and the metric counts it', async () => {
  const system = await fleet();
  const counted: string[] = [];
  const metrics: Metrics = { count: (name, ..._sample) => void counted.push(name) };
  const deps = { ...system.deps, metrics };
  await startRollout(deps, WAVES);
  await stepRollout(deps);
  await moves(system, 'a');
  // The newest version crashes at each start, until its policy gives up.
  let b = await load(system, 'b');
  await finalReport(system.deps, b, { reason: 'task_stopped' });
  for (b = await load(system, 'b'); b.state !== 'FAILED'; b = await load(system, 'b')) {
    system.now = Math.max(system.now, b.restartAt ?? 0);
    await lose(system, await launchRestart(system.deps, b));
  }
  await stepRollout(deps);
  expect(await rolloutOf(system)).toMatchObject({
    state: 'stopped',
    detail: 'did not work again: ann/b',
    endedAt: expect.any(String),
  });
  expect(counted).toContain('RolloutsStopped');
  await stepRollout(deps);
  expect(await asked(system)).toEqual([]);
  expect(await load(system, 'c')).toMatchObject({ state: 'RUNNING', epoch: 1 });
});

test('a session that is late stops it, too', async () => {
  const system = await fleet();
  await startRollout(system.deps, { wave: 1, pauseSeconds: 0 });
  await stepRollout(system.deps);
  system.now += 3_600_000;
  await stepRollout(system.deps);
  expect(await rolloutOf(system)).toMatchObject({
    state: 'stopped',
    detail: 'did not work again in time: ann/a',
  });
});

test('a session that a caller stops, deletes or changes leaves the wave, which continues without it', async () => {
  const system = await fleet();
  await startRollout(system.deps, { wave: 3, pauseSeconds: 0 });
  await stepRollout(system.deps);
  await stopSession(system.deps, await load(system, 'a'), 'user');
  await finalReport(system.deps, await load(system, 'a'), { reason: 'task_stopped' });
  expect(await load(system, 'a')).toMatchObject({ state: 'STOPPED', stopReason: 'user' });
  await moves(system, 'b');
  await moves(system, 'c');
  await stepRollout(system.deps);
  expect(await rolloutOf(system)).toMatchObject({ state: 'completed', moved: 2 });
  await startSession(system.deps, 'ann', 'a');
});

test('one at a time; a function that dies in a step leaves nothing behind that the next step does not do', async () => {
  const system = await fleet();
  await startRollout(system.deps, WAVES);
  await expect(startRollout(system.deps, WAVES)).rejects.toMatchObject({ code: 'conflict' });
  system.meanwhile = (call) => {
    if (call.startsWith('write SESSION#ann#b')) throw new Error('died');
  };
  await stepRollout(system.deps);
  expect(await asked(system)).toEqual(['a']);
  system.meanwhile = () => {};
  await stepRollout(system.deps);
  expect(await asked(system)).toEqual(['a', 'b']);
});

test('two steps at once ask each session once; a step that read before a cancel begins no wave', async () => {
  const system = await fleet();
  await startRollout(system.deps, WAVES);
  await Promise.all([stepRollout(system.deps), stepRollout(system.deps)]);
  expect(await asked(system)).toEqual(['a', 'b']);
  await moves(system, 'a');
  await moves(system, 'b');
  system.now += 60_000;
  // A cancel that comes between the read of a step and its write.
  system.meanwhile = (call) => {
    if (call !== 'write ROLLOUT') return;
    system.meanwhile = () => {};
    system.table.write({ kind: 'update', key: rolloutKey, set: { state: 'canceled' }, add: { version: 1 } });
  };
  await stepRollout(system.deps);
  expect(await rolloutOf(system)).toMatchObject({ state: 'canceled', waves: 0 });
  expect(await asked(system)).toEqual([]);
  await expect(cancelRollout(system.deps)).resolves.toMatchObject({ rollout: { state: 'canceled' } });
  await expect(cancelRollout(testSystem().deps)).rejects.toMatchObject({ code: 'not_found' });
  await startRollout(system.deps, WAVES);
});

test('a rollout uses up no attempt of the policy, and used up attempts do not keep it from moving a session', () => {
  const session = {
    config: { restart: { policy: 'always' as const, maxAttempts: 1 } },
    status: 'WORKING' as const,
    restarts: [NOW - 1],
  };
  const given = { now: NOW, random: 0.5, isLinked: true, maxAt: undefined };
  expect(afterLoss(session, 'rollout', given)).toEqual({
    kind: 'restart',
    at: NOW + 1500,
    restarts: [NOW - 1],
  });
  expect(afterLoss(session, 'crashed', given)).toMatchObject({ kind: 'gave_up' });
  const onFailure = { ...session, config: { restart: { policy: 'on-failure' as const } } };
  expect(afterLoss(onFailure, 'rollout', given)).toEqual({ kind: 'end' });
});

test('the position of a session in a rollout, by state, policy, account and version', async () => {
  const system = testSystem();
  const session = await restartable(system);
  const of = (change: Partial<Session>, revision: string | undefined = 'worker:1') =>
    placeOf({ ...session, ...change }, revision, ['worker:2']);
  expect(of({})).toBe('move');
  expect(of({}, 'worker:2')).toBe('newest');
  expect(placeOf(session, undefined, ['worker:2'])).toBe('later');
  expect(of({ state: 'STARTING', status: 'STARTING' })).toBe('later');
  expect(of({ state: 'PENDING' })).toBe('newest');
  expect(of({ status: 'SCAN_QR_CODE' })).toBe('left');
  expect(of({ config: {} })).toBe('left');
  expect(of({ config: { keepAlive: true } })).toBe('move');
  const { authState: _none, ...unlinked } = session;
  expect(placeOf(unlinked, 'worker:1', ['worker:2'])).toBe('left');
});

test('how far a session of a wave is, and what follows', async () => {
  const system = testSystem();
  const session = await restartable(system);
  const member = { sessionId: session.sessionId, userId: 'ann', name: 'a', epoch: session.epoch };
  const of = (change: Partial<Session>) => standingOf(member, { ...session, ...change });
  const ended = (state: 'STOPPED' | 'FAILED', stopReason: StopReason) => of({ state, stopReason });
  expect(of({})).toBe('waiting');
  expect(of({ status: 'STARTING' })).toBe('left');
  expect(of({ state: 'STOPPING', stopReason: 'rollout' })).toBe('moving');
  expect(of({ state: 'STOPPING', stopReason: 'user' })).toBe('left');
  expect(of({ state: 'PENDING', epoch: 2 })).toBe('moving');
  expect(of({ epoch: 2 })).toBe('works');
  expect(ended('STOPPED', 'user')).toBe('left');
  expect(ended('STOPPED', 'logged_out')).toBe('left');
  expect(ended('STOPPED', 'rollout')).toBe('failed');
  expect(ended('FAILED', 'banned')).toBe('failed');
  expect(standingOf(member, undefined)).toBe('left');

  const at = (standing: Progress['standing'], readyAt?: number): Progress => ({ member, standing, readyAt });
  const wave = (...progress: Progress[]) =>
    waveState(progress, { now: 100_000, dueAt: 200_000, pauseMs: 30_000 });
  expect(wave()).toEqual({ kind: 'over', moved: 0 });
  expect(wave(at('left'))).toEqual({ kind: 'over', moved: 0 });
  expect(wave(at('works', 70_000), at('left'))).toEqual({ kind: 'over', moved: 1 });
  expect(wave(at('works', 70_001))).toEqual({ kind: 'under_way' });
  expect(wave(at('works', 1), at('moving'))).toEqual({ kind: 'under_way' });
  expect(wave(at('works', 1), at('failed'))).toMatchObject({ kind: 'broken' });
});
