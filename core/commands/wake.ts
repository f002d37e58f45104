/**
 * Wake on send: a command to a stopped, linked session starts it and is carried out once it works.
 *
 *   placed ── shown to the worker ── session admitted ── client works ── claimed ── carried out
 *                                                           ├─ by this call, while it still waits
 *                                                           └─ by the worker, which looks for it at that moment
 *
 * Admission and claim are conditional writes, so any number of calls make one admission, and each command is handed
 * over once. The command is there before the session is admitted: no worker can come up and miss it.
 */

import { Problem } from '../../contract/errors.ts';
import { isTerminal, shownStatus } from '../../contract/lifecycle.ts';
import { pollUntil } from '../../contract/poll.ts';
import { TIMEOUTS_MS } from '../../contract/timeouts.ts';
import type { CommandArgs, CommandName, CommandResult } from '../../contract/worker/commands.ts';
import { launchAndPublish } from '../admission/launch-and-publish.ts';
import type { Deps } from '../deps.ts';
import { isLinked, nameOf, type Session, userOf } from '../lifecycle/session.ts';
import { startSession } from '../lifecycle/start.ts';
import { runCommand } from './command.ts';
import { keptProblem, problemOf, type WaitingCommand } from './waiting-command.ts';
import {
  type CommandAndSession,
  carryOut,
  claimCommand,
  commandIdOf,
  findCommand,
  giveUp,
  isSettled,
  placeCommand,
  readCommandAndSession,
  showToWorker,
} from './waiting-commands.ts';

type Needs = Pick<
  Deps,
  | 'store'
  | 'tasks'
  | 'events'
  | 'workers'
  | 'clock'
  | 'sleep'
  | 'ids'
  | 'sha256'
  | 'settings'
  | 'metrics'
  | 'log'
>;

/** Before the function's own limit, so that the answer (202 with the command's id) still arrives. */
const ANSWER_BY_MS = TIMEOUTS_MS.function - 5_000;
/** Later than this no admission (which may take 12 s) is begun. */
const START_BY_MS = 14_000;
const HAND_OVER_LIMIT_MS = TIMEOUTS_MS.workerCall;
/** A command is handed over from here only while its whole time fits; the worker collects a later one by itself. */
const HAND_OVER_BY_MS = HAND_OVER_LIMIT_MS - TIMEOUTS_MS.command - 1_000;
const POLL_MS = 300;

export type Woken<R> =
  | { readonly kind: 'done'; readonly result: R }
  /** It continues without the caller. */
  | { readonly kind: 'waiting'; readonly commandId: string };

/**
 * Carries a command out, starting the session first if it is stopped. With an idempotency key, the answer is kept for
 * 24 h and outlives the worker. Throws what runCommand and startSession throw, 422 for a session without a saved
 * account.
 */
export const wakeAndRun = async <N extends CommandName>(
  deps: Needs,
  session: Session,
  command: N,
  args: CommandArgs<N>,
  idempotencyKey: string | undefined,
): Promise<Woken<CommandResult<N>>> => {
  if (idempotencyKey === undefined && isWorking(session)) {
    return { kind: 'done', result: await runCommand(deps, session, command, args) };
  }
  const startedAt = deps.clock();
  const elapsed = () => deps.clock() - startedAt;
  const id = commandIdOf(deps, userOf(session), idempotencyKey);
  await refuseUnlinked(deps, session, id);
  const waiting = await placeCommand(deps, id, { session, command, args, idempotencyKey });
  if (waiting.status === 'pending' && !isWorking(session)) await showToWorker(deps, waiting);

  const step = async () => {
    const seen = await readCommandAndSession(deps, id);
    if (!seen) throw new Problem('unavailable', 'The command record expired; nothing was sent.');
    const { command: kept } = seen;
    if (isSettled(kept)) return { seen, settled: kept };
    return {
      seen,
      settled: kept.status === 'pending' ? await advanceCommand(deps, seen, elapsed()) : undefined,
    };
  };
  const end = startedAt + ANSWER_BY_MS;
  const { seen, settled } = await pollUntil(deps, step, (last) => last.settled !== undefined, {
    end,
    pollMs: POLL_MS,
  });
  return settled ? { kind: 'done', result: answerOf(settled) } : answerAtTimeout(deps, seen);
};

