/**
 * Reports to the control plane how the session is: at each heartbeat, and at once when status, account or the reason for a
 * QR code changes; activity is coalesced. One report is under way at a time; what changed meanwhile goes with the next.
 */
import type { BuildCounts } from '../../contract/builds/counts.ts';
import type { Status } from '../../contract/lifecycle.ts';
import type { Account, Dialogs } from '../../contract/worker/protocol.ts';
import { describeError, Fenced } from '../base/faults.ts';
import type { Log } from '../base/log.ts';
import type { Time } from '../base/time.ts';
import type { ReportRequest, ReportResponse, WorkerApi } from './worker-api.ts';

type Facts = {
  readonly status: Status;
  readonly me?: Account | undefined;
  readonly qrReason?: ReportRequest['qrReason'];
  /** ms, control plane's clock */
  readonly lastActivityAt?: number | undefined;
  readonly memoryBytes?: number | undefined;
  /** QR codes shown since the worker started. */
  readonly qrCodes?: number;
  readonly statusData?: ReportRequest['statusData'];
  readonly dialogs?: Dialogs;
  /** The build of WhatsApp Web in use. */
  readonly build?: string | undefined;
  /** How clients ended, by build. */
  readonly builds?: readonly BuildCounts[] | undefined;
};

const failuresOf = (builds: Facts['builds']): number =>
  (builds ?? []).reduce((sum, { failures }) => sum + failures, 0);

type Reporter = {
  /** Takes new facts in; reports at once if they matter. */
  update(facts: Partial<Facts>): void;
  stop(): void;
};

export const createReporter = (options: {
  readonly api: Pick<WorkerApi, 'report'>;
  readonly time: Time;
  readonly log: Log;
  readonly heartbeatMs: number;
  readonly activityMs: number;
  /** Steps of the start that are to be reported. */
  readonly start: () => NonNullable<ReportRequest['start']>;
  /** A report with these steps was accepted. */
  readonly onStartReported: (steps: NonNullable<ReportRequest['start']>) => void;
  readonly onAnswer: (answer: ReportResponse) => void;
}): Reporter => {
  const { api, time, log } = options;
  let facts: Facts = { status: 'STARTING' };
  let seq = 0;
  let sending = false;
  let dirty = false;
  let stopped = false;
  let cancelTimer = () => {};
  let cancelActivity: (() => void) | undefined;
  let inFlight = new AbortController();

  const request = (): ReportRequest => {
    seq += 1;
    const { status, me, qrReason, lastActivityAt, memoryBytes, dialogs, build, builds } = facts;
    const { qrCodes, statusData } = facts;
    const start = options.start();
    return {
      seq,
      status,
      ...(me === undefined ? {} : { me }),
      ...(qrReason === undefined ? {} : { qrReason }),
      ...(lastActivityAt === undefined ? {} : { lastActivityAt }),
      ...(memoryBytes === undefined ? {} : { memoryBytes: Math.round(memoryBytes) }),
      ...(qrCodes === undefined ? {} : { qrCodes }),
      ...(statusData === undefined ? {} : { statusData }),
      // Always there: a new worker's first report takes the place of what the last one saw.
      dialogs: dialogs ?? { closed: 0, unknown: 0 },
      ...(build === undefined ? {} : { build }),
      ...(builds === undefined ? {} : { builds: [...builds] }),
      ...(Object.keys(start).length === 0 ? {} : { start }),
    };
  };

  const send = async (): Promise<void> => {
    if (stopped) return;
    if (sending) {
      dirty = true;
      // A retry of stale facts ends here; the next report carries the newer ones.
      inFlight.abort();
      return;
    }
    sending = true;
    dirty = false;
    cancelTimer();
    cancelActivity?.();
    cancelActivity = undefined;
    inFlight = new AbortController();
    try {
      const sent = request();
      const answer = await api.report(sent, {
        until: time.now() + options.heartbeatMs,
        signal: inFlight.signal,
      });
      if (sent.start) options.onStartReported(sent.start);
      if (!stopped) options.onAnswer(answer);
    } catch (error) {
      if (error instanceof Fenced) stopped = true;
      else if (!dirty) log.warn('report not accepted', { error: describeError(error) });
    } finally {
      sending = false;
      if (!stopped) {
        if (dirty) void send();
        else cancelTimer = time.after(options.heartbeatMs, () => void send());
      }
    }
  };

  return {
    update(change) {
      const before = facts;
      facts = { ...facts, ...change };
      if (stopped) return;
      const matters =
        facts.status !== before.status ||
        facts.qrReason !== before.qrReason ||
        JSON.stringify(facts.me) !== JSON.stringify(before.me) ||
        facts.statusData !== before.statusData ||
        facts.qrCodes !== before.qrCodes ||
        JSON.stringify(facts.dialogs) !== JSON.stringify(before.dialogs) ||
        facts.build !== before.build ||
        failuresOf(facts.builds) !== failuresOf(before.builds) ||
        seq === 0;
      if (matters) void send();
      else if (facts.lastActivityAt !== before.lastActivityAt && !cancelActivity)
        cancelActivity = time.after(options.activityMs, () => {
          cancelActivity = undefined;
          void send();
        });
    },
    stop() {
      stopped = true;
      inFlight.abort();
      cancelTimer();
      cancelActivity?.();
    },
  };
};
