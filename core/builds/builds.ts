/**
 * Builds of WhatsApp Web: which one a start loads, how starts end with each, and what administrators change. The rule
 * is core/builds/rule.ts; this file reads and writes what it needs.
 *
 * The ruling is one item, changed under its version. An outcome that cannot be written in time is dropped: the rule
 * judges by many outcomes, and a start must not wait for a statistic.
 */
import * as z from 'zod';
import type { BuildView, EngineView } from '../../contract/bodies/engine.ts';
import { type BuildCounts, COUNTED, NO_COUNTS } from '../../contract/builds/counts.ts';
import { htmlError } from '../../contract/builds/html.ts';
import { compareVersions } from '../../contract/builds/version.ts';
import { Problem } from '../../contract/errors.ts';
import { BUILDS_PREFIX } from '../accounts/storage-keys.ts';
import { toItem } from '../apply.ts';
import type { Deps } from '../deps.ts';
import {
  BUILD_HOURS_PARTITION,
  ENGINE_PARTITION,
  rulingKey,
  SAVED_BUILD,
  savedBuildKey,
  TTL_ATTRIBUTE,
} from '../items.ts';
import type { Session } from '../lifecycle/session.ts';
import { hourOf, STATS_HOURS, STATS_KEEP_SECONDS } from '../observability/hourly-stats.ts';
import { queryAll } from '../query-all.ts';
import { RETRY, retryTransient } from '../retry.ts';
import { absent, eq, type Item } from '../store.ts';
import {
  chooseSource,
  configure,
  initialRuling,
  isFailing,
  type Outcome,
  observe,
  probesNeeded,
  type Ruling,
  rulingSchema,
  type Source,
  withoutLostTarget,
} from './rule.ts';

type Reads = Pick<Deps, 'store' | 'clock'>;
type Writes = Pick<Deps, 'store' | 'clock' | 'sleep' | 'ids'>;

/** A worker may wait this long for its build's outcome to be written. */
const OBSERVE_BUDGET_MS = 1_500;
const CHANGE_BUDGET_MS = 8_000;

const savedSchema = z.object({
  version: z.string(),
  key: z.string(),
  sha256: z.string(),
  bytes: z.int(),
  savedAt: z.int(),
  expiresAt: z.int().optional(),
});
type Saved = z.infer<typeof savedSchema>;

const storedRulingSchema = z.object({ ruling: rulingSchema, version: z.int(), by: z.string() });

type Engine = {
  readonly ruling: Ruling;
  /** Of the ruling's item; absent while there is none. */
  readonly version: number | undefined;
  /** Which change wrote it. */
  readonly by: string | undefined;
  readonly saved: readonly Saved[];
};

type Changed = { readonly before: Ruling; readonly after: Ruling };

const readEngine = async (deps: Reads): Promise<Engine> => {
  const items = await queryAll(deps, { partition: ENGINE_PARTITION });
  const stored = items.find((item) => item.sk === rulingKey.sk);
  const builds = items
    .filter((item) => String(item.sk).startsWith(SAVED_BUILD))
    .map((item) => savedSchema.parse(item));
  const known = stored && storedRulingSchema.parse(stored);
  const now = deps.clock();
  return {
    // Starts, outcomes and the view must not differ in what a stored build that is gone leads to.
    ruling: withoutLostTarget(known?.ruling ?? initialRuling(now), builds, now),
    version: known?.version,
    by: known?.by,
    saved: builds,
  };
};

/**
 * Changes the ruling under its version, as often as it takes. `exhausted` says what happens when time runs out.
 *
 *   write ── (no answer, but written) ── read again: the item says that this very change wrote it: done, once
 */
