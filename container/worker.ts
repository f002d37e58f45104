/** A worker as its process sees it: bootstrap, then one session; signals and uncaught errors end it. */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Assignment } from '../contract/worker/protocol.ts';
import { describeError, NoBrowser } from './base/faults.ts';
import type { Log } from './base/log.ts';
import type { Time } from './base/time.ts';
import { bootstrap, type Prepared, prepare } from './bootstrap.ts';
import type { AheadBrowser } from './browser/ahead.ts';
import type { EarlyBrowser } from './browser/early.ts';
import { launchForAny, type SpawnedBrowser, spawnBrowser } from './browser/spawn.ts';
import { createEnding } from './ending.ts';
import type { ContainerEnvironment, Purpose } from './environment.ts';
import { createExit, EXIT, type ExitCode } from './exit.ts';
import { judgeUncaught } from './process-faults.ts';
import type { startSession } from './session.ts';
import { createPendingAssignment, standBy } from './standby.ts';
import { createStartTimeLine } from './start-steps.ts';

type Worker = {
  /** SIGTERM or SIGINT: the first asks for an orderly end, the second kills. */
  signal(name: string): void;
  unhandledRejection(error: unknown): void;
  uncaughtException(error: unknown): void;
  /** The process's exit code. No browser process and no file of the session is left. */
  readonly exitCode: Promise<ExitCode>;
};

/** So long after a client was closed, complaints of its absence are no news. */
const CLOSING_ECHO_MS = 30_000;

/** Loads what the session is made of, the library above all; the first call does, and it takes longer than the boot. */
const loadSession = () => import('./session.ts');
/** While the control plane is asked. A failure is thrown when the session is needed. */
const loadAhead = () => void loadSession().catch(() => {});

/** Of a session with an account in a task whose browser has visited WhatsApp Web over the profile of `workDir`. */
const linkedDir = async (workDir: string): Promise<string> => {
  const dir = join(workDir, 'linked');
  await mkdir(dir, { recursive: true, mode: 0o700 });
  return dir;
};

