import { Problem } from '../../contract/errors.ts';
import { isTerminal } from '../../contract/lifecycle.ts';
import { pollUntil } from '../../contract/poll.ts';
import { erasureWrite } from '../accounts/erasure.ts';
import { authStateKeys, removeAuthStates } from '../accounts/snapshots.ts';
import { runAccountCommand } from '../commands/account-command.ts';
import type { Deps } from '../deps.ts';
import { sessionIdKey, sessionKey } from '../items.ts';
import { transactionToken } from '../ports.ts';
import { absent, and, eq, oneOf } from '../store.ts';
import { findSession } from './load.ts';
import { nameOf, type Session, userOf } from './session.ts';

const POLL_MS = 300;
/** The worker answers once the page has confirmed, for which it gives it 9 s at most. */
const UNLINK_COMMAND_MS = 10_000;

/**
 * Waits until the session's epoch has ended; a later one may run by then. Throws 503 if that takes longer than
 * `budgetMs`: saving the auth state of a large account takes its time, and repeating the call is safe.
 */
export const untilEnded = async (
  deps: Pick<Deps, 'store' | 'clock' | 'sleep'>,
  session: Session,
  budgetMs: number,
): Promise<Session> => {
  const read = async () => {
    const now = await findSession(deps, userOf(session), nameOf(session));
    if (now?.sessionId === session.sessionId) return now;
    throw new Problem('not_found', 'The session was deleted.');
  };
  const isEnded = (now: Session) => isTerminal(now.state) || now.epoch !== session.epoch;
  const now = await pollUntil(deps, read, isEnded, { end: deps.clock() + budgetMs, pollMs: POLL_MS });
  if (isEnded(now)) return now;
  throw new Problem('unavailable', 'The session is still stopping; try again.', {
    state: now.state,
    retryAfterSeconds: 5,
  });
};

/**
 * Before a working session is deleted: has its worker unlink the account, so that the phone no longer lists the
 * device, and waits until the session ended of it. Best effort: if the worker cannot be reached, or takes longer than
 * `budgetMs`, the session is deleted all the same, and the phone lists the device until it is removed there.
 */
export const unlinkFirst = async (
  deps: Pick<Deps, 'store' | 'workers' | 'clock' | 'sleep' | 'log'>,
  session: Session,
  budgetMs: number,
): Promise<void> => {
  if (session.state !== 'RUNNING' || session.status !== 'WORKING') return;
  const end = deps.clock() + budgetMs;
  try {
    await runAccountCommand(
      deps,
      session,
      'logout',
      {},
      { timeoutMs: Math.min(UNLINK_COMMAND_MS, budgetMs) },
    );
    await untilEnded(deps, session, end - deps.clock());
  } catch (error) {
    if (!(error instanceof Problem) || error.code === 'not_found') throw error;
    deps.log.warn('a session is deleted whose account could not be unlinked', {
      sessionId: session.sessionId,
      error: error.message,
    });
  }
};

/**
 * Removes an ended session and its auth state; its other data is erased in the background (core/accounts/erasure.ts).
 * Throws 409 if it changed meanwhile: started or linked again.
 */
export const deleteSession = async (
  deps: Pick<Deps, 'store' | 'auth' | 'ids' | 'clock' | 'log'>,
  session: Session,
): Promise<void> => {
  if (!(await removeSession(deps, session)))
    throw new Problem('conflict', 'The session changed concurrently; try again.');
  await removeAuthStates(deps, authStateKeys(session));
};

/** Replaces an ended session by the job that erases it. False: it changed meanwhile, and nothing was done. */
export const removeSession = async (
  deps: Pick<Deps, 'store' | 'ids' | 'clock'>,
  session: Session,
): Promise<boolean> => {
  const result = await deps.store.transact(
    [
      {
        kind: 'delete',
        key: sessionKey(userOf(session), nameOf(session)),
        condition: and(
          eq('sessionId', session.sessionId),
          eq('version', session.version),
          oneOf('state', ['STOPPED', 'FAILED']),
          absent('slotShard'),
        ),
      },
      { kind: 'delete', key: sessionIdKey(session.sessionId) },
      erasureWrite(deps, session),
    ],
    transactionToken(deps.ids),
  );
  return result.ok;
};
