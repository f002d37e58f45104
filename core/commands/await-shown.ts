import { Problem } from '../../contract/errors.ts';
import { isTerminal, shownStatus } from '../../contract/lifecycle.ts';
import { pollUntil } from '../../contract/poll.ts';
import { withOpenWait } from '../access/open-waits.ts';
import type { Deps } from '../deps.ts';
import type { Session } from '../lifecycle/session.ts';
import { type AccountArgs, type AccountResult, runAccountCommand } from './account-command.ts';
import { isExpected } from './ask-worker.ts';

/** What a worker shows to a person who links an account. */
type Shown = 'getQr' | 'getPasskeyChallenge' | 'getPasskeyConfirmation';

type Needs = Pick<Deps, 'store' | 'clock' | 'sleep' | 'ids' | 'settings' | 'log' | 'workers'>;

const POLL_MS = 300;
/** No worker is there sooner; reads before that only take time from those that start it. */
const FIRST_POLL_MS = 150;
/** A wait as short as this is not counted: to count it takes three calls of the database. */
const UNCOUNTED_MS = 500;

type Wait = {
  /** The session as it was read just now. */
  readonly first: Session;
  /** Reads it again. */
  readonly load: () => Promise<Session>;
  /** Who waits. */
  readonly userId: string;
  /** Ms of the clock. */
  readonly end: number;
};

/**
 * What the session's worker shows. What is not shown yet is waited for as one of the user's open waits.
 *
 * @throws Problem 422 if the session has ended or the worker shows nothing of it until `end`, 429 if the user has as many
 * waits already, 502 to 504 if the worker fails
 */
export const awaitShown = async <N extends Shown>(
  deps: Needs,
  command: N,
  { first, load, userId, end }: Wait,
): Promise<AccountResult<N>> => {
  const shown = await askedSoon(deps, first, command, end);
  if (shown !== undefined) return shown;
  return withOpenWait(deps, userId, end - deps.clock(), async () => {
    const session = canBeAsked(first)
      ? first
      : await pollUntil(deps, load, canBeAsked, { end, pollMs: POLL_MS, firstMs: FIRST_POLL_MS });
    const waitSeconds = Math.max(0, (end - deps.clock()) / 1000);
    return runAccountCommand(deps, session, command, { waitSeconds } as AccountArgs<N>);
  });
};

/**
 * What is shown already, or within moments: a standby task shows its code before its report of that arrives. Undefined: it
 * has to be waited for.
 */
const askedSoon = async <N extends Shown>(deps: Needs, session: Session, command: N, end: number) => {
  const status = shownStatus(session);
  const waitSeconds = Math.max(0, Math.min(UNCOUNTED_MS, end - deps.clock())) / 1000;
  const mayShow = isExpected(command, status) || (status === 'STARTING' && waitSeconds > 0);
  if (session.address === undefined || !mayShow) return undefined;
  try {
    return await runAccountCommand(deps, session, command, { waitSeconds } as AccountArgs<N>);
  } catch (error) {
    // It was shown a moment ago, or is not yet.
    if (
      error instanceof Problem &&
      ['unprocessable', 'worker_timeout'].includes(error.code) &&
      !isLinkedBy(error)
    )
      return undefined;
    throw error;
  }
};

/** A session just created has no worker yet that could be asked. */
const canBeAsked = ({ state, address }: Session) => isTerminal(state) || address !== undefined;

/** The worker's answer that its session works: it shows nothing to link an account with. */
const isLinkedBy = (error: unknown): boolean => error instanceof Problem && error.extras.state === 'WORKING';

/**
 * Waits until a session that starts works, has ended, or shows a QR code. Its worker is asked, which knows it first: the
 * session as it is returned may not say it yet.
 *
 * @throws Problem as awaitShown does
 */
export const awaitUp = async (
  deps: Needs,
  wait: Wait,
): Promise<{ readonly session: Session; readonly works?: true; readonly code?: AccountResult<'getQr'> }> => {
  const { first, load } = wait;
  if (isTerminal(first.state) || shownStatus(first) === 'WORKING') return { session: first };
  // As it was read when its worker was asked: to read it again would take a caller's time for nothing that it needs.
  let session = first;
  const reading = {
    ...wait,
    load: async () => {
      session = await load();
      return session;
    },
  };
  try {
    // One that has an account shows a code if the phone has removed it.
    const code = await awaitShown(deps, 'getQr', reading);
    return { session, code };
  } catch (error) {
    if (!isLinkedBy(error)) throw error;
    return { session, works: true };
  }
};
