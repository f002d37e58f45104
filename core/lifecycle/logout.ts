/**
 * A logout: the account is unlinked and forgotten, and a session that runs shows a new code.
 *
 *   stopped            forgotten here; the phone lists the device until it is removed there. It stays stopped
 *   shows a code       nothing is linked: what is saved of an older account is forgotten, the code stays
 *   waits for restart  the restart is canceled, the account forgotten ──┐
 *   works              its worker unlinks it, discards it and ends ─────┴── slot freed ── admitted again ── a new code
 *
 * The new admission competes for the slot like any other. Without one the session stays stopped, and the answer says so:
 * the logout itself is done.
 */
import { Problem } from '../../contract/errors.ts';
import { isLinkingStatus, isTerminal } from '../../contract/lifecycle.ts';
import { authStateKeys, removeAuthStates } from '../accounts/snapshots.ts';
import { started } from '../admission/launch-and-publish.ts';
import { runAccountCommand } from '../commands/account-command.ts';
import type { Deps } from '../deps.ts';
import { sessionKey } from '../items.ts';
import { absent, and, eq } from '../store.ts';
import { updateActiveSession } from './change.ts';
import { untilEnded } from './end.ts';
import { isTaskKnown } from './launching.ts';
import { loadSession } from './load.ts';
import { isRestart } from './restart.ts';
import { nameOf, type Session, userOf } from './session.ts';
import { startWhenEnded } from './start.ts';
import { stopSession } from './stop.ts';

/** The worker answers once the page has confirmed, for which it gives it 9 s at most. */
const COMMAND_LIMIT_MS = 11_000;
/** Kept for the new admission and its launch. */
const START_MS = 4_000;

type Needs = Omit<Deps, 'builds'>;

/**
 * Logs the session out; `until` (ms, by the clock) is when the caller needs an answer. Throws 504 if WhatsApp Web does
 * not confirm: the account is kept then. Idempotent.
 */
export const logoutSession = async (deps: Needs, session: Session, until: number): Promise<Session> => {
  if (isTerminal(session.state)) return forgetAccount(deps, session);
  if (session.state === 'STOPPING') {
    const ended = await untilEnded(deps, session, until - deps.clock());
    return isTerminal(ended.state) ? forgetAccount(deps, ended) : logoutSession(deps, ended, until);
  }
  const waited = await endWaiting(deps, session, until);
  if (waited) {
    if (waited.epoch !== session.epoch) return logoutSession(deps, waited, until);
    return startAnew(deps, await forgetAccount(deps, waited), until);
  }
  const shown = await forgetUnlinked(deps, session);
  if (shown) return shown;

  try {
    await runAccountCommand(deps, session, 'logout', {}, { timeoutMs: COMMAND_LIMIT_MS });
  } catch (error) {
    // Two logouts at once: the worker carries out the first and refuses the second.
    const now = await loadSession(deps, userOf(session), nameOf(session));
    if (now.epoch === session.epoch && now.stopReason !== 'logged_out') throw error;
  }
  const ended = await untilEnded(deps, session, until - START_MS - deps.clock());
  // Another call started it since, and maybe stopped it.
  if (ended.epoch !== session.epoch)
    return ended.state === 'STOPPING' ? logoutSession(deps, ended, until) : ended;
  // A worker that was lost between the answer and its final report has not discarded the account.
  if (ended.stopReason !== 'logged_out') await forgetAccount(deps, ended);
  return startAnew(deps, ended, until);
};

/** The account is gone by now, so no failure of the start may look like one of the logout. */
const startAnew = async (deps: Needs, session: Session, until: number): Promise<Session> => {
  try {
    const budget = until - deps.clock();
    const admission = await startWhenEnded(deps, userOf(session), nameOf(session), budget);
    return await started(deps, admission, until - deps.clock());
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const { sessionId } = session;
    deps.log.warn('a session that was logged out is not started again', { sessionId, error: error.message });
    return loadSession(deps, userOf(session), nameOf(session));
  }
};

const asksToBeLinked = ({ status, authState, authStatePrevious, me }: Session): boolean =>
  isLinkingStatus(status) ||
  (status === 'STARTING' && me === undefined && (authState ?? authStatePrevious) === undefined);

/**
 * Forgets what is saved of an account if the session asks to be linked. Returns undefined if it does not (any more):
 * the account that was linked meanwhile is the worker's to unlink.
 */
const forgetUnlinked = async (
  deps: Pick<Deps, 'store' | 'auth' | 'clock' | 'sleep' | 'ids' | 'settings' | 'log'>,
  session: Session,
): Promise<Session | undefined> => {
  let dead: string[] = [];
  const changed = await updateActiveSession(deps, session, (now) => {
    dead = asksToBeLinked(now) ? authStateKeys(now) : [];
    return dead.length === 0
      ? undefined
      : { remove: ['authState', 'authStatePrevious', 'authStateUnusable', 'me'] };
  });
  if (!changed || !asksToBeLinked(changed.session)) return undefined;
  await removeAuthStates(deps, dead);
  return changed.session;
};

/** A restart without a known task: no worker could unlink the account. A launch may be under way. */
const isRestartWithoutTask = (session: Session): boolean =>
  session.state === 'PENDING' && isRestart(session) && !isTaskKnown(session);

/**
 * Ends a session that waits for its restart, and returns it as it is then; a later epoch may run by then. No worker unlinks
 * the account: the phone lists the device until it is removed there.
 *
 *   waits ── STOPPING, which refuses a worker that bootstraps just now ── slot freed
 *              └─ a launch is under way: the slot is free once that has started nothing, or its task is gone
 *
 * Returns undefined if the session does not wait (any more). Throws 503 if the launch takes too long; a repeat continues.
 */
const endWaiting = async (deps: Needs, session: Session, until: number): Promise<Session | undefined> => {
  if (!isRestartWithoutTask(session)) return undefined;
  const stopping = await stopSession(deps, session, 'logged_out', isRestartWithoutTask);
  if (stopping.state !== 'STOPPING' && !isTerminal(stopping.state)) return undefined;
  return untilEnded(deps, stopping, until - START_MS - deps.clock());
};

/** Forgets the account of an ended session: the next start shows a QR code. Throws 409 if it changed meanwhile. */
export const forgetAccount = async (
  deps: Pick<Deps, 'store' | 'auth' | 'log'>,
  session: Session,
): Promise<Session> => {
  const written = await deps.store.write({
    kind: 'update',
    key: sessionKey(userOf(session), nameOf(session)),
    condition: and(eq('sessionId', session.sessionId), eq('version', session.version), absent('slotShard')),
    remove: ['authState', 'authStatePrevious', 'authStateUnusable', 'me'],
    set: { stopReason: 'logged_out' },
    add: { version: 1 },
  });
  if (!written.ok) throw new Problem('conflict', 'The session changed concurrently; try again.');
  await removeAuthStates(deps, authStateKeys(session));
  return loadSession(deps, userOf(session), nameOf(session));
};
