/**
 * Which build of WhatsApp Web the next start uses. Pure: the state goes in, the next state comes out.
 *
 *   LIVE      every start loads what WhatsApp serves.
 *               └─ the live build breaks, and a saved build has worked ──────────► FALLBACK
 *   FALLBACK  starts load the saved build; a share of them (the probes) still loads the live one.
 *               ├─ enough probes in a row work ──────────────────────────────────► LIVE
 *               └─ the saved build expires, is removed or breaks ──► the next saved build that worked, or LIVE
 *
 * A pinned build overrides both: every start loads it until it is unpinned or expires.
 *
 * The rule does not flap. Each fallback from the same live build within a day doubles the number of probes that must
 * work before the next return, so n outcomes cause at most about 2·log2(n) changes of mode.
 */
import * as z from 'zod';
import { compareVersions } from '../../contract/builds/version.ts';

/** Failures in a row that end the trust in a build: fewer suffice if several sessions met them. */
const STREAK_SEVERAL_SESSIONS = 6;
const SEVERAL_SESSIONS = 3;
const STREAK = 9;
/** From so many outcomes on the share of failures is compared with that of the saved build. */
const ENOUGH = 12;
const MARGIN = 0.1;
/** Probes in a row that must work before the first return to the live build. */
const PROBES = 4;
/** 4 · 2^7 = 512 probes at most. */
const MOST_DOUBLINGS = 7;
/** Fallbacks further apart than this are not flapping. */
const CALM_MS = 24 * 3_600_000;
/** Outcomes kept of the source in use. */
const WINDOW = 24;
/** Builds whose record is kept. */
const MOST_BUILDS = 24;
/** A record halves its counts at this size, so that it follows what the build does today. */
const RECORD_SIZE = 200;
/** A saved build must have worked this often before starts fall back to it. */
const WORKED_BEFORE = 1;

const outcomeSchema = z.object({ session: z.string(), ok: z.boolean(), build: z.string().optional() });
const recordSchema = z.object({ ok: z.int(), failed: z.int(), workedAt: z.int().optional() });

export const rulingSchema = z.object({
  mode: z.enum(['live', 'fallback']),
  /** When this mode began (ms). */
  since: z.int(),
  pinned: z.string().optional(),
  probePercent: z.number(),
  /** In fallback: the saved build in use. */
  target: z.string().optional(),
  /** In fallback: the live build that broke; absent if its version never became known. */
  from: z.string().optional(),
  /** Fallbacks from this live build that followed each other within a day. */
  fallbacks: z.int(),
  lastFallbackAt: z.int().optional(),
  /** The newest outcomes of the source in use, oldest first. */
  recent: z.array(outcomeSchema),
  /** In fallback: probes that worked in a row. */
  probesWorked: z.int(),
  /** The version that WhatsApp served last. */
  live: z.string().optional(),
  /** By version: how starts and links ended with it. */
  records: z.record(z.string(), recordSchema),
});
export type Ruling = z.infer<typeof rulingSchema>;

/** A build whose HTML is in the bucket. Times in ms. */
export type SavedBuild = { readonly version: string; readonly expiresAt?: number | undefined };

/** The page that a start loads: the live page, or a saved build. */
export type Source = 'live' | { readonly version: string };

/** How one start or one link ended. */
export type Outcome = {
  readonly source: Source;
  /** The version that the page reported; absent if the start failed before the page reported it. */
  readonly build?: string | undefined;
  readonly session: string;
  readonly ok: boolean;
};

/** A tenth of the starts keeps trying the live build. */
const DEFAULT_PROBE_PERCENT = 10;

export const initialRuling = (now: number): Ruling => ({
  mode: 'live',
  since: now,
  probePercent: DEFAULT_PROBE_PERCENT,
  fallbacks: 0,
  recent: [],
  probesWorked: 0,
  records: {},
});

const isUsable = (build: SavedBuild | undefined, now: number): build is SavedBuild =>
  build !== undefined && (build.expiresAt === undefined || build.expiresAt > now);

const usable = (saved: readonly SavedBuild[], version: string | undefined, now: number): boolean =>
  isUsable(
    saved.find((build) => build.version === version),
    now,
  );

/**
 * The source of the next start.
 * @param random in [0, 1): decides which starts are probes
 */
export const chooseSource = (
  ruling: Ruling,
  saved: readonly SavedBuild[],
  now: number,
  random: number,
): Source => {
  if (ruling.pinned !== undefined && usable(saved, ruling.pinned, now)) return { version: ruling.pinned };
  if (ruling.mode === 'live' || ruling.target === undefined || !usable(saved, ruling.target, now))
    return 'live';
  return random * 100 < ruling.probePercent ? 'live' : { version: ruling.target };
};