/** Starts a worker; nothing that goes wrong in it is thrown. */
export const startWorker = (options: {
  readonly environment: ContainerEnvironment;
  readonly purpose: Purpose;
  /** The session's browser, if it runs already. */
  readonly early?: EarlyBrowser | undefined;
  /** Of a standby task: it is the worker of this session from now on. */
  readonly onAssigned?: (session: Pick<Assignment, 'sessionId' | 'epoch'>) => void;
  readonly time: Time;
  readonly log: Log;
}): Worker => {
  const { time, log } = options;
  const exit = createExit(time);
  const ending = createEnding();
  let session: ReturnType<typeof startSession> | undefined;
  let waited: AheadBrowser | undefined;

  const timeLine = createStartTimeLine(time);
  const onServing = () => timeLine.reached('bootstrapped');
  const startFor = async (purpose: Extract<Purpose, { kind: 'session' }>) => {
    timeLine.reached('processUp');
    const prepared = await prepare({ ...options, exit, epoch: purpose.epoch });
    const { pullStarted, imagePulled, containerStarted = performance.timeOrigin } = prepared.task ?? {};
    if (pullStarted !== undefined) timeLine.reached('pullStarted', pullStarted);
    if (imagePulled !== undefined) timeLine.reached('imagePulled', imagePulled);
    timeLine.reached('containerStarted', containerStarted);
    const spawned = options.early?.spawned ?? spawnAhead(prepared);
    let ahead: Promise<AheadBrowser | undefined> | undefined;
    const found = await bootstrap(prepared, purpose, {
      ...options,
      exit,
      ending,
      onAsked: () => {
        if (spawned) ahead ??= driveAhead(prepared, spawned);
        else loadAhead();
      },
      onServing,
    });
    if (!found) return;
    const [{ startSession }, browser] = await Promise.all([loadSession(), ahead]);
    session = startSession({ ...found, ahead: browser }, { ...options, exit, ending, timeLine });
  };
  const spawnAhead = ({ found, workDir }: Prepared): SpawnedBrowser | undefined =>
    found instanceof NoBrowser || options.environment.BERTH_BROWSER_AHEAD === undefined
      ? undefined
      : spawnBrowser(launchForAny({ found, workDir }, options.environment));
  /** Undefined: the session launches its own. What is left of it at the end is killed with the profile's processes. */
  const driveAhead = async (
    prepared: Prepared,
    spawned: SpawnedBrowser,
  ): Promise<AheadBrowser | undefined> => {
    try {
      return (await loadSession()).driveBrowserAhead(spawned, prepared, { ...options, onLost: () => {} });
    } catch (error) {
      spawned.kill();
      log.warn('no browser was launched ahead', { error: describeError(error) });
      return undefined;
    }
  };
  const rehearse = async (workDir: string): Promise<void> => {
    try {
      await (await import('./auth-state/rehearse.ts')).rehearseRestore(workDir);
    } catch (error) {
      log.warn('a restore was not rehearsed', { error: describeError(error) });
    }
  };
  const waitAndStart = async (standby: Extract<Purpose, { kind: 'standby' }>) => {
    const pending = createPendingAssignment();
    const leaving = new AbortController();
    asked = () => leaving.abort();
    const prepared = await prepare({ ...options, exit, epoch: undefined, assign: pending.assign });
    const loaded = loadSession();
    const found = await standBy({
      ...options,
      standby,
      workerApiUrl: options.environment.BERTH_WORKER_API_URL,
      prepared,
      pending,
      launch: async () => {
        const spawned = spawnBrowser(launchForAny(prepared, options.environment));
        const { driveBrowserAhead, openWhatsAppAhead } = await loaded;
        const drive = standby.depth === 'page' ? openWhatsAppAhead : driveBrowserAhead;
        waited = drive(spawned, prepared, { ...options, onLost: () => leaving.abort() });
        await rehearse(prepared.workDir);
        return waited;
      },
      exit,
      signal: leaving.signal,
    });
    if (!found) return;
    asked = undefined;
    const { assignment, ahead } = found;
    options.onAssigned?.(assignment);
    const takesAccount = !assignment.isLinked || ahead.adopt !== undefined;
    // The session gets another profile, and does not wait for this browser to be gone.
    if (!takesAccount) void ahead.discard();
    let serves = false;
    try {
      const bootstrapped = await bootstrap(prepared, assignment, {
        ...options,
        exit,
        ending,
        onAsked: () => {},
        onServing: () => {
          serves = true;
          onServing();
          pending.settle(true);
        },
      });
      if (bootstrapped)
        session = (await loaded).startSession(
          takesAccount
            ? { ...bootstrapped, ahead }
            : { ...bootstrapped, workDir: await linkedDir(prepared.workDir) },
          { ...options, exit, ending, timeLine },
        );
    } finally {
      if (!serves) pending.settle(false);
    }
  };
  /** Of a standby task that waits: ends it at once. */
  let asked: (() => void) | undefined;
  const start = () =>
    options.purpose.kind === 'session' ? startFor(options.purpose) : waitAndStart(options.purpose);
  start().catch((error: unknown) => {
    log.error('the worker could not start', { error: describeError(error) });
    void exit.shutDown(EXIT.defect);
  });

  /** A standby task that waits is of no use any more; a session ends in order. */
  const crash = (what: string): void => (asked ? asked() : ending.ask('crashed', what));
  const isClosing = (): boolean =>
    ending.signal.aborted ||
    [session, waited].some((each) => each !== undefined && time.now() - each.closedAt < CLOSING_ECHO_MS);

  return {
    exitCode: exit.code,
    signal(name) {
      if (ending.asked || ending.signal.aborted) {
        log.warn('second signal: killing', { signal: name });
        void exit.shutDown(EXIT.grace_expired);
      } else {
        log.info('asked to end', { signal: name });
        if (asked) asked();
        else ending.ask('task_stopped');
      }
    },
    unhandledRejection(error) {
      const judged = judgeUncaught(error, isClosing());
      log.warn('unhandled rejection', { judged, error: describeError(error) });
      if (judged === 'client_fault' && session) session.fault('unhandled rejection in the library');
      else if (judged !== 'ignore') crash(`unhandled rejection: ${describeError(error)}`);
    },
    uncaughtException(error) {
      if (judgeUncaught(error, isClosing()) === 'ignore') {
        log.warn('uncaught exception of a browser that was closed', { error: describeError(error) });
        return;
      }
      log.error('uncaught exception', { error: describeError(error) });
      crash(`uncaught exception: ${describeError(error)}`);
    },
  };
};
