import type { Time } from '../base/time.ts';

/**
 * When a working client's state is saved: at once after it is ready, so that a crash does not lose a new link; again
 * when Chromium has written what it holds back for some seconds (local storage); then at intervals.
 */
const AFTER_READY_MS = [1_000, 10_000] as const;

/** Runs `save` on schedule until stopped; one at a time. `save` never throws. */
export const scheduleSaves = (time: Time, intervalMs: number, save: () => Promise<void>): (() => void) => {
  let cancel = () => {};
  let stopped = false;
  let done = 0;
  const next = () => {
    if (stopped) return;
    const wait = AFTER_READY_MS[done] ?? intervalMs;
    done += 1;
    cancel = time.after(wait, () => void save().then(next));
  };
  next();
  return () => {
    stopped = true;
    cancel();
  };
};
