import type { Time } from '../base/time.ts';

/**
 * When a working client's state is saved: at once after it is ready, so that a crash does not lose a new link; again
 * when Chromium has written what it holds back for some seconds (local storage); then at intervals.
 */
const AFTER_READY_MS = [1_000, 10_000] as const;

/**
 * Runs `save` on schedule until stopped; one at a time. `save` never throws.
 *
 * @param whole false: only the second save has everything. The first one would be worse than what is saved already
 */
export const scheduleSaves = (
  time: Time,
  intervalMs: number,
  save: () => Promise<void>,
  { whole }: { readonly whole: boolean },
): (() => void) => {
  let cancel = () => {};
  let stopped = false;
  const waits = whole ? [...AFTER_READY_MS] : AFTER_READY_MS.slice(1);
  const next = () => {
    if (stopped) return;
    const wait = waits.shift() ?? intervalMs;
    cancel = time.after(wait, () => void save().then(next));
  };
  next();
  return () => {
    stopped = true;
    cancel();
  };
};
