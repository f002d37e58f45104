/**
 * Launches the task of a restart. Three callers try, and the client token makes their launches one task:
 *
 *   task-events   after ECS reported the end of the task before: waits for a short back-off
 *   the reaper    after a sweep that began restarts itself, and in each sweep for what is due (`restart_due`)
 *   a caller      who starts the session: at once
 */
import pMap from 'p-map';
import type { Deps } from '../deps.ts';
import { updateActiveSession } from './change.ts';
import { launch } from './launch.ts';
import { findSession } from './load.ts';
import { waitsForRestart } from './restart.ts';
import { nameOf, type Session, userOf } from './session.ts';

type Needs = Pick<
  Deps,
  'store' | 'tasks' | 'events' | 'clock' | 'sleep' | 'ids' | 'sha256' | 'settings' | 'metrics' | 'log'
>;

/** A function waits no longer than this for a launch to be due; what is due later is left to the sweep. */
const LONGEST_WAIT_MS = 10_000;
/** Launches at once after one sweep. */
const CONCURRENCY = 8;

/**
 * Waits until the restart is due and launches it. A launch that is due after the allowed wait is left to the sweep.
 * After the wait the session is read again: a stop, a delete or another launch may have come first.
 */
export const launchRestart = async (deps: Needs, session: Session): Promise<Session> => {
  const waitMs = (session.restartAt ?? 0) - deps.clock();
  if (waitMs > LONGEST_WAIT_MS) return session;
  if (waitMs > 0) await deps.sleep(waitMs);
  const now = await findSession(deps, userOf(session), nameOf(session));
  if (now?.sessionId !== session.sessionId || now.epoch !== session.epoch || !isDue(deps, now))
    return now ?? session;
  return launch(deps, now);
};

const isDue = (deps: Pick<Deps, 'clock'>, session: Session): boolean =>
  waitsForRestart(session) && (session.restartAt ?? 0) <= deps.clock();

/** The same for restarts that one sweep began. One that fails is logged and left to the next sweep. */
export const launchRestarts = async (deps: Needs, sessions: readonly Session[]): Promise<void> => {
  await pMap(
    sessions,
    async (session) => {
      try {
        await launchRestart(deps, session);
      } catch (error) {
        const { sessionId, epoch } = session;
        deps.log.warn('a restart is left to the next sweep', { sessionId, epoch, error: String(error) });
      }
    },
    { concurrency: CONCURRENCY },
  );
};

/** A caller starts a session that waits for its restart: the launch is due at once. The attempt stays counted. */
export const restartNow = async (
  deps: Pick<Deps, 'store' | 'clock' | 'sleep' | 'ids' | 'settings'>,
  session: Session,
): Promise<Session> => {
  const changed = await updateActiveSession(deps, session, (now) =>
    waitsForRestart(now) && (now.restartAt ?? 0) > deps.clock()
      ? { set: { restartAt: deps.clock() } }
      : undefined,
  );
  return changed?.session ?? session;
};
