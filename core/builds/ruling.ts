/**
 * The ruling: which build of WhatsApp Web a start loads, by what starts did with each. The rule is rule.ts; this file
 * reads and writes the item that holds the ruling, under its version.
 */
import * as z from 'zod';
import { toItem } from '../apply.ts';
import type { Deps } from '../deps.ts';
import { ENGINE_PARTITION, rulingKey, SAVED_BUILD } from '../items.ts';
import { queryAll } from '../query-all.ts';
import { RETRY, retryTransient } from '../retry.ts';
import { absent, eq } from '../store.ts';
import {
  chooseSource,
  initialRuling,
  isFailing,
  type Ruling,
  rulingSchema,
  withoutLostTarget,
} from './rule.ts';

export type Reads = Pick<Deps, 'store' | 'clock'>;
export type Writes = Pick<Deps, 'store' | 'clock' | 'sleep' | 'ids'>;

const savedSchema = z.object({
  version: z.string(),
  key: z.string(),
  sha256: z.string(),
  bytes: z.int(),
  savedAt: z.int(),
  expiresAt: z.int().optional(),
});
export type Saved = z.infer<typeof savedSchema>;

const storedRulingSchema = z.object({ ruling: rulingSchema, version: z.int(), by: z.string() });

export type Engine = {
  readonly ruling: Ruling;
  /** Of the ruling's item; absent while there is none. */
  readonly version: number | undefined;
  /** Which change wrote it. */
  readonly by: string | undefined;
  readonly saved: readonly Saved[];
};

type Changed = { readonly before: Ruling; readonly after: Ruling };

export const readEngine = async (deps: Reads): Promise<Engine> => {
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
export const changeRuling = (
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

export const isExpired = ({ expiresAt }: Pick<Saved, 'expiresAt'>, now: number): boolean =>
  expiresAt !== undefined && expiresAt <= now;

/** A build is pinned that starts cannot load: it has expired, or it is not stored any more. */
export const isPinLost = ({ ruling: { pinned }, saved }: Engine, now: number): boolean =>
  pinned !== undefined && !saved.some((build) => build.version === pinned && !isExpired(build, now));

export const isLiveFailing = (ruling: Ruling): boolean => ruling.mode === 'fallback' || isFailing(ruling);

/** 1 while starts do not get the build that they should: the live one fails, or the pinned one has expired. */
export const measureBuilds = async (deps: Reads & Pick<Deps, 'metrics'>): Promise<void> => {
  const engine = await readEngine(deps);
  const trouble = isPinLost(engine, deps.clock()) || isLiveFailing(engine.ruling);
  deps.metrics.count('BuildTrouble', trouble ? 1 : 0);
};
