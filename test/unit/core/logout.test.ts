import { expect, test } from 'vitest';
import { discardAuthState } from '../../../core/accounts/snapshots.ts';
import { createSession } from '../../../core/admission/create.ts';
import { logoutSession } from '../../../core/lifecycle/logout.ts';
import { finalReport, report } from '../../../core/lifecycle/worker.ts';
import { type CommandOutcome, type WorkerCommands, WorkerUnreachable } from '../../../core/ports.ts';
import { load, lose, restartable, USER } from './session.ts';
import { type TestSystem, testSystem } from './test-system.ts';

/** A worker that does `act` when it is asked to log out; `asked` counts. */
const workerOf = (system: TestSystem, act: () => Promise<CommandOutcome>) => {
  const asked: string[] = [];
  const workers: WorkerCommands = {
    run: (_worker, command) => {
      asked.push(command);
      return act();
    },
  };
  return { asked, deps: { ...system.deps, workers } };
};
const DONE: CommandOutcome = { ok: true, result: {} };
const unlinks = (system: TestSystem) => async (): Promise<CommandOutcome> => {
  await discardAuthState(system.deps, await load(system));
  await finalReport(system.deps, await load(system), { reason: 'logged_out' });
  return DONE;
};
const by = (system: TestSystem): number => system.now + 26_000;
const slots = (system: TestSystem) =>
  [...system.table.items()].filter(({ pk }) => String(pk).startsWith('SLOT#')).map(({ epoch }) => epoch);

test('a session that works is unlinked and forgotten, and its next epoch asks to be linked', async () => {
  const system = testSystem();
  const session = await restartable(system, {});
  const { asked, deps } = workerOf(system, unlinks(system));
  const shown = await logoutSession(deps, session, by(system));
  expect(asked).toEqual(['logout']);
  expect(shown).toMatchObject({ state: 'STARTING', epoch: 2 });
  for (const gone of ['authState', 'authStatePrevious', 'me', 'stopReason'])
    expect(await load(system)).not.toHaveProperty(gone);
  expect(system.objects).toEqual(new Map());
  expect(slots(system)).toEqual([2]);

  // A repeat finds nothing that is linked: neither a worker is asked, nor does another epoch begin.
  expect(await logoutSession(deps, await load(system), by(system))).toMatchObject({ epoch: 2 });
  expect(asked).toEqual(['logout']);
  expect(slots(system)).toEqual([2]);
});

test('one whose slot is taken meanwhile stays stopped, and the answer says so', async () => {
  const system = testSystem({ globalLimit: 1 });
  const session = await restartable(system, {});
  const { deps } = workerOf(system, async () => {
    await unlinks(system)();
    await createSession(system.deps, { userId: USER, name: 'b', config: {}, start: true });
    return DONE;
  });
  const shown = await logoutSession(deps, session, by(system));
  expect(shown).toMatchObject({ state: 'STOPPED', stopReason: 'logged_out', epoch: 1 });
  expect(shown).not.toHaveProperty('authState');
  expect(await load(system, 'b')).toMatchObject({ state: 'PENDING' });
  expect(slots(system)).toEqual([1]);
});

test('one that WhatsApp Web does not confirm changes nothing', async () => {
  const system = testSystem();
  const session = await restartable(system, {});
  const unknown: CommandOutcome = { ok: false, failure: { code: 'unknown', detail: 'not confirmed' } };
  const { deps } = workerOf(system, async () => unknown);
  await expect(logoutSession(deps, session, by(system))).rejects.toMatchObject({ code: 'worker_timeout' });
  expect(await load(system)).toEqual(session);
});

test('two at once: the worker refuses the second, which finds the session started again', async () => {
  const system = testSystem();
  const session = await restartable(system, {});
  const first = workerOf(system, unlinks(system));
  const second = workerOf(system, async () => {
    await logoutSession(first.deps, session, by(system));
    throw new WorkerUnreachable('it has ended');
  });
  expect(await logoutSession(second.deps, session, by(system))).toMatchObject({
    state: 'STARTING',
    epoch: 2,
  });
  expect(slots(system)).toEqual([2]);
});

test('a worker that is lost after it unlinked has its account forgotten all the same', async () => {
  const system = testSystem();
  const session = await restartable(system, {});
  const { deps } = workerOf(system, async () => {
    await lose(system, await load(system));
    return DONE;
  });
  expect(await logoutSession(deps, session, by(system))).toMatchObject({ state: 'STARTING', epoch: 2 });
  expect(await load(system)).not.toHaveProperty('authState');
  expect(slots(system)).toEqual([2]);
});

test('one that shows a code keeps it, and forgets what is saved of an older account', async () => {
  const system = testSystem();
  await restartable(system, {});
  await report(system.deps, await load(system), { seq: 2, status: 'SCAN_QR_CODE' });
  const session = await load(system);
  expect(session).toHaveProperty('authState');
  const { asked, deps } = workerOf(system, async () => DONE);
  const shown = await logoutSession(deps, session, by(system));
  expect(shown).toMatchObject({ state: 'RUNNING', status: 'SCAN_QR_CODE', epoch: 1 });
  expect(await load(system)).not.toHaveProperty('authState');
  expect(asked).toEqual([]);
});

test('one that is linked while it is logged out is unlinked by its worker', async () => {
  const system = testSystem();
  await restartable(system, {});
  await report(system.deps, await load(system), { seq: 2, status: 'SCAN_QR_CODE' });
  const before = await load(system);
  system.meanwhile = (call) => {
    if (!call.startsWith('write SESSION')) return;
    system.meanwhile = () => {};
    // What the worker reports between the read and the write: the phone scanned the code.
    const item = [...system.table.items()].find(({ pk, sk }) => pk === before.pk && sk === before.sk);
    Object.assign(item ?? {}, { status: 'WORKING', version: before.version + 1 });
  };
  const { asked, deps } = workerOf(system, unlinks(system));
  expect(await logoutSession(deps, before, by(system))).toMatchObject({ epoch: 2 });
  expect(asked).toEqual(['logout']);
});

test('one that is stopping is waited for, and one that is stopped stays stopped', async () => {
  const system = testSystem();
  await finalReport(system.deps, await restartable(system, {}), { reason: 'idle' });
  const { asked, deps } = workerOf(system, async () => DONE);
  const shown = await logoutSession(deps, await load(system), by(system));
  expect(shown).toMatchObject({ state: 'STOPPED', stopReason: 'logged_out', epoch: 1 });
  expect(shown).not.toHaveProperty('authState');
  expect(await logoutSession(deps, shown, by(system))).toMatchObject({ state: 'STOPPED', epoch: 1 });
  expect(asked).toEqual([]);
  expect(slots(system)).toEqual([]);
});
