/**
 * Supervision by the control plane: reports each change of the session, and keeps what the responses contain: the
 * clock, the deadlines, the wish that it stop. A deadline that passes stops it without being asked.
 */

import type { StopReason } from '../../contract/lifecycle.ts';
import type { Ignore } from '../../contract/whatsapp/ignore.ts';
import type { Dialogs } from '../../contract/worker/protocol.ts';
import type { Log } from '../base/log.ts';
import type { Time } from '../base/time.ts';
import { type StartTimeLine, shifted } from '../start-steps.ts';
import type { BuildCounter } from '../whatsapp/build-counter.ts';
import type { HostView } from '../whatsapp/client-host.ts';
import type { ControlClock } from './clock.ts';
import { watchDeadlines } from './deadline-watch.ts';
import { type Due, momentsAfter } from './deadlines.ts';
import { createReporter } from './reporter.ts';
import type { BootstrapResponse, WorkerApi } from './worker-api.ts';

type Supervision = {
  /** Reports for the first time. */
  start(): void;
  /** Status, account or the reason for a code changed. */
  show(view: HostView): void;
  /** The session was used: its idle deadline is put off. */
  active(): void;
  measured(memoryBytes: number): void;
  /** The dialogs that the page has shown since the worker started. */
  showDialogs(dialogs: Dialogs): void;
  /** The build in use, or what was counted of builds, changed. */
  counted(counter: Pick<BuildCounter, 'build' | 'counts'>): void;
  /** No deadline counts any more; reports continue. */
  stopDeadlines(): void;
  stopReports(): void;
  /** Which kinds of chats the session ignores, as last reported by the control plane. */
  ignore(): Ignore;
};

export const createSupervision = (options: {
  readonly api: Pick<WorkerApi, 'report'>;
  readonly time: Time;
  readonly log: Log;
  readonly clock: ControlClock;
  readonly settings: Pick<BootstrapResponse, 'deadlines' | 'heartbeatSeconds' | 'activitySeconds' | 'ignore'>;
  readonly timeLine: Pick<StartTimeLine, 'unreported' | 'reported'>;
  readonly onStop: (reason: StopReason) => void;
  readonly onExpiring: (due: Due) => void;
}): Supervision => {
  const { api, time, log, clock, settings, onStop } = options;

  let ignore = settings.ignore;
  let shownCode: string | undefined;
  let qrCodes = 0;
  const deadlines = watchDeadlines({
    time,
    now: clock.now,
    deadlines: settings.deadlines,
    onDue: ({ reason }) => onStop(reason),
    onExpiring: options.onExpiring,
  });
  const reporter = createReporter({
    api,
    time,
    log,
    heartbeatMs: settings.heartbeatSeconds * 1000,
    activityMs: settings.activitySeconds * 1000,
    start: () => shifted(options.timeLine.unreported, clock.fromLocal),
    onStartReported: options.timeLine.reported,
    onAnswer: (answer) => {
      clock.set(answer.now);
      ignore = answer.ignore;
      deadlines.setDeadlines(answer.deadlines);
      if (answer.stop !== undefined) onStop(answer.stop);
    },
  });

  return {
    start: () => reporter.update({ status: 'STARTING' }),
    show({ status, account, qr, qrReason, statusData }) {
      if (qr !== undefined && qr.value !== shownCode) {
        shownCode = qr.value;
        qrCodes += 1;
      }
      deadlines.setMoments(momentsAfter(deadlines.moments, status, clock.now()));
      const { lastActivityAt } = deadlines.moments;
      reporter.update({
        status,
        me: account,
        qrReason,
        lastActivityAt,
        statusData,
        ...(qrCodes > 0 ? { qrCodes } : {}),
      });
    },
    active() {
      const lastActivityAt = clock.now();
      deadlines.setMoments({ lastActivityAt });
      reporter.update({ lastActivityAt });
    },
    counted: ({ build, counts }) => reporter.update({ build, builds: counts }),
    measured: (memoryBytes) => reporter.update({ memoryBytes }),
    showDialogs: (dialogs) => reporter.update({ dialogs }),
    stopDeadlines: deadlines.stop,
    stopReports: reporter.stop,
    ignore: () => ignore,
  };
};
