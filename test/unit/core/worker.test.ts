import { expect, test } from 'vitest';
import { discardAuthState } from '../../../core/accounts/snapshots.ts';
import { findTask } from '../../../core/lifecycle/find-task.ts';
import { launchAdmitted } from '../../../core/lifecycle/launch.ts';
import { forgetAccount } from '../../../core/lifecycle/logout.ts';
import { sessionView } from '../../../core/lifecycle/session-view.ts';
import { startSession } from '../../../core/lifecycle/start.ts';
import { stopSession } from '../../../core/lifecycle/stop.ts';
import { taskStopped } from '../../../core/lifecycle/task-stopped.ts';
import { authenticateWorker, bootstrap, finalReport, report } from '../../../core/lifecycle/worker.ts';
import {
  admittedSession,
  bootstrapped,
  launchedSession,
  load,
  secret,
  USER,
  uploaded,
  workingSession,
} from './session.ts';
import { testSystem } from './test-system.ts';

test('a late commit does not put an older auth state in the place of a newer one', async () => {
  const system = testSystem();
  const session = await workingSession(system);
  const first = await uploaded(system, session, 'a');
  const second = await uploaded(system, await load(system), 'b');
  // The first commit was authenticated, then stood still while its repeat and the next two went through.
  const seenByTheLateOne = await load(system);
  await first.commit(await load(system));
  await second.commit(await load(system));
  const third = await uploaded(system, await load(system), 'c');
  await third.commit(await load(system));
  expect(system.objects.has(first.key)).toBe(false);
  await first.commit(seenByTheLateOne);
  expect(await load(system)).toMatchObject({
    authState: { key: third.key },
    authStatePrevious: { key: second.key },
  });
  expect(system.objects.has(second.key)).toBe(true);
});

test('a commit that comes after the account was discarded brings nothing back', async () => {
  const system = testSystem();
  const session = await workingSession(system);
  const dead = await uploaded(system, session, 'a');
  const seen = await load(system);
  await discardAuthState(system.deps, await load(system));
  await dead.commit(seen);
  expect((await load(system)).authState).toBeUndefined();
});

test('a snapshot taken after a new account was linked in the same epoch is kept', async () => {
  const system = testSystem();
  const session = await workingSession(system);
  const dead = await uploaded(system, session, 'a');
  await dead.commit(await load(system));
  await discardAuthState(system.deps, await load(system));
  const fresh = await uploaded(system, await load(system), 'b');
  await fresh.commit(await load(system));
  expect((await load(system)).authState).toMatchObject({ key: fresh.key });
});

test('the first snapshot of a new epoch is kept although the one before had more of them', async () => {
  const system = testSystem();
  const session = await workingSession(system);
  for (const letter of ['a', 'b', 'c']) {
    const upload = await uploaded(system, await load(system), letter);
    await upload.commit(await load(system));
  }
  await finalReport(system.deps, session, { reason: 'user' });
  await startSession(system.deps, USER, 'a');
  const again = await bootstrapped(system, await load(system));
  const upload = await uploaded(system, again, 'd');
  await upload.commit(again);
  expect((await load(system)).authState).toMatchObject({ key: upload.key });
});

test('a stop that was not requested through Berth says so, and a requested one adds no detail', async () => {
  const system = testSystem();
  const interrupted = await workingSession(system);
  await finalReport(system.deps, interrupted, { reason: 'user' });
  expect(await load(system)).toMatchObject({ detail: expect.stringContaining('stopped from outside') });
  await startSession(system.deps, USER, 'a');
  await bootstrapped(system, await load(system));
  await stopSession(system.deps, await load(system), 'user');
  await finalReport(system.deps, await load(system), { reason: 'user' });
  expect(await load(system)).not.toHaveProperty('detail');
});

test('a bootstrap token makes one worker: its repeat gets the same answer, another worker a conflict', async () => {
  const system = testSystem();
  const session = await launchedSession(system);
  await bootstrapped(system, session, 'w');
  const before = await load(system);
  await bootstrapped(system, session, 'w');
  expect(await load(system)).toEqual(before);
  await expect(bootstrapped(system, session, 'z')).rejects.toMatchObject({ code: 'conflict' });
});

test('a wrong bootstrap token is refused', async () => {
  const system = testSystem();
  const session = await launchedSession(system);
  await expect(bootstrapped(system, { ...session, bootstrapToken: secret('q') })).rejects.toMatchObject({
    code: 'unauthorized',
  });
});

test('an old epoch is fenced from everything', async () => {
  const system = testSystem();
  const session = await workingSession(system);
  const bearer = `Bearer ${session.sessionId}.1.${secret('w')}`;
  await expect(authenticateWorker(system.deps, bearer)).resolves.toMatchObject({ epoch: 1 });
  const upload = await uploaded(system, await load(system), 'a');
  await finalReport(system.deps, session, { reason: 'user' });
  await startSession(system.deps, USER, 'a');
  const now = system.table.get({ pk: `SESSION#${USER}#a`, sk: 'META' });
  await expect(authenticateWorker(system.deps, bearer)).rejects.toMatchObject({ code: 'fenced' });
  await expect(report(system.deps, session, { seq: 9, status: 'WORKING' })).rejects.toMatchObject({
    code: 'fenced',
  });
  await expect(upload.commit(session)).rejects.toMatchObject({ code: 'fenced' });
  await expect(discardAuthState(system.deps, session)).rejects.toMatchObject({ code: 'fenced' });
  await finalReport(system.deps, session, { reason: 'crashed' });
  expect(system.table.get({ pk: `SESSION#${USER}#a`, sk: 'META' })).toEqual(now);
});

