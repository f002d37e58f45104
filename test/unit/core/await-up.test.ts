import { expect, test } from 'vitest';
import { awaitUp } from '../../../core/commands/await-shown.ts';
import type { Session } from '../../../core/lifecycle/session.ts';
import type { CommandOutcome, WorkerCommands } from '../../../core/ports.ts';
import { bootstrapped, launchedSession, load, USER } from './session.ts';
import { type TestSystem, testSystem } from './test-system.ts';

const CODE = { value: '2@code', expiresAt: 1 };
const WORKS: CommandOutcome = {
  ok: false,
  failure: { code: 'wrong_status', detail: 'the session is WORKING', status: 'WORKING' },
};

/** A session whose worker has called once and reported nothing, and that answers as `outcome` says. */
const startingSession = async (outcome: CommandOutcome) => {
  const system = testSystem();
  const asked: string[] = [];
  const workers: WorkerCommands = {
    run: async (_worker, command) => {
      asked.push(command);
      return outcome;
    },
  };
  const session = await bootstrapped(system, await launchedSession(system));
  return { system, asked, deps: { ...system.deps, workers }, session };
};

const waitFor = (system: TestSystem, first: Session) => ({
  first,
  load: () => load(system),
  userId: USER,
  end: system.now + 20_000,
});

test('the code is the worker’s, before its report of that', async () => {
  const { system, asked, deps, session } = await startingSession({ ok: true, result: CODE });
  const up = await awaitUp(deps, waitFor(system, session));
  expect(up).toMatchObject({ code: CODE, session: { state: 'STARTING', status: 'STARTING' } });
  expect(asked).toEqual(['getQr']);
});

test('a session with an account works once its worker says so, asked once, before its report of that', async () => {
  const { system, asked, deps, session } = await startingSession(WORKS);
  const up = await awaitUp(deps, waitFor(system, session));
  expect(up).toMatchObject({ works: true, session: { state: 'STARTING', status: 'STARTING' } });
  expect(asked).toEqual(['getQr']);
});

test.each<[string, Partial<Session>]>([
  ['works already', { state: 'RUNNING', status: 'WORKING' }],
  ['has ended', { state: 'STOPPED', status: 'STOPPED' }],
])('one that %s is returned at once, and no worker is asked', async (_what, now) => {
  const { system, asked, deps, session } = await startingSession(WORKS);
  const first = { ...session, ...now };
  expect(await awaitUp(deps, waitFor(system, first))).toEqual({ session: first });
  expect(asked).toEqual([]);
});

test('a worker that is stopping is an error', async () => {
  const stopping: CommandOutcome = { ok: false, failure: { code: 'stopping', detail: 'it ends' } };
  const { system, deps, session } = await startingSession(stopping);
  await expect(awaitUp(deps, waitFor(system, session))).rejects.toMatchObject({ code: 'unavailable' });
});
