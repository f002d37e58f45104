/** How long an instance without work is kept. */

/**
 * Loading the last instance of a function again costs more CPU time than keeping it costs memory, if the function is
 * used again.
 */
const LAST_MS = 2 * 60_000;
const SHORT_MS = 10_000;

export type Use = {
  /** Whether the function has no other instance. */
  readonly isLast: boolean;
  /** When the latest and the one before were invoked, in ms since the epoch; undefined: there was none. */
  readonly latestAt: number | undefined;
  readonly previousAt: number | undefined;
};

/**
 * The milliseconds that an instance may be idle. The last one of its function is kept for two minutes: when it was loaded
 * ahead of its first invocation, or when invocations come at least that often. A function that runs once, or every five
 * minutes, would never use the instance again.
 */
export const idleMs = ({ isLast, latestAt, previousAt }: Use): number => {
  if (!isLast) return SHORT_MS;
  if (latestAt === undefined) return LAST_MS;
  return previousAt !== undefined && latestAt - previousAt <= LAST_MS ? LAST_MS : SHORT_MS;
};
