import { expect, test } from 'vitest';
import { forgetAccount } from '../../../core/lifecycle/end.ts';
import { findTask } from '../../../core/lifecycle/find-task.ts';
import { launch } from '../../../core/lifecycle/launch.ts';
import { sessionView } from '../../../core/lifecycle/session-view.ts';
import { startSession } from '../../../core/lifecycle/start.ts';
import { stopSession } from '../../../core/lifecycle/stop.ts';
import { taskStopped } from '../../../core/lifecycle/task-stopped.ts';
import {
  authenticateWorker,
  bootstrap,
  discardAuthState,
  lastWord,
  report,
} from '../../../core/lifecycle/worker.ts';
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
import { lab } from './test-system.ts';

test('a commit that comes late does not put an older auth state in the place of a newer one', async () => {
  const place = lab();
  const session = await workingSession(place);
  const first = await uploaded(place, session, 'a');
  const second = await uploaded(place, await load(place), 'b');
  // The first commit was authenticated, then stood still while its repeat and the next two went through.
  const seenByTheLateOne = await load(place);
  await first.commit(await load(place));
  await second.commit(await load(place));
  const third = await uploaded(place, await load(place), 'c');
  await third.commit(await load(place));
  expect(place.objects.has(first.key)).toBe(false);
  await first.commit(seenByTheLateOne);
  expect(await load(place)).toMatchObject({
    authState: { key: third.key },
    authStatePrevious: { key: second.key },
  });
  expect(place.objects.has(second.key)).toBe(true);
});

test('a commit that comes after the account was discarded brings nothing back', async () => {
  const place = lab();
  const session = await workingSession(place);
  const dead = await uploaded(place, session, 'a');
  const seen = await load(place);
  await discardAuthState(place.deps, await load(place));
  await dead.commit(seen);
  expect((await load(place)).authState).toBeUndefined();
});

test('a snapshot taken after a new account was linked in the same epoch is kept', async () => {
  const place = lab();
  const session = await workingSession(place);
  const dead = await uploaded(place, session, 'a');
  await dead.commit(await load(place));
  await discardAuthState(place.deps, await load(place));
  const fresh = await uploaded(place, await load(place), 'b');
  await fresh.commit(await load(place));
  expect((await load(place)).authState).toMatchObject({ key: fresh.key });
});

test('the first snapshot of a new epoch is kept although the one before had more of them', async () => {
  const place = lab();
  const session = await workingSession(place);
  for (const letter of ['a', 'b', 'c']) {
    const upload = await uploaded(place, await load(place), letter);
    await upload.commit(await load(place));
  }
  await lastWord(place.deps, session, { reason: 'user' });
  await startSession(place.deps, USER, 'a');
  const again = await bootstrapped(place, await load(place));
  const upload = await uploaded(place, again, 'd');
  await upload.commit(again);
  expect((await load(place)).authState).toMatchObject({ key: upload.key });
});

test('a stop that nobody asked Berth for says so, and one that somebody did says nothing more', async () => {
  const place = lab();
  const interrupted = await workingSession(place);
  await lastWord(place.deps, interrupted, { reason: 'user' });
  expect(await load(place)).toMatchObject({ detail: expect.stringContaining('stopped from outside') });
  await startSession(place.deps, USER, 'a');
  await bootstrapped(place, await load(place));
  await stopSession(place.deps, await load(place), 'user');
  await lastWord(place.deps, await load(place), { reason: 'user' });
  expect(await load(place)).not.toHaveProperty('detail');
});

test('a bootstrap token makes one worker: its repeat gets the same answer, another worker a conflict', async () => {
  const place = lab();
  const session = await launchedSession(place);
  await bootstrapped(place, session, 'w');
  const before = await load(place);
  await bootstrapped(place, session, 'w');
  expect(await load(place)).toEqual(before);
  await expect(bootstrapped(place, session, 'z')).rejects.toMatchObject({ code: 'conflict' });
});

test('a wrong bootstrap token is refused', async () => {
  const place = lab();
  const session = await launchedSession(place);
  await expect(bootstrapped(place, { ...session, bootstrapToken: secret('q') })).rejects.toMatchObject({
    code: 'unauthorized',
  });
});

test('an old epoch is fenced from everything', async () => {
  const place = lab();
  const session = await workingSession(place);
  const bearer = `Bearer ${session.sessionId}.1.${secret('w')}`;
  await expect(authenticateWorker(place.deps, bearer)).resolves.toMatchObject({ epoch: 1 });
  const upload = await uploaded(place, await load(place), 'a');
  await lastWord(place.deps, session, { reason: 'user' });
  await startSession(place.deps, USER, 'a');
  const now = place.table.get({ pk: `SESSION#${USER}#a`, sk: 'META' });
  await expect(authenticateWorker(place.deps, bearer)).rejects.toMatchObject({ code: 'fenced' });
  await expect(report(place.deps, session, { seq: 9, status: 'WORKING' })).rejects.toMatchObject({
    code: 'fenced',
  });
  await expect(upload.commit(session)).rejects.toMatchObject({ code: 'fenced' });
  await expect(discardAuthState(place.deps, session)).rejects.toMatchObject({ code: 'fenced' });
  await lastWord(place.deps, session, { reason: 'crashed' });
  expect(place.table.get({ pk: `SESSION#${USER}#a`, sk: 'META' })).toEqual(now);
});

