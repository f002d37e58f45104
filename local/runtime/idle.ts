/** How long an instance without work is kept. Each takes about 25 MB; loading one again costs about 0.1 s of a core. */

/** As long as a timer can be. */
const ALWAYS_MS = 2 ** 31 - 1;
/** Less than a minute: what runs once a minute is loaded for each run. */
const OFTEN_MS = 45_000;
const SHORT_MS = 3_000;

export type Use = {
  /** Whether the function has no other instance. */
  readonly isLast: boolean;
  /** Whether it was loaded ahead: a person waits for what it does, and may come after a pause of any length. */
  readonly isKept: boolean;
  /** When the latest and the one before were invoked, in ms since the epoch; undefined: there was none. */
  readonly latestAt: number | undefined;
  readonly previousAt: number | undefined;
};

/**
 * The milliseconds that an instance may be idle. The last one of its function is kept always when the function was loaded
 * ahead, and for a while when invocations come often. Another one, or that of a function that runs rarely, ends soon.
 */
export const idleMs = ({ isLast, isKept, latestAt, previousAt }: Use): number => {
  if (!isLast) return SHORT_MS;
  if (isKept) return ALWAYS_MS;
  return latestAt !== undefined && previousAt !== undefined && latestAt - previousAt <= OFTEN_MS
    ? OFTEN_MS
    : SHORT_MS;
};
