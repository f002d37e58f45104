/**
 * A restart that a caller asks for: a graceful stop, then a new admission, which competes for the slot like any other.
 *
 *   refusal foreseen ── 429, nothing is changed
 *   stop ── slot freed ──┬── admitted again
 *                        └── refused: another session took the slot ── the answer says that the session was stopped
 */
import { Problem } from '../../contract/errors.ts';
import { isTerminal } from '../../contract/lifecycle.ts';
import { userLimitReached } from '../admission/confirm-full.ts';
import { type Admitted, ruleStartOf, startsTooFast } from '../admission/plan.ts';
import { readSnapshot } from '../admission/room.ts';
import type { Deps } from '../deps.ts';
import { nameOf, type Session, userOf } from './session.ts';
import { startWhenEnded } from './start.ts';
import { stopSession } from './stop.ts';

type Needs = Pick<
  Deps,
  'store' | 'tasks' | 'events' | 'clock' | 'sleep' | 'ids' | 'sha256' | 'settings' | 'metrics' | 'log'
>;

/**
 * Stops the session and admits it again; one that has ended is admitted. `budgetMs` bounds the wait for its end. Throws 429
 * or 503; once the stop was ordered, the error says so.
 */
export const stopAndStart = async (deps: Needs, session: Session, budgetMs: number): Promise<Admitted> => {
  const start = () => startWhenEnded(deps, userOf(session), nameOf(session), budgetMs);
  if (isTerminal(session.state)) return start();
  await refuseForeseeable(deps, userOf(session));
  await stopSession(deps, session, 'user');
  try {
    return await start();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const { code, message, extras } = error;
    throw new Problem(code, `The session was asked to stop and is not started again: ${message}`, extras);
  }
};

/** Throws the 429 that a start after the stop is sure to get: starts come too fast, or the user's limit was lowered. */
const refuseForeseeable = async (deps: Needs, userId: string): Promise<void> => {
  const { user } = await readSnapshot(deps, userId);
  if (user.active > user.limit) throw await userLimitReached(deps, userId, user);
  const ruling = ruleStartOf(user, deps.clock());
  if (ruling.pass) return;
  deps.metrics.count('AdmissionsRefused', 1, { Scope: 'starts' });
  throw startsTooFast(userId, user, ruling);
};