test('a worker with another worker’s secret is refused', async () => {
  const place = lab();
  const session = await workingSession(place);
  const bearer = `Bearer ${session.sessionId}.1.${secret('z')}`;
  await expect(authenticateWorker(place.deps, bearer)).rejects.toMatchObject({ code: 'unauthorized' });
});

test('a report that comes late changes nothing', async () => {
  const place = lab();
  const session = await workingSession(place);
  await report(place.deps, await load(place), { seq: 5, status: 'WORKING' });
  await report(place.deps, session, { seq: 4, status: 'SCAN_QR_CODE' });
  expect(await load(place)).toMatchObject({ status: 'WORKING', lastReportSeq: 5 });
});

test('a clock ahead of ours does not keep a session from being idle', async () => {
  const place = lab();
  await workingSession(place);
  await report(place.deps, await load(place), {
    seq: 2,
    status: 'WORKING',
    lastActivityAt: place.now + 9e9,
  });
  expect((await load(place)).lastActivityAt).toBe(place.now);
});

test('of two tasks launched for one epoch, the end of the one that no worker called from ends nothing', async () => {
  const place = lab();
  const launched = await launchedSession(place);
  const { sessionId, epoch } = launched;
  const second = { taskArn: 'task-second', sessionId, epoch, neverStarted: false, detail: 'exit code 11' };
  place.tasks.set(second.taskArn, { ...second, createdAt: place.now, stopped: false });
  const session = await bootstrapped(place, launched, 'w', second.taskArn);

  await taskStopped(place.deps, { ...second, taskArn: launched.taskArn ?? '' });
  expect(await load(place)).toMatchObject({ state: 'STARTING', slotShard: 0 });
  await taskStopped(place.deps, second);
  expect(await load(place)).toMatchObject({ state: 'FAILED', stopReason: 'crashed' });
  expect(session.workerTaskArn).toBe(second.taskArn);
  expect(await load(place)).not.toHaveProperty('workerTaskArn');
});

test('a second task that comes to light later is stopped, and the one that serves stays', async () => {
  const place = lab();
  const admitted = await admittedSession(place);
  const { sessionId, epoch } = admitted;
  const serving = { taskArn: 'task-serving', sessionId, epoch, createdAt: place.now, stopped: false };
  place.tasks.set(serving.taskArn, serving);
  await bootstrapped(place, admitted, 'w', serving.taskArn);

  await launch(place.deps, admitted);
  const others = [...place.tasks.keys()].filter((taskArn) => taskArn !== serving.taskArn);
  expect(others).toHaveLength(1);
  expect(place.stopCalls).toEqual(others);
  expect((await load(place)).taskArn).toBeUndefined();
});

test('a worker that names another session’s task gets nothing stopped by it', async () => {
  const place = lab();
  const other = await launchedSession(place, 'other');
  const launched = await launchedSession(place);
  const session = await bootstrapped(place, launched, 'w', other.taskArn);
  expect((await findTask(place.deps, session))?.taskArn).toBe(launched.taskArn);
});

test('a bootstrap answer carries the auth states, newest first', async () => {
  const place = lab();
  const session = await workingSession(place);
  for (const letter of ['a', 'b']) {
    const upload = await uploaded(place, await load(place), letter);
    await upload.commit(await load(place));
  }
  await lastWord(place.deps, session, { reason: 'idle' });
  const { session: next } = await startSession(place.deps, USER, 'a');
  const answer = await bootstrap(place.deps, {
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
  const place = lab();
  const session = await workingSession(place);
  const upload = await uploaded(place, session, 'a');
  await upload.commit(await load(place));
  await lastWord(place.deps, session, { reason: 'user' });
  place.removeError = new Error('S3 did not answer');
  await forgetAccount(place.deps, await load(place));
  expect(await load(place)).not.toHaveProperty('authState');
});

test('a session whose saved states are all corrupt is not linked any more, until it is linked anew (F24)', async () => {
  const place = lab();
  const working = await workingSession(place);
  await (await uploaded(place, working, 'a')).commit(await load(place));
  await lastWord(place.deps, await load(place), { reason: 'user' });
  const shown = async () => sessionView(await load(place), place.settings).linked;
  expect(await shown()).toBe(true);
  await startSession(place.deps, USER, 'a');
  await bootstrapped(place, await load(place));
  const say = async (request: Omit<Parameters<typeof report>[2], 'seq'>, seq: number) =>
    report(place.deps, await load(place), { seq, ...request });
  // A state of another build may be good again after a rollback; a storage fault shows no code at all.
  await say({ status: 'SCAN_QR_CODE', qrReason: 'auth_state_foreign' }, 1);
  expect(await shown()).toBe(true);
  await say({ status: 'SCAN_QR_CODE', qrReason: 'auth_state_corrupt' }, 2);
  expect(await shown()).toBe(false);
  await say({ status: 'WORKING', me: { id: '1@c.us' } }, 3);
  await (await uploaded(place, await load(place), 'b')).commit(await load(place));
  expect(await shown()).toBe(true);
});
