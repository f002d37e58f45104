/**
 * A rollout: running sessions move to the newest version of the worker in waves. One item holds all of its state, and
 * every change of it carries the version as read. A step is made by each sweep:
 *
 *   sweep ── wave written ── its sessions asked to stop ── (function dies) ── next sweep asks those that it missed
 *   sweep ── all work for the pause ── next wave
 *   sweep ── one failed, or is late ── stopped, alarm
 *
 * The wave is written before its sessions are asked to stop, so no step loses sight of a session that it stopped. Two
 * sweeps at once do the same: a session is asked to stop in the epoch of the wave only. A canceled or stopped rollout asks no further
 * session; those that were asked start again by their policy.
 */
import pMap from 'p-map';
import * as z from 'zod';
import { type RolloutReport, type RolloutView, rolloutStateSchema } from '../../contract/bodies/rollout.ts';
import { Problem } from '../../contract/errors.ts';
import { listHolders } from '../admission/holders.ts';
import { toItem } from '../apply.ts';
import type { Deps } from '../deps.ts';
import { rolloutKey } from '../items.ts';
import { taskArnOf } from '../lifecycle/find-task.ts';
import { findSessionsById } from '../lifecycle/load.ts';
import { nameOf, type Session, userOf } from '../lifecycle/session.ts';
import { stopSession } from '../lifecycle/stop.ts';
import type { Settings } from '../settings.ts';
import { absent, eq } from '../store.ts';
import { canMove, type Member, type Place, type Progress, placeOf, standingOf, waveState } from './rule.ts';

const storedSchema = z.object({
  id: z.string(),
  state: rolloutStateSchema,
  wave: z.int(),
  pauseSeconds: z.int(),
  startedAt: z.int(),
  endedAt: z.int().optional(),
  waves: z.int(),
  moved: z.int(),
  remaining: z.int().optional(),
  left: z.int().optional(),
  members: z.array(z.object({ sessionId: z.string(), userId: z.string(), name: z.string(), epoch: z.int() })),
  /** When all of the wave must work at the latest (ms). */
  dueAt: z.int().optional(),
  detail: z.string().optional(),
  version: z.int(),
});
type Stored = z.infer<typeof storedSchema>;

const CONCURRENCY = 8;
/** Of a wave, beside a stop and a start that take all their time: for the sweeps that notice the end of both. */
const SWEEPS_MS = 180_000;

const read = async ({ store }: Pick<Deps, 'store'>): Promise<Stored | undefined> => {
  const item = await store.get(rolloutKey);
  return item && storedSchema.parse(item);
};

/** Writes the next state over the one that was read. False if another step or a caller was first. */
const write = async (
  { store }: Pick<Deps, 'store'>,
  before: Stored | undefined,
  after: Omit<Stored, 'version'>,
): Promise<boolean> => {
  const { ok } = await store.write({
    kind: 'put',
    key: rolloutKey,
    item: toItem({ ...rolloutKey, ...after, version: (before?.version ?? 0) + 1 }),
    condition: before ? eq('version', before.version) : absent('pk'),
  });
  return ok;
};

/** Every session that holds a slot, by its position in the rollout. Throws TaskEngineUnavailable. */
const sessionsByPlace = async (
  deps: Pick<Deps, 'store' | 'tasks'>,
): Promise<Readonly<Record<Place, readonly Session[]>>> => {
  // Tasks first: a session that was launched since is `later`, and is looked at again.
  const tasks = await deps.tasks.list();
  const revisions = new Map(tasks.map(({ taskArn, revision }) => [taskArn, revision]));
  const newest = deps.tasks.newestRevisions();
  const places: Record<Place, Session[]> = { newest: [], move: [], later: [], left: [] };
  for (const session of await listHolders(deps)) {
    const taskArn = taskArnOf(session);
    places[placeOf(session, taskArn === undefined ? undefined : revisions.get(taskArn), newest)].push(
      session,
    );
  }
  return places;
};

/** The steps that a rollout would take now. Changes nothing. */
export const planRollout = async (deps: Pick<Deps, 'store' | 'tasks'>): Promise<RolloutReport> => {
  const places = await sessionsByPlace(deps);
  const plan = {
    move: places.move.length,
    left: places.left.length,
    newest: places.newest.length,
    unknown: places.later.length,
  };
  return { ...(await showRollout(deps)), plan };
};

/** Begins a rollout; the next sweep begins its first wave. Throws 409 while another one runs. */
export const startRollout = async (
  deps: Pick<Deps, 'store' | 'clock' | 'ids'>,
  { wave, pauseSeconds }: { readonly wave: number; readonly pauseSeconds: number },
): Promise<RolloutReport> => {
  const before = await read(deps);
  if (before?.state === 'running') throw new Problem('conflict', 'A rollout is running. Cancel it first.');
  const begun = {
    id: deps.ids.eventId(),
    state: 'running' as const,
    wave,
    pauseSeconds,
    startedAt: deps.clock(),
    waves: 0,
    moved: 0,
    members: [],
  };
  if (!(await write(deps, before, begun)))
    throw new Problem('conflict', 'Another rollout was started at the same time.');
  return showRollout(deps);
};

const CANCEL_ATTEMPTS = 5;

/**
 * Ends the rollout that runs. One that has ended stays as it is. Throws 404 if there was none, 409 under contention.
 */
