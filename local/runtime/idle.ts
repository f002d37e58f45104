/** How long an instance without work is kept. Each takes about 25 MB; loading one again costs about 0.1 s of a core. */

/** For the first session, which a person who has just started the system creates. */
const AHEAD_MS = 2 * 60_000;
/** Less than a minute: what runs once a minute is loaded for each run. */
const OFTEN_MS = 45_000;
const SHORT_MS = 3_000;

export type Use = {
  /** Whether the function has no other instance. */
  readonly isLast: boolean;
  /** When the latest and the one before were invoked, in ms since the epoch; undefined: there was none. */
  readonly latestAt: number | undefined;
  readonly previousAt: number | undefined;
};

/**
 * The milliseconds that an instance may be idle. The last one of its function is kept long when it was loaded ahead of its
 * first invocation, or when invocations come often. Another one, or that of a function that runs rarely, ends soon.
 */
export const idleMs = ({ isLast, latestAt, previousAt }: Use): number => {
  if (!isLast) return SHORT_MS;
  if (latestAt === undefined) return AHEAD_MS;
  return previousAt !== undefined && latestAt - previousAt <= OFTEN_MS ? OFTEN_MS : SHORT_MS;
};
