/** Administrators' changes: the pinned build, the share of probes, and which builds are stored. */
import type { BuildView, EngineView } from '../../contract/bodies/engine.ts';
import { htmlError } from '../../contract/builds/html.ts';
import { Problem } from '../../contract/errors.ts';
import { BUILDS_PREFIX } from '../accounts/storage-keys.ts';
import { toItem } from '../apply.ts';
import type { Deps } from '../deps.ts';
import { savedBuildKey } from '../items.ts';
import { retryTransient } from '../retry.ts';
import { lastDayByBuild } from './outcomes.ts';
import { configure } from './rule.ts';
import { changeRuling, isExpired, readEngine, type Saved, type Writes } from './ruling.ts';
import { buildView, engineView } from './view.ts';

const CHANGE_BUDGET_MS = 8_000;

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
    throw new Problem(
      'unprocessable',
      `The build ${version} expired at ${new Date(build.expiresAt ?? now).toISOString()}.`,
    );
};

/**
 * Stores a build's HTML. The object comes first and has its own key by its content, so that the item never names HTML
 * that is not there. 400 for HTML of another build, 422 for one that has expired.
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

/** Removes a stored build. 404 if it is not stored, 422 while it is pinned. */
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