export const cancelRollout = async (deps: Pick<Deps, 'store' | 'clock'>): Promise<RolloutReport> => {
  for (let attempt = 0; attempt < CANCEL_ATTEMPTS; attempt++) {
    const before = await read(deps);
    if (!before) throw new Problem('not_found', 'There was no rollout.');
    if (before.state !== 'running') return showRollout(deps);
    const after = { ...before, state: 'canceled' as const, endedAt: deps.clock() };
    if (await write(deps, before, after)) return showRollout(deps);
  }
  throw new Problem('conflict', 'The rollout changes just now; try again.');
};

/** The rollout that runs or the last one, with how far each session of its wave is. */
export const showRollout = async (deps: Pick<Deps, 'store'>): Promise<RolloutReport> => {
  const stored = await read(deps);
  return { rollout: stored ? viewOf(stored, await progressOf(deps, stored.members)) : null, plan: null };
};

const iso = (ms: number): string => new Date(ms).toISOString();

const viewOf = (stored: Stored, progress: readonly Progress[]): RolloutView => {
  const { id, state, wave, pauseSeconds, startedAt, endedAt, waves, moved, remaining, left, detail } = stored;
  return {
    id,
    state,
    wave,
    pauseSeconds,
    startedAt: iso(startedAt),
    endedAt: endedAt === undefined ? null : iso(endedAt),
    waves,
    moved,
    remaining: remaining ?? null,
    left: left ?? null,
    members: progress.map(({ member: { userId, name }, standing }) => ({ userId, name, standing })),
    detail: detail ?? null,
  };
};

const progressOf = async (
  deps: Pick<Deps, 'store'>,
  members: readonly Member[],
): Promise<(Progress & { readonly session: Session | undefined })[]> => {
  if (members.length === 0) return [];
  const sessions = await findSessionsById(
    deps,
    members.map(({ sessionId }) => sessionId),
  );
  return members.map((member) => {
    const session = sessions.get(member.sessionId);
    return { member, session, standing: standingOf(member, session), readyAt: session?.readyAt };
  });
};

type StepNeeds = Pick<
  Deps,
  'store' | 'tasks' | 'events' | 'clock' | 'sleep' | 'ids' | 'sha256' | 'settings' | 'metrics' | 'log'
>;

/** One step of the rollout that runs, if any. Safe to repeat and to give up at any point. */
export const stepRollout = async (deps: StepNeeds): Promise<void> => {
  const stored = await read(deps);
  if (stored?.state !== 'running') return;
  const progress = await progressOf(deps, stored.members);
  const wave = waveState(progress, {
    now: deps.clock(),
    dueAt: stored.dueAt ?? 0,
    pauseMs: stored.pauseSeconds * 1000,
  });
  if (wave.kind === 'broken') return stopRollout(deps, stored, wave.detail);
  if (wave.kind === 'under_way') return ask(deps, progress);
  await beginWave(deps, { ...stored, moved: stored.moved + wave.moved }, stored);
};

const stopRollout = async (deps: StepNeeds, stored: Stored, detail: string): Promise<void> => {
  const after = { ...stored, state: 'stopped' as const, endedAt: deps.clock(), detail };
  if (!(await write(deps, stored, after))) return;
  deps.metrics.count('RolloutsStopped', 1);
  deps.log.error('a rollout stopped: its wave did not work again', { rollout: stored.id, detail });
};

/** The next wave, or the end if no session is left to move. */
const beginWave = async (deps: StepNeeds, counted: Stored, stored: Stored): Promise<void> => {
  const places = await sessionsByPlace(deps);
  // A wave interrupts those first that were used least lately.
  const next = places.move
    .toSorted((a, b) => (a.lastActivityAt ?? 0) - (b.lastActivityAt ?? 0))
    .slice(0, stored.wave);
  const over = {
    ...counted,
    waves: stored.waves + (stored.members.length > 0 ? 1 : 0),
    left: places.left.length,
    remaining: places.move.length + places.later.length - next.length,
  };
  if (next.length === 0) {
    // A session that starts with the older version is moved once it works.
    const ended = places.later.length === 0;
    const rest = ended
      ? { ...over, members: [], state: 'completed' as const, endedAt: deps.clock() }
      : { ...over, members: [] };
    if ((await write(deps, stored, rest)) && ended)
      deps.log.info('a rollout is complete', { rollout: stored.id, moved: over.moved, left: over.left });
    return;
  }
  const members = next.map((session) => ({
    sessionId: session.sessionId,
    userId: userOf(session),
    name: nameOf(session),
    epoch: session.epoch,
  }));
  const dueAt = deps.clock() + waveMs(deps.settings);
  if (!(await write(deps, stored, { ...over, members, dueAt }))) return;
  await ask(deps, await progressOf(deps, members));
};

const waveMs = ({ stopGraceSeconds, startTimeoutSeconds }: Settings): number =>
  (stopGraceSeconds + startTimeoutSeconds) * 1000 + SWEEPS_MS;

/** Asks the sessions of the wave to stop that were not asked yet. One that fails is left to the next step. */
const ask = async (deps: StepNeeds, progress: Awaited<ReturnType<typeof progressOf>>): Promise<void> => {
  await pMap(
    progress,
    async ({ member, standing, session }) => {
      if (standing !== 'waiting' || !session) return;
      try {
        await stopSession(
          deps,
          session,
          'rollout',
          (now) => now.sessionId === member.sessionId && now.epoch === member.epoch && canMove(now),
        );
      } catch (error) {
        const { sessionId, epoch } = member;
        deps.log.warn('a session is left to the next step of the rollout', {
          sessionId,
          epoch,
          error: String(error),
        });
      }
    },
    { concurrency: CONCURRENCY },
  );
};