const changeRuling = (
  deps: Writes,
  budgetMs: number,
  decide: (engine: Engine) => Ruling,
  exhausted: () => undefined,
): Promise<Changed | undefined> => {
  const by = deps.ids.secret().slice(0, 16);
  let attempted: Changed | undefined;
  return retryTransient<Changed | undefined>(
    deps,
    budgetMs,
    async () => {
      const engine = await readEngine(deps);
      if (attempted && engine.by === by) return attempted;
      const after = decide(engine);
      attempted = { before: engine.ruling, after };
      const written = await deps.store.write({
        kind: 'put',
        key: rulingKey,
        item: toItem({ ...rulingKey, ruling: after, version: (engine.version ?? 0) + 1, by }),
        condition: engine.version === undefined ? absent('pk') : eq('version', engine.version),
      });
      return written.ok ? attempted : RETRY;
    },
    exhausted,
  );
};

/** The key of the saved build that the next start loads, or undefined for the live page. */
export const chooseBuild = async (
  deps: Pick<Deps, 'store' | 'clock' | 'ids'>,
): Promise<Pick<Saved, 'version' | 'key' | 'sha256'> | undefined> => {
  const { ruling, saved } = await readEngine(deps);
  const source = chooseSource(ruling, saved, deps.clock(), deps.ids.random());
  return source === 'live' ? undefined : saved.find(({ version }) => version === source.version);
};

/**
 * Takes in what a worker counted since its last report: adds it to the hour's sums and judges the build by it. Never
 * throws for a fault of the database: what is lost is a statistic.
 */
export const recordBuilds = async (
  deps: Writes & Pick<Deps, 'log' | 'settings'>,
  session: Pick<Session, 'sessionId'>,
  counted: readonly BuildCounts[],
): Promise<void> => {
  if (counted.length === 0) return;
  try {
    for (const counts of counted) await addToHour(deps, counts);
    const outcomes = counted.flatMap((counts) => outcomesOf(counts, session.sessionId));
    if (outcomes.length === 0) return;
    const changed = await changeRuling(
      deps,
      OBSERVE_BUDGET_MS,
      ({ ruling, saved }) =>
        outcomes.reduce((now, outcome) => observe(now, outcome, saved, deps.clock()), ruling),
      () => undefined,
    );
    if (!changed) deps.log.warn('the outcome of a start was not counted for its build');
    else logModeChange(deps, changed.before, changed.after);
  } catch (error) {
    deps.log.warn('the outcome of a start was not counted for its build', { error: String(error) });
  }
};

const logModeChange = (deps: Pick<Deps, 'log'>, before: Ruling, after: Ruling): void => {
  if (before.mode === after.mode && before.target === after.target) return;
  deps.log.warn('the build of WhatsApp Web for new starts changed', {
    mode: after.mode,
    target: after.target,
    from: after.from,
    live: after.live,
  });
};

/** A worker reports at every change, so that a report seldom holds both; failures come first then. */
const outcomesOf = (counts: BuildCounts, session: string): readonly Outcome[] => {
  const source: Source | undefined = !counts.saved
    ? 'live'
    : counts.build === null
      ? undefined
      : { version: counts.build };
  if (source === undefined) return [];
  const build = counts.build ?? undefined;
  const repeated = (times: number, ok: boolean): Outcome[] =>
    Array.from({ length: Math.min(times, 10) }, () => ({ source, build, session, ok }));
  return [...repeated(counts.failures, false), ...repeated(counts.codes + counts.readies, true)];
};

const UNKNOWN = 'unknown';

const addToHour = (deps: Reads, counts: BuildCounts): Promise<unknown> => {
  const now = deps.clock();
  const add = Object.fromEntries(
    COUNTED.flatMap((name) => (counts[name] > 0 ? [[name, counts[name]] as const] : [])),
  );
  return deps.store.write({
    kind: 'update',
    key: { pk: BUILD_HOURS_PARTITION, sk: `${hourOf(now)}#${counts.build ?? UNKNOWN}` },
    set: { [TTL_ATTRIBUTE]: Math.floor(now / 1000) + STATS_KEEP_SECONDS },
    add,
  });
};

