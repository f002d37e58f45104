import { type ReadonlySignal, signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

/** Data that is polled while a view shows it. */
export type Polled<T> = {
  /** The last answer; stays while a later read fails. */
  readonly data: ReadonlySignal<T | undefined>;
  /** Why the latest read failed; undefined once one succeeds. */
  readonly error: ReadonlySignal<unknown>;
  /** Reads now, or right after the read that is under way. */
  readonly refresh: () => Promise<void>;
  /** Keeps it fresh until the function returned is called. */
  readonly watch: () => () => void;
};

/** A read that takes long is repeated less often: reading takes a tenth of the time at most. */
const PAUSE_FACTOR = 10;

/**
 * Reads every `everyMs` while it is watched and the page is visible. Reads never overlap: one that is asked for
 * during another follows it, so that what is shown last was asked for last.
 */
export const polled = <T>(read: () => Promise<T>, everyMs: number): Polled<T> => {
  const data = signal<T | undefined>(undefined);
  const error = signal<unknown>(undefined);
  let watchers = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: Promise<void> | undefined;
  let again = false;
  let tookMs = 0;

  const once = async () => {
    const began = performance.now();
    try {
      data.value = await read();
      error.value = undefined;
    } catch (thrown) {
      error.value = thrown;
    }
    tookMs = performance.now() - began;
  };
  const loop = async () => {
    do {
      again = false;
      await once();
    } while (again);
    running = undefined;
    schedule();
  };
  const schedule = () => {
    clearTimeout(timer);
    if (watchers === 0) return;
    const pauseMs = Math.max(everyMs, tookMs * PAUSE_FACTOR);
    timer = setTimeout(() => (document.hidden ? schedule() : void refresh()), pauseMs);
  };
  const refresh = (): Promise<void> => {
    if (running) again = true;
    else running = loop();
    return running ?? Promise.resolve();
  };
  const onVisible = () => {
    if (!document.hidden) void refresh();
  };

  return {
    data,
    error,
    refresh,
    watch: () => {
      watchers += 1;
      if (watchers === 1) {
        document.addEventListener('visibilitychange', onVisible);
        addEventListener('online', onVisible);
        void refresh();
      }
      return () => {
        watchers -= 1;
        if (watchers > 0) return;
        document.removeEventListener('visibilitychange', onVisible);
        removeEventListener('online', onVisible);
        clearTimeout(timer);
      };
    },
  };
};

/** Watches for as long as the component is shown. */
export const useWatched = (...resources: readonly Pick<Polled<unknown>, 'watch'>[]): void => {
  useEffect(() => {
    const ends = resources.map((resource) => resource.watch());
    return () => {
      for (const end of ends) end();
    };
    // Resources that take part are named by the caller's own memoised values.
  }, resources);
};