test('a worker with another worker’s secret is refused', async () => {
  const system = testSystem();
  const session = await workingSession(system);
  const bearer = `Bearer ${session.sessionId}.1.${secret('z')}`;
  await expect(authenticateWorker(system.deps, bearer)).rejects.toMatchObject({ code: 'unauthorized' });
});

test('a late report changes nothing', async () => {
  const system = testSystem();
  const session = await workingSession(system);
  await report(system.deps, await load(system), { seq: 5, status: 'WORKING' });
  await report(system.deps, session, { seq: 4, status: 'SCAN_QR_CODE' });
  expect(await load(system)).toMatchObject({ status: 'WORKING', lastReportSeq: 5 });
});

test('a clock ahead of ours does not keep a session from being idle', async () => {
  const system = testSystem();
  await workingSession(system);
  await report(system.deps, await load(system), {
    seq: 2,
    status: 'WORKING',
    lastActivityAt: system.now + 9e9,
  });
  expect((await load(system)).lastActivityAt).toBe(system.now);
});

test('of two tasks launched for one epoch, the end of the one that no worker called from ends nothing', async () => {
  const system = testSystem();
  const launched = await launchedSession(system);
  const { sessionId, epoch } = launched;
  const second = { taskArn: 'task-second', sessionId, epoch, neverStarted: false, detail: 'exit code 11' };
  system.tasks.set(second.taskArn, { ...second, createdAt: system.now, stopped: false });
  const session = await bootstrapped(system, launched, 'w', second.taskArn);

  await taskStopped(system.deps, { ...second, taskArn: launched.taskArn ?? '' });
  expect(await load(system)).toMatchObject({ state: 'STARTING', slotShard: 0 });
  await taskStopped(system.deps, second);
  expect(await load(system)).toMatchObject({ state: 'FAILED', stopReason: 'crashed' });
  expect(session.workerTaskArn).toBe(second.taskArn);
  expect(await load(system)).not.toHaveProperty('workerTaskArn');
});

test('a second task that comes to light later is stopped, and the one that serves stays', async () => {
  const system = testSystem();
  const admitted = await admittedSession(system);
  const { sessionId, epoch } = admitted;
  const serving = { taskArn: 'task-serving', sessionId, epoch, createdAt: system.now, stopped: false };
  system.tasks.set(serving.taskArn, serving);
  await bootstrapped(system, admitted, 'w', serving.taskArn);

  await launchAdmitted(system.deps, admitted, system.now + 6_000);
  const others = [...system.tasks.keys()].filter((taskArn) => taskArn !== serving.taskArn);
  expect(others).toHaveLength(1);
  expect(system.stopCalls).toEqual(others);
  expect((await load(system)).taskArn).toBeUndefined();
});

test('a worker that names another session’s task gets nothing stopped by it', async () => {
  const system = testSystem();
  const other = await launchedSession(system, 'other');
  const launched = await launchedSession(system);
  const session = await bootstrapped(system, launched, 'w', other.taskArn);
  expect((await findTask(system.deps, session))?.taskArn).toBe(launched.taskArn);
});

test('a bootstrap answer carries the auth states, newest first', async () => {
  const system = testSystem();
  const session = await workingSession(system);
  for (const letter of ['a', 'b']) {
    const upload = await uploaded(system, await load(system), letter);
    await upload.commit(await load(system));
  }
  await finalReport(system.deps, session, { reason: 'idle' });
  const { session: next } = await startSession(system.deps, USER, 'a');
  const answer = await bootstrap(system.deps, {
    sessionId: next.sessionId,
    epoch: 2,
    bootstrapToken: next.bootstrapToken ?? '',
    workerSecret: secret('v'),
    commandSecret: secret('c'),
    address: 'http://10.0.0.1:1',
    chromiumBuild: '1',
  });
  expect(answer.authStates.map((state) => state.sha256[0])).toEqual(['b', 'a']);
});

test('an account is forgotten although its objects can’t be removed now', async () => {
  const system = testSystem();
  const session = await workingSession(system);
  const upload = await uploaded(system, session, 'a');
  await upload.commit(await load(system));
  await finalReport(system.deps, session, { reason: 'user' });
  system.removeError = new Error('S3 did not answer');
  await forgetAccount(system.deps, await load(system));
  expect(await load(system)).not.toHaveProperty('authState');
});

test('a session whose saved states are all corrupt is not linked any more, until it is linked again (F24)', async () => {
  const system = testSystem();
  const working = await workingSession(system);
  await (await uploaded(system, working, 'a')).commit(await load(system));
  await finalReport(system.deps, await load(system), { reason: 'user' });
  const shown = async () => sessionView(await load(system), system.settings).linked;
  expect(await shown()).toBe(true);
  await startSession(system.deps, USER, 'a');
  await bootstrapped(system, await load(system));
  const say = async (request: Omit<Parameters<typeof report>[2], 'seq'>, seq: number) =>
    report(system.deps, await load(system), { seq, ...request });
  // A state of another build may be good again after a rollback; a storage fault shows no code at all.
  await say({ status: 'SCAN_QR_CODE', qrReason: 'auth_state_foreign' }, 1);
  expect(await shown()).toBe(true);
  await say({ status: 'SCAN_QR_CODE', qrReason: 'auth_state_corrupt' }, 2);
  expect(await shown()).toBe(false);
  await say({ status: 'WORKING', me: { id: '1@c.us' } }, 3);
  await (await uploaded(system, await load(system), 'b')).commit(await load(system));
  expect(await shown()).toBe(true);
});