const lastDayByBuild = async (deps: Reads): Promise<ReadonlyMap<string, BuildView['lastDay']>> => {
  const after = hourOf(deps.clock() - STATS_HOURS * 3_600_000);
  const sums = new Map<string, BuildView['lastDay']>();
  for (const item of await queryAll(deps, { partition: BUILD_HOURS_PARTITION, after })) {
    const build = String(item.sk).split('#')[1] ?? UNKNOWN;
    const sum = { ...(sums.get(build) ?? NO_COUNTS) };
    for (const name of COUNTED) sum[name] += numberAt(item, name);
    sums.set(build, sum);
  }
  return sums;
};

const numberAt = (item: Item, name: string): number => {
  const value = item[name];
  return typeof value === 'number' ? value : 0;
};

const iso = (at: number | undefined): string | null => (at === undefined ? null : new Date(at).toISOString());

const isExpired = ({ expiresAt }: Pick<Saved, 'expiresAt'>, now: number): boolean =>
  expiresAt !== undefined && expiresAt <= now;

/** A build is pinned that starts cannot load: it has expired, or it is not stored any more. */
const isPinLost = ({ ruling: { pinned }, saved }: Engine, now: number): boolean =>
  pinned !== undefined && !saved.some((build) => build.version === pinned && !isExpired(build, now));

const isLiveFailing = (ruling: Ruling): boolean => ruling.mode === 'fallback' || isFailing(ruling);

/** The engine as an administrator sees it: newest build first. */
export const engineView = async (deps: Reads): Promise<EngineView> => {
  const [engine, hours] = await Promise.all([readEngine(deps), lastDayByBuild(deps)]);
  const { ruling, saved } = engine;
  const now = deps.clock();
  const pinExpired = isPinLost(engine, now);
  const versions = new Set([
    ...saved.map(({ version }) => version),
    ...Object.keys(ruling.records),
    ...[...hours.keys()].filter((build) => build !== UNKNOWN),
  ]);
  const builds: BuildView[] = [...versions]
    .sort((a, b) => compareVersions(b, a))
    .map((version) => buildView(version, engine, hours.get(version), now));
  const unknown = hours.get(UNKNOWN);
  return {
    engine: 'WEBJS',
    mode: ruling.pinned !== undefined && !pinExpired ? 'pinned' : ruling.mode,
    since: new Date(ruling.since).toISOString(),
    pinned: ruling.pinned ?? null,
    pinExpired,
    probePercent: ruling.probePercent,
    target: ruling.mode === 'fallback' ? (ruling.target ?? null) : null,
    from: ruling.mode === 'fallback' ? (ruling.from ?? null) : null,
    probesWorked: ruling.probesWorked,
    probesNeeded: probesNeeded(ruling),
    failing: isLiveFailing(ruling),
    live: ruling.live ?? null,
    builds: unknown
      ? [...builds, { version: null, live: false, saved: null, workedAt: null, lastDay: unknown }]
      : builds,
  };
};

const buildView = (
  version: string,
  { ruling, saved }: Engine,
  lastDay: BuildView['lastDay'] | undefined,
  now: number,
): BuildView => {
  const stored = saved.find((build) => build.version === version);
  return {
    version,
    live: version === ruling.live,
    saved: stored
      ? {
          savedAt: new Date(stored.savedAt).toISOString(),
          bytes: stored.bytes,
          expiresAt: iso(stored.expiresAt),
          expired: isExpired(stored, now),
        }
      : null,
    workedAt: iso(ruling.records[version]?.workedAt),
    lastDay: lastDay ?? NO_COUNTS,
  };
};

