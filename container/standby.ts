/**
 * A standby task: the library is loaded, a browser is launched, and each heartbeat reports to the control plane that
 * it waits. It ends by an assignment, or if it is not wanted any more.
 */
import { randomBytes } from 'node:crypto';
import type { Assignment } from '../contract/worker/protocol.ts';
import { describeError, Fenced, NoBrowser } from './base/faults.ts';
import type { Log } from './base/log.ts';
import { sleep, type Time } from './base/time.ts';
import type { Prepared } from './bootstrap.ts';
import type { AheadBrowser } from './browser/ahead.ts';
import { createWorkerApi } from './control/worker-api.ts';
import { EXIT, type Exit } from './exit.ts';

/** One report with its repeats. The control plane takes a task that is silent for longer as lost. */
const REPORT_LIMIT_MS = 60_000;

/** The one assignment that a standby task takes. */
type PendingAssignment = {
  /** Called by the command server; a repeat of the same assignment has the same outcome. */
  readonly assign: (assignment: Assignment) => Promise<boolean>;
  readonly assigned: Promise<Assignment>;
  /** Whether the session is served; the answer to the control plane waits for it. */
  settle(serves: boolean): void;
  readonly isTaken: boolean;
};

export const createPendingAssignment = (): PendingAssignment => {
  const assigned = Promise.withResolvers<Assignment>();
  const outcome = Promise.withResolvers<boolean>();
  let taken: Assignment | undefined;
  return {
    assign(assignment) {
      taken ??= assignment;
      if (taken.sessionId !== assignment.sessionId || taken.epoch !== assignment.epoch)
        return Promise.resolve(false);
      assigned.resolve(taken);
      return outcome.promise;
    },
    assigned: assigned.promise,
    settle: outcome.resolve,
    get isTaken() {
      return taken !== undefined;
    },
  };
};

/** Waits for the assignment. Undefined: there is none, and the process is being left. */
export const standBy = async (options: {
  readonly standby: { readonly id: string; readonly token: string };
  readonly workerApiUrl: string;
  readonly prepared: Pick<Prepared, 'workDir' | 'found' | 'reach' | 'commandSecret'>;
  readonly pending: PendingAssignment;
  readonly launch: () => Promise<AheadBrowser>;
  readonly time: Time;
  readonly log: Log;
  readonly exit: Exit;
  /** Aborted once the process was asked to end. */
  readonly signal: AbortSignal;
}): Promise<{ readonly assignment: Assignment; readonly ahead: AheadBrowser } | undefined> => {
  const { standby, prepared, pending, time, log, exit, signal } = options;
  const { found, reach, commandSecret } = prepared;
  if (found instanceof NoBrowser) {
    log.error(found.message);
    await exit.shutDown(EXIT.defect);
    return undefined;
  }
  const ended = new Promise<undefined>((resolve) => {
    if (signal.aborted) return resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
    void exit.code.then(() => resolve(undefined));
  });
  const ahead = await options.launch();
  exit.onShutdown(() => ahead.discard());
  // A page may take a minute to load, and a task that is not wanted any more does not wait for it.
  await Promise.race([ahead.up, ended]);
  // Lost while it started: this throws what was wrong.
  if (!ahead.usable) await ahead.up;
  const workerSecret = randomBytes(32).toString('base64url');
  for (const secret of [workerSecret, standby.token]) log.hide(secret);
  const api = createWorkerApi({
    url: options.workerApiUrl,
    sessionId: standby.id,
    epoch: 0,
    workerSecret,
    time,
    onFenced: () => {},
  });
  const over = new AbortController();
  const isOver = AbortSignal.any([signal, over.signal]);

  const report = async (): Promise<void> => {
    for (let first = true; !isOver.aborted && !pending.isTaken; first = false) {
      const { heartbeatSeconds } = await api.standby(
        {
          standbyId: standby.id,
          standbyToken: standby.token,
          workerSecret,
          commandSecret,
          address: `http://${reach}`,
          chromiumBuild: found.build,
        },
        { until: time.now() + REPORT_LIMIT_MS, signal: isOver },
      );
      if (first) log.info('status', { from: 'STARTING', to: 'STANDBY' });
      await sleep(time, heartbeatSeconds * 1000, isOver);
    }
  };
  const reporting = report().catch(async (error: unknown) => {
    // An assignment that is under way decides; without one this task is of no use.
    if (pending.isTaken || signal.aborted) return;
    if (error instanceof Fenced) {
      // The claim closes the item a moment before its assignment arrives.
      await sleep(time, FENCED_WAIT_MS, isOver);
      if (pending.isTaken) return;
      log.info('this standby task is not needed any more');
      await exit.shutDown(EXIT.ok);
      return;
    }
    log.error('the control plane did not take the report', { error: describeError(error) });
    await exit.shutDown(EXIT.defect);
  });
  const assignment = await Promise.race([pending.assigned, ended]);
  over.abort();
  if (!assignment) {
    await reporting;
    await exit.shutDown(EXIT.ok);
    return undefined;
  }
  return { assignment, ahead };
};

/** Longer than the control plane waits for an assignment to be answered. */
const FENCED_WAIT_MS = 10_000;
