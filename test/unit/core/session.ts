/** Lives of sessions, as far as a test needs them. */
import type { SessionConfig } from '../../../contract/bodies/session-config.ts';
import { beginUpload, commitUpload } from '../../../core/accounts/snapshots.ts';
import { createSession } from '../../../core/admission/create.ts';
import { launch } from '../../../core/lifecycle/launch.ts';
import { loadSession } from '../../../core/lifecycle/load.ts';
import type { Session } from '../../../core/lifecycle/session.ts';
import { taskStopped } from '../../../core/lifecycle/task-stopped.ts';
import { bootstrap, report } from '../../../core/lifecycle/worker.ts';
import type { TestSystem } from './test-system.ts';

export const secret = (letter: string): string => letter.repeat(43);
export const USER = 'ann';

export const load = ({ deps }: TestSystem, name = 'a'): Promise<Session> => loadSession(deps, USER, name);

/** PENDING: admitted, nothing launched. */
export const admittedSession = async ({ deps }: TestSystem, name = 'a', userId = USER): Promise<Session> =>
  (await createSession(deps, { userId, name, config: {}, start: true })).session;

/** PENDING: its launch has clearly started nothing, and is due again. */
export const withoutCapacity = async (system: TestSystem, name = 'a', userId = USER): Promise<Session> => {
  const { launchResult } = system;
  system.launchResult = () => ({ ok: false, retryable: true, detail: 'RESOURCE:CPU' });
  const session = await launch(system.deps, await admittedSession(system, name, userId));
  system.launchResult = launchResult;
  return session;
};

/** STARTING: its task runs, its worker has not called yet. */
export const launchedSession = async (system: TestSystem, name = 'a'): Promise<Session> =>
  launch(system.deps, await admittedSession(system, name));

export const bootstrapped = async (
  system: TestSystem,
  session: Session,
  letter = 'w',
  taskArn = session.taskArn,
): Promise<Session> => {
  await bootstrap(system.deps, {
    sessionId: session.sessionId,
    epoch: session.epoch,
    bootstrapToken: session.bootstrapToken ?? '',
    workerSecret: secret(letter),
    commandSecret: secret('c'),
    address: 'http://10.0.0.1:8080',
    chromiumBuild: '1',
    ...(taskArn === undefined ? {} : { taskArn }),
  });
  return load(system, session.listName);
};

/** RUNNING, linked, without an auth state yet. */
export const workingSession = async (system: TestSystem, name = 'a'): Promise<Session> => {
  const session = await bootstrapped(system, await launchedSession(system, name));
  await report(system.deps, session, { seq: 1, status: 'WORKING', me: { id: '1@c.us' } });
  return load(system, name);
};

type Upload = { readonly key: string; readonly commit: (session: Session) => Promise<void> };

/** Uploaded, not committed. */
export const uploaded = async (system: TestSystem, session: Session, letter: string): Promise<Upload> => {
  const sha256 = letter.repeat(64);
  const { key, uploadId } = await beginUpload(system.deps, session, { bytes: 10, sha256 });
  const request = { key, uploadId, etags: ['"1"'], sha256, bytes: 10, chromiumBuild: '1' };
  return { key, commit: (current) => commitUpload(system.deps, current, request) };
};

export const RESTARTS_ALWAYS: SessionConfig = { restart: { policy: 'always' } };

/** WORKING, with a saved account. */
export const restartable = async (
  system: TestSystem,
  config: SessionConfig = RESTARTS_ALWAYS,
  name = 'a',
): Promise<Session> => {
  const admitted = await createSession(system.deps, { userId: USER, name, config, start: true });
  return worksNow(system, await launch(system.deps, admitted.session));
};

/** The worker of the session's epoch comes up, works, and saves the account. */
export const worksNow = async (system: TestSystem, launched: Session): Promise<Session> => {
  const session = await bootstrapped(system, launched, 'w', launched.taskArn);
  await report(system.deps, session, { seq: 1, status: 'WORKING', me: { id: '1@c.us' } });
  const { commit } = await uploaded(system, await load(system, session.listName), 'a');
  await commit(await load(system, session.listName));
  return load(system, session.listName);
};

/** ECS reports the end of the session's task. */
export const lose = async (system: TestSystem, session: Session, stopCode = 'EssentialContainerExited') => {
  const { taskArn = '', sessionId, epoch } = session;
  const task = system.tasks.get(taskArn);
  if (task) system.tasks.set(taskArn, { ...task, stopped: true });
  return taskStopped(system.deps, {
    taskArn,
    sessionId,
    epoch,
    neverStarted: false,
    stopCode,
    detail: 'exit code 137',
  });
};