/** Pins, unpins, sets the probing share. 422 for a build that is not stored or has expired; nothing changes then. */
export const changeEngine = async (
  deps: Writes,
  change: { readonly pinned?: string | null | undefined; readonly probePercent?: number | undefined },
): Promise<EngineView> => {
  await changeRuling(
    deps,
    CHANGE_BUDGET_MS,
    ({ ruling, saved }) => {
      if (change.pinned !== undefined && change.pinned !== null)
        requireUsable(saved, change.pinned, deps.clock());
      return configure(ruling, change);
    },
    busy,
  );
  return await engineView(deps);
};

const busy = (): never => {
  throw new Problem('unavailable', 'The database is too busy to change the engine; try again.', {
    retryAfterSeconds: 2,
  });
};

const requireUsable = (saved: readonly Saved[], version: string, now: number): void => {
  const build = saved.find((each) => each.version === version);
  if (!build)
    throw new Problem(
      'unprocessable',
      `The build ${version} is not stored. Store its HTML first (PUT /api/engine/builds/${version}).`,
    );
  if (isExpired(build, now))
    throw new Problem('unprocessable', `The build ${version} expired at ${iso(build.expiresAt)}.`);
};

/**
 * Stores a build's HTML. The object comes first and has a key of its own by its content, so that the item never names
 * HTML that is not there. 400 for HTML of another build, 422 for one that has expired.
 */
export const saveBuild = async (
  deps: Writes & Pick<Deps, 'sha256' | 'builds'>,
  version: string,
  request: { readonly html: string; readonly expiresAt?: string | undefined },
): Promise<BuildView> => {
  const wrong = htmlError(request.html, version);
  if (wrong) throw new Problem('malformed', `html: ${wrong.message}`, { errors: [wrong] });
  const now = deps.clock();
  const expiresAt = request.expiresAt === undefined ? undefined : Date.parse(request.expiresAt);
  if (expiresAt !== undefined && expiresAt <= now)
    throw new Problem('unprocessable', `The build ${version} expired at ${request.expiresAt}.`);
  const sha256 = deps.sha256(request.html);
  const key = `${BUILDS_PREFIX}${version}/${sha256.slice(0, 16)}.html`;
  const bytes = await deps.builds.put(key, request.html);
  const stored: Saved = {
    version,
    key,
    sha256,
    bytes,
    savedAt: now,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
  await retryTransient<void>(
    deps,
    CHANGE_BUDGET_MS,
    async () => {
      const itemKey = savedBuildKey(version);
      await deps.store.write({ kind: 'put', key: itemKey, item: toItem({ ...itemKey, ...stored }) });
    },
    busy,
  );
  return buildView(version, await readEngine(deps), (await lastDayByBuild(deps)).get(version), now);
};

/** Removes a stored build. 404 where it is not stored, 422 while it is pinned. */
export const removeBuild = async (
  deps: Writes & Pick<Deps, 'builds' | 'log'>,
  version: string,
): Promise<void> => {
  const { ruling, saved } = await readEngine(deps);
  const stored = saved.find((build) => build.version === version);
  if (!stored) throw new Problem('not_found', `The build ${version} is not stored.`);
  if (ruling.pinned === version)
    throw new Problem('unprocessable', `The build ${version} is pinned; unpin it first.`);
  await retryTransient<void>(
    deps,
    CHANGE_BUDGET_MS,
    async () => {
      await deps.store.write({ kind: 'delete', key: savedBuildKey(version) });
    },
    busy,
  );
  // A start that chose it a moment ago may still fetch it: the object goes last, and its URL fails for that one start.
  await deps.builds.remove(stored.key).catch((error: unknown) =>
    deps.log.warn('the HTML of a removed build is left in the bucket', {
      version,
      error: String(error),
    }),
  );
};

/** 1 while starts do not get the build that they should: the live one fails, or the pinned one has expired. */
export const measureBuilds = async (deps: Reads & Pick<Deps, 'metrics'>): Promise<void> => {
  const engine = await readEngine(deps);
  const trouble = isPinLost(engine, deps.clock()) || isLiveFailing(engine.ruling);
  deps.metrics.count('BuildTrouble', trouble ? 1 : 0);
};
