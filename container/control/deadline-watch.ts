import type { Clock } from '../../contract/clock.ts';
import type { WorkerDeadlines } from '../../contract/worker/protocol.ts';
import type { Time } from '../base/time.ts';
import { type Due, EXPIRING_NOTICE_MS, hasNotice, type Moments, nextDeadline } from './deadlines.ts';

type DeadlineWatch = {
  setDeadlines(deadlines: WorkerDeadlines): void;
  setMoments(change: Partial<Moments>): void;
  readonly moments: Moments;
  stop(): void;
};

/** Calls `onDue` to the second when a deadline passes, and `onExpiring` once a minute before an idle or duration stop. */
export const watchDeadlines = (options: {
  readonly time: Time;
  /** ms, control plane's clock */
  readonly now: Clock;
  readonly deadlines: WorkerDeadlines;
  readonly onDue: (due: Due) => void;
  readonly onExpiring: (due: Due) => void;
}): DeadlineWatch => {
  const { time } = options;
  let deadlines = options.deadlines;
  let moments: Moments = { phase: 'starting', wasUp: false };
  let cancel = () => {};
  let announced: number | undefined;
  let over = false;

  const look = () => {
    cancel();
    if (over) return;
    const due = nextDeadline(deadlines, moments);
    if (!due) return;
    const now = options.now();
    if (now >= due.at) {
      over = true;
      return options.onDue(due);
    }
    const noticeAt = due.at - EXPIRING_NOTICE_MS;
    if (hasNotice(due) && announced !== due.at) {
      if (now < noticeAt) {
        cancel = time.after(noticeAt - now, look);
        return;
      }
      announced = due.at;
      options.onExpiring(due);
    }
    cancel = time.after(due.at - now, look);
  };

  look();
  return {
    setDeadlines(next) {
      deadlines = next;
      look();
    },
    setMoments(change) {
      moments = { ...moments, ...change };
      look();
    },
    get moments() {
      return moments;
    },
    stop() {
      over = true;
      cancel();
    },
  };
};