/** The ruling after one outcome. Outcomes of pinned starts fill the records and change no mode. */
export const observe = (
  ruling: Ruling,
  outcome: Outcome,
  saved: readonly SavedBuild[],
  now: number,
): Ruling => {
  const recorded = withRecord(ruling, outcome, now);
  if (isPinned(ruling, outcome)) return recorded;
  return recorded.mode === 'live'
    ? afterLive(recorded, outcome, saved, now)
    : afterFallback(recorded, outcome, saved, now);
};

const isPinned = (ruling: Ruling, { source }: Outcome): boolean =>
  ruling.pinned !== undefined && (source === 'live' || source.version === ruling.pinned);

const withRecord = (ruling: Ruling, outcome: Outcome, now: number): Ruling => {
  // A live start that failed before the page reported its version is counted for no build: it may be a new one.
  const version = outcome.build ?? (outcome.source === 'live' ? undefined : outcome.source.version);
  const next =
    outcome.source === 'live' && outcome.build !== undefined ? { ...ruling, live: outcome.build } : ruling;
  if (version === undefined) return next;
  const before = ruling.records[version] ?? { ok: 0, failed: 0 };
  const half = before.ok + before.failed >= RECORD_SIZE ? 2 : 1;
  const record = {
    ...before,
    ok: Math.floor(before.ok / half) + (outcome.ok ? 1 : 0),
    failed: Math.floor(before.failed / half) + (outcome.ok ? 0 : 1),
    ...(outcome.ok ? { workedAt: now } : {}),
  };
  return { ...next, records: bounded({ ...ruling.records, [version]: record }, version) };
};

/** The builds that worked longest ago are forgotten first; never the one just seen. */
const bounded = (records: Ruling['records'], keep: string): Ruling['records'] => {
  const entries = Object.entries(records);
  if (entries.length <= MOST_BUILDS) return records;
  const [oldest] = entries
    .filter(([version]) => version !== keep)
    .sort(([, a], [, b]) => (a.workedAt ?? 0) - (b.workedAt ?? 0));
  return Object.fromEntries(entries.filter(([version]) => version !== oldest?.[0]));
};

const remembered = (ruling: Ruling, { session, ok, build }: Outcome): Ruling => ({
  ...ruling,
  recent: [...ruling.recent, { session, ok, ...(build === undefined ? {} : { build }) }].slice(-WINDOW),
});

/** WhatsApp serves different builds at once: each is judged by its own outcomes, and by those of no known build. */
const outcomesOf = (recent: Ruling['recent'], build: string | undefined): Ruling['recent'] =>
  recent.filter((seen) => build === undefined || seen.build === undefined || seen.build === build);

const afterLive = (ruling: Ruling, outcome: Outcome, saved: readonly SavedBuild[], now: number): Ruling => {
  // A start that was chosen before the return to the live build says nothing about it.
  if (outcome.source !== 'live') return ruling;
  const next = remembered(ruling, outcome);
  const recent = outcomesOf(next.recent, outcome.build);
  const candidate = lastThatWorked(next, saved, now, buildsOf(streakOf(recent)));
  return candidate !== undefined && !outcome.ok && breaks(recent, next.records[candidate])
    ? fallBack(next, candidate, outcome.build, now)
    : next;
};

const afterFallback = (
  ruling: Ruling,
  outcome: Outcome,
  saved: readonly SavedBuild[],
  now: number,
): Ruling => {
  if (outcome.source === 'live') return afterProbe(ruling, outcome, saved, now);
  if (outcome.source.version !== ruling.target) return ruling;
  const next = remembered(ruling, outcome);
  if (!streakBreaks(next.recent)) return next;
  // The saved build does not work any more either.
  const other = lastThatWorked(next, saved, now, [outcome.source.version]);
  return other === undefined ? goLive(next, now) : { ...next, target: other, since: now, recent: [] };
};

/** WhatsApp released another build since the fallback: what the one before did does not count against it. */
const isNewLive = (ruling: Ruling, outcome: Outcome): boolean =>
  outcome.build !== undefined &&
  (ruling.from === undefined || compareVersions(outcome.build, ruling.from) > 0);

const afterProbe = (ruling: Ruling, outcome: Outcome, saved: readonly SavedBuild[], now: number): Ruling => {
  const next = isNewLive(ruling, outcome)
    ? { ...ruling, from: outcome.build, fallbacks: 1, probesWorked: 0 }
    : ruling;
  // The failures that led here named no build, and it was the one that starts fell back to.
  if (next.from !== undefined && next.from === next.target) {
    const other = lastThatWorked(next, saved, now, [next.from]);
    return other === undefined ? goLive(next, now) : { ...next, target: other, since: now, recent: [] };
  }
  const probesWorked = outcome.ok ? next.probesWorked + 1 : 0;
  return probesWorked >= probesNeeded(next) ? goLive(next, now) : { ...next, probesWorked };
};

/** How many probes in a row must work before starts return to the live build. */
export const probesNeeded = ({ fallbacks }: Pick<Ruling, 'fallbacks'>): number =>
  PROBES * 2 ** Math.min(Math.max(fallbacks - 1, 0), MOST_DOUBLINGS);

