/** A worker as its process sees it: bootstrap, then one session; signals and uncaught errors end it. */
import { describeError } from './base/faults.ts';
import type { Log } from './base/log.ts';
import type { Time } from './base/time.ts';
import { bootstrap } from './bootstrap.ts';
import { createEnding } from './ending.ts';
import type { ContainerEnvironment } from './environment.ts';
import { createExit, EXIT, type ExitCode } from './exit.ts';
import { judgeUncaught } from './process-faults.ts';
import type { startSession } from './session.ts';

export type Worker = {
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
/** While the control plane is asked. A failure is thrown where the session is needed. */
const loadAhead = () => void loadSession().catch(() => {});

/** Starts a worker; nothing that goes wrong in it is thrown. */
export const startWorker = (options: {
  readonly environment: ContainerEnvironment;
  readonly time: Time;
  readonly log: Log;
}): Worker => {
  const { time, log } = options;
  const exit = createExit(time);
  const ending = createEnding();
  let session: ReturnType<typeof startSession> | undefined;

  const start = async () => {
    const found = await bootstrap({ ...options, exit, ending, onAsked: loadAhead });
    if (found) session = (await loadSession()).startSession(found, { ...options, exit, ending });
  };
  start().catch((error: unknown) => {
    log.error('the worker could not start', { error: describeError(error) });
    void exit.shutDown(EXIT.defect);
  });

  const isClosing = (): boolean =>
    ending.signal.aborted || (session !== undefined && time.now() - session.closedAt < CLOSING_ECHO_MS);

  return {
    exitCode: exit.code,
    signal(name) {
      if (ending.asked || ending.signal.aborted) {
        log.warn('second signal: killing', { signal: name });
        void exit.shutDown(EXIT.grace_expired);
      } else {
        log.info('asked to end', { signal: name });
        ending.ask('task_stopped');
      }
    },
    unhandledRejection(error) {
      const judged = judgeUncaught(error, isClosing());
      log.warn('unhandled rejection', { judged, error: describeError(error) });
      if (judged === 'client_fault' && session) session.fault('unhandled rejection in the library');
      else if (judged !== 'ignore') ending.ask('crashed', `unhandled rejection: ${describeError(error)}`);
    },
    uncaughtException(error) {
      if (judgeUncaught(error, isClosing()) === 'ignore') {
        log.warn('uncaught exception of a browser that was closed', { error: describeError(error) });
        return;
      }
      log.error('uncaught exception', { error: describeError(error) });
      ending.ask('crashed', `uncaught exception: ${describeError(error)}`);
    },
  };
};