/** One step for a command that waits; the command if that settled it. */
const advanceCommand = async (
  deps: Needs,
  { command, session }: CommandAndSession,
  elapsed: number,
): Promise<WaitingCommand | undefined> => {
  if (!session) return undefined;
  if (isWorking(session) && elapsed < HAND_OVER_BY_MS) {
    const claimed = await claimCommand(deps, command);
    return claimed && carryOut(deps, claimed, () => handOver(deps, session, claimed, elapsed));
  }
  if (isTerminal(session.state) && elapsed < START_BY_MS) return start(deps, session, command);
  return undefined;
};

const handOver = (deps: Needs, session: Session, command: WaitingCommand, elapsed: number) =>
  runCommand(deps, session, command.command, JSON.parse(command.args ?? '{}'), {
    idempotencyKey: command.workerKey,
    timeoutMs: HAND_OVER_LIMIT_MS - elapsed,
  });

/** Admits the session, or finds it admitted by another call. A refusal settles the command. */
const start = async (
  deps: Needs,
  session: Session,
  command: WaitingCommand,
): Promise<WaitingCommand | undefined> => {
  try {
    if (!isLinked(session)) throw unlinked(session);
    await showToWorker(deps, command);
    const { session: started, admitted: byUs } = await startSession(deps, userOf(session), nameOf(session));
    if (byUs) await launchAndPublish(deps, started);
    return undefined;
  } catch (error) {
    // It changed at the same time: the next look shows what it is now.
    if (error instanceof Problem && error.code === 'conflict') return undefined;
    if (error instanceof Problem) return giveUp(deps, command, keptProblem(error));
    throw error;
  }
};

/** The time for a response has passed. A command whose session will not start is given up, not left waiting. */
const answerAtTimeout = async <R>(
  deps: Needs,
  { command, session }: CommandAndSession,
): Promise<Woken<R>> => {
  const comesUp =
    session &&
    (session.epoch > command.epoch || !(isTerminal(session.state) || session.state === 'STOPPING'));
  if (command.status === 'running' || comesUp) {
    if (command.status === 'pending') await showToWorker(deps, command);
    return { kind: 'waiting', commandId: command.id };
  }
  const detail = 'The session is still stopping; nothing was sent. Try again.';
  const left = await giveUp(deps, command, { code: 'unavailable', detail, retryAfterSeconds: 5 });
  return isSettled(left)
    ? { kind: 'done', result: answerOf(left) }
    : { kind: 'waiting', commandId: command.id };
};

/** Runs before a command is placed. A repeat of an executed command gets its stored result even if the account is gone. */
const refuseUnlinked = async (deps: Needs, session: Session, id: string): Promise<void> => {
  if (!isTerminal(session.state) || isLinked(session)) return;
  const earlier = await findCommand(deps, id);
  if (!earlier || earlier.again) throw unlinked(session);
};

const unlinked = (session: Session): Problem =>
  new Problem(
    'unprocessable',
    `The session "${nameOf(session)}" is stopped and has no linked account; start it and scan its QR code.`,
    { state: shownStatus(session) },
  );

const isWorking = (session: Session): boolean => session.state === 'RUNNING' && session.status === 'WORKING';

/** The stored result, or the stored problem, thrown. */
const answerOf = <R>(command: WaitingCommand): R => {
  if (command.status === 'done') return JSON.parse(command.result ?? 'null');
  throw problemOf(command.problem ?? { code: 'worker_failed', detail: 'The command failed.' });
};
