import type { Clock } from '../../contract/clock.ts';
import { TimedOut } from './faults.ts';

/** Time as the worker sees it: read and waited for through this, so that tests own it. Milliseconds throughout. */
export type Time = {
  readonly now: Clock;
  /** Runs `run` once after `ms`; the answer cancels it. */
  after(ms: number, run: () => void): () => void;
};

const MAX_TIMER_MS = 2_147_483_647;

/** Wall time that never jumps: a clock set back in the middle of a session must not stretch its deadlines. */
export const systemTime: Time = {
  now: () => Math.round(performance.timeOrigin + performance.now()),
  after(ms, run) {
    const timer = setTimeout(run, Math.min(Math.max(ms, 0), MAX_TIMER_MS));
    return () => clearTimeout(timer);
  },
};

export const sleep = (time: Time, ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const wake = () => {
      cancel();
      signal?.removeEventListener('abort', wake);
      resolve();
    };
    const cancel = time.after(ms, wake);
    signal?.addEventListener('abort', wake, { once: true });
  });

/**
 * `work`, or TimedOut after `ms`. The work itself continues: its caller must tolerate that it ends late, and a
 * late rejection is swallowed.
 */
export const withDeadline = <T>(time: Time, ms: number, what: string, work: Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    const cancel = time.after(ms, () => reject(new TimedOut(what, ms)));
    work.then(
      (value) => {
        cancel();
        resolve(value);
      },
      (error: unknown) => {
        cancel();
        reject(error);
      },
    );
  });
