/**
 * Runs until the deadline, or until the caller has gone. Then the run's signal is aborted: work that has not begun is
 * skipped. Work that has begun continues, but its result is dropped, as on Lambda.
 */
export const within = async <T>(
  {
    deadlineMs,
    gone,
    late,
  }: { readonly deadlineMs: number; readonly gone: AbortSignal; readonly late: () => Error },
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const over = new AbortController();
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const stop = (error: Error): void => {
    over.abort();
    reject(error);
  };
  const timer = setTimeout(() => stop(late()), deadlineMs);
  const onGone = (): void => stop(new Error('the caller went away'));
  gone.addEventListener('abort', onGone, { once: true });
  if (gone.aborted) onGone();
  try {
    return await Promise.race([stopped, run(over.signal)]);
  } finally {
    clearTimeout(timer);
    gone.removeEventListener('abort', onGone);
  }
};
