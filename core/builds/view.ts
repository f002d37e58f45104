/** The builds of WhatsApp Web as an administrator sees them. */
import type { BuildView, EngineView } from '../../contract/bodies/engine.ts';
import { NO_COUNTS } from '../../contract/builds/counts.ts';
import { compareVersions } from '../../contract/builds/version.ts';
import { lastDayByBuild, UNKNOWN_BUILD } from './outcomes.ts';
import { probesNeeded } from './rule.ts';
import { type Engine, isExpired, isLiveFailing, isPinLost, type Reads, readEngine } from './ruling.ts';

/** The engine, newest build first. */
export const engineView = async (deps: Reads): Promise<EngineView> => {
  const [engine, hours] = await Promise.all([readEngine(deps), lastDayByBuild(deps)]);
  const { ruling, saved } = engine;
  const now = deps.clock();
  const pinExpired = isPinLost(engine, now);
  const versions = new Set([
    ...saved.map(({ version }) => version),
    ...Object.keys(ruling.records),
    ...[...hours.keys()].filter((build) => build !== UNKNOWN_BUILD),
  ]);
  const builds: BuildView[] = [...versions]
    .sort((a, b) => compareVersions(b, a))
    .map((version) => buildView(version, engine, hours.get(version), now));
  const unknown = hours.get(UNKNOWN_BUILD);
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

export const buildView = (
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

const iso = (at: number | undefined): string | null => (at === undefined ? null : new Date(at).toISOString());
