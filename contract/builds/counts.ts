/** A worker's report of the builds that it met, and the difference from the report before. */
import * as z from 'zod';
import { buildVersionSchema } from './version.ts';

const count = z.int().min(0).max(1_000_000);

/** Counts of one worker since it began, for one build. */
const buildCountsSchema = z.strictObject({
  /** null: the client failed before the page reported its version. */
  build: buildVersionSchema.nullable(),
  /** The page was a saved one, not what WhatsApp served. */
  saved: z.boolean(),
  /** Clients started. */
  starts: count,
  /** Clients that showed a QR code. */
  codes: count,
  /** Accounts linked: a code was scanned or a pairing code entered. */
  links: count,
  /** Clients that became ready. */
  readies: count,
  /** Messages sent. */
  sends: count,
  /** Clients that failed before they showed a code or became ready, for a reason that may be the build's. */
  failures: count,
});
export type BuildCounts = z.infer<typeof buildCountsSchema>;

/** A report names so many builds at most: the newest of those that the worker met. */
export const MOST_REPORTED_BUILDS = 8;
export const reportedBuildsSchema = z.array(buildCountsSchema).max(MOST_REPORTED_BUILDS);

export const COUNTED = ['starts', 'codes', 'links', 'readies', 'sends', 'failures'] as const;
export type Counted = (typeof COUNTED)[number];
export const NO_COUNTS: Readonly<Record<Counted, number>> = {
  starts: 0,
  codes: 0,
  links: 0,
  readies: 0,
  sends: 0,
  failures: 0,
};

const isSame = (a: BuildCounts, b: BuildCounts): boolean => a.build === b.build && a.saved === b.saved;

/** The counts since the last report; builds without news are left out. Counts that fell add nothing. */
export const newCounts = (
  reported: readonly BuildCounts[],
  before: readonly BuildCounts[],
): readonly BuildCounts[] =>
  reported.flatMap((now) => {
    const old = before.find((each) => isSame(each, now));
    const since = { ...now };
    for (const name of COUNTED) since[name] = Math.max(0, now[name] - (old?.[name] ?? 0));
    return COUNTED.some((name) => since[name] > 0) ? [since] : [];
  });
