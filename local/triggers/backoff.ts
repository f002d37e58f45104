/** Waits that end early when the signal says so; resolves to whether the time passed in full. */
export const pause = (ms: number, signal: AbortSignal): Promise<boolean> =>
  new Promise((resolve) => {
    if (signal.aborted) {
      resolve(false);
      return;
    }
    const ended = (): void => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', ended);
      resolve(true);
    }, ms);
    signal.addEventListener('abort', ended, { once: true });
  });

/** Doubles from `firstMs` up to `mostMs`. @param attempt 0 for the first wait */
export const backoffMs = (attempt: number, firstMs: number, mostMs: number): number =>
  Math.min(mostMs, firstMs * 2 ** Math.min(attempt, 20));