const fallBack = (ruling: Ruling, target: string, broken: string | undefined, now: number): Ruling => {
  const again =
    ruling.from === broken && ruling.lastFallbackAt !== undefined && now - ruling.lastFallbackAt < CALM_MS;
  const { from: _before, ...rest } = ruling;
  return {
    ...rest,
    mode: 'fallback',
    since: now,
    target,
    ...(broken === undefined ? {} : { from: broken }),
    fallbacks: again ? ruling.fallbacks + 1 : 1,
    lastFallbackAt: now,
    recent: [],
    probesWorked: 0,
  };
};

/** `from`, `fallbacks` and `lastFallbackAt` stay: by them the next fallback sees whether it is a repeat. */
const goLive = ({ target: _left, ...ruling }: Ruling, now: number): Ruling => ({
  ...ruling,
  mode: 'live',
  since: now,
  recent: [],
  probesWorked: 0,
});

/**
 * The saved build that worked last, other than those in `not`. A build that failed more often than it worked is no candidate.
 */
const lastThatWorked = (
  ruling: Ruling,
  saved: readonly SavedBuild[],
  now: number,
  not: readonly string[],
): string | undefined =>
  saved
    .filter((build) => !not.includes(build.version) && isUsable(build, now))
    .flatMap(({ version }) => {
      const record = ruling.records[version];
      return record?.workedAt !== undefined && record.ok >= WORKED_BEFORE && record.ok > record.failed
        ? [{ version, workedAt: record.workedAt }]
        : [];
    })
    .sort((a, b) => b.workedAt - a.workedAt)[0]?.version;

const breaks = (recent: Ruling['recent'], saved: Ruling['records'][string] | undefined): boolean =>
  streakBreaks(recent) || failsMoreOften(recent, saved);

/** The failures since the last start that worked. */
const streakOf = (recent: Ruling['recent']): Ruling['recent'] =>
  recent.slice(recent.findLastIndex(({ ok }) => ok) + 1);

const buildsOf = (outcomes: Ruling['recent']): string[] =>
  outcomes.flatMap(({ build }) => (build === undefined ? [] : [build]));

const streakBreaks = (recent: Ruling['recent']): boolean => {
  const streak = streakOf(recent);
  const sessions = new Set(streak.map(({ session }) => session)).size;
  return (
    streak.length >= STREAK || (streak.length >= STREAK_SEVERAL_SESSIONS && sessions >= SEVERAL_SESSIONS)
  );
};

/** Clearly more often: the intervals of both shares do not touch, with a margin between them. */
const failsMoreOften = (recent: Ruling['recent'], record: Ruling['records'][string] | undefined): boolean => {
  if (recent.length < ENOUGH || record === undefined) return false;
  const sessions = new Set(recent.flatMap(({ session, ok }) => (ok ? [] : [session])));
  if (sessions.size < SEVERAL_SESSIONS) return false;
  const failed = recent.filter(({ ok }) => !ok).length;
  const live = wilson(failed, recent.length);
  const saved = wilson(record.failed, record.ok + record.failed);
  return live.lower > saved.upper + MARGIN;
};

/** Wilson's 95 % score interval for a share of `hits` in `total` (total > 0). */
const wilson = (hits: number, total: number): { readonly lower: number; readonly upper: number } => {
  const z2 = 1.96 ** 2;
  const share = hits / total;
  const center = (share + z2 / (2 * total)) / (1 + z2 / total);
  const half =
    (Math.sqrt((share * (1 - share)) / total + z2 / (4 * total * total)) * 1.96) / (1 + z2 / total);
  return { lower: center - half, upper: center + half };
};

/** The newest live build fails its starts, whether or not a saved build could take its place. */
export const isFailing = ({ mode, recent, live }: Ruling): boolean =>
  mode === 'live' && streakBreaks(outcomesOf(recent, live));

/** The ruling with what an administrator changed. */
export const configure = (
  ruling: Ruling,
  change: { readonly pinned?: string | null | undefined; readonly probePercent?: number | undefined },
): Ruling => {
  const { pinned: before, ...rest } = ruling;
  const pinned = change.pinned === undefined ? before : (change.pinned ?? undefined);
  return {
    ...rest,
    ...(pinned === undefined ? {} : { pinned }),
    probePercent: change.probePercent ?? ruling.probePercent,
  };
};

/** The ruling if its saved build is gone or has expired: the next one that worked, or the live build. */
export const withoutLostTarget = (ruling: Ruling, saved: readonly SavedBuild[], now: number): Ruling => {
  if (ruling.mode === 'live' || usable(saved, ruling.target, now)) return ruling;
  const other = lastThatWorked(ruling, saved, now, ruling.from === undefined ? [] : [ruling.from]);
  return other === undefined ? goLive(ruling, now) : { ...ruling, target: other, since: now, recent: [] };
};
