import type * as z from 'zod';
import { Problem, type ProblemCode } from '../../contract/errors.ts';
import { type Status, shownStatus } from '../../contract/lifecycle.ts';
import { TIMEOUTS_MS } from '../../contract/timeouts.ts';
import type { CommandFailure } from '../../contract/worker/command-failures.ts';
import type { CommandName } from '../../contract/worker/commands.ts';
import type { Deps } from '../deps.ts';
import { nameOf, type Session } from '../lifecycle/session.ts';
import { type CommandOutcome, WorkerTimeout, WorkerUnreachable } from '../ports.ts';

export type CommandRow = { readonly args: z.ZodType; readonly result: z.ZodType };
export type CommandOptions = {
  readonly idempotencyKey?: string | undefined;
  readonly timeoutMs?: number;
};

const FAILURES: Readonly<Record<CommandFailure['code'], ProblemCode>> = {
  bad_arguments: 'malformed',
  unauthorized: 'worker_failed',
  unknown_command: 'worker_failed',
  not_found: 'not_found',
  too_large: 'too_large',
  unsupported_media: 'unsupported_media_type',
  wrong_status: 'unprocessable',
  refused: 'unprocessable',
  answer_too_large: 'unprocessable',
  challenge_unknown: 'challenge_unknown',
  challenge_answered: 'challenge_answered',
  challenge_expired: 'challenge_expired',
  assertion_invalid: 'assertion_invalid',
  rate_limited: 'too_many',
  client_failed: 'worker_failed',
  stopping: 'unavailable',
  unavailable: 'unavailable',
  timeout: 'worker_timeout',
  unknown: 'worker_timeout',
};

/**
 * Has the session's worker carry out a command. Never repeats one by itself: whether a send that timed out was sent
 * is unknown; with an idempotency key the caller may repeat it.
 *
 * Throws 422 (the session does not run, or the client is in the wrong status), 502, 503, 504.
 *
 * @param row of the command's table: what it takes and what it gives
 */
const askWorker = async <R extends CommandRow>(
  deps: Pick<Deps, 'workers'>,
  session: Session,
  command: CommandName,
  row: R,
  args: z.input<R['args']>,
  options: CommandOptions = {},
): Promise<z.output<R['result']>> => {
  const { address, commandSecret, epoch } = session;
  if (session.state !== 'RUNNING' && session.state !== 'STARTING') throw notRunning(session, command);
  if (address === undefined || commandSecret === undefined) throw notRunning(session, command);
  try {
    const outcome = await deps.workers.run({ address, commandSecret, epoch }, command, args, {
      timeoutMs: options.timeoutMs ?? TIMEOUTS_MS.workerCall,
      ...(options.idempotencyKey === undefined ? {} : { idempotencyKey: options.idempotencyKey }),
    });
    return resultOf(command, row, outcome, session);
  } catch (error) {
    if (error instanceof WorkerUnreachable) {
      throw new Problem('unavailable', 'The worker of this session cannot be reached; nothing was sent.', {
        retryAfterSeconds: 5,
      });
    }
    if (error instanceof WorkerTimeout) {
      throw new Problem(
        'worker_timeout',
        'The worker did not respond in time; whether the command was executed is unknown.',
      );
    }
    throw error;
  }
};

/** Sends the commands of one table, each with its own row. Throws what askWorker throws. */
export const commandsOf =
  <T extends Readonly<Record<string, CommandRow>>>(rows: T) =>
  <N extends keyof T & CommandName>(
    deps: Pick<Deps, 'workers'>,
    session: Session,
    command: N,
    args: z.input<T[N]['args']>,
    options?: CommandOptions,
  ): Promise<z.output<T[N]['result']>> =>
    askWorker(deps, session, command, rows[command], args, options);

const notRunning = (session: Session, command: CommandName): Problem =>
  new Problem(
    'unprocessable',
    `The session "${nameOf(session)}" is not running; its status is ${shownStatus(session)}.`,
    {
      state: shownStatus(session),
      session: nameOf(session),
      expected: expectedBy(command),
    },
  );

const LINKING: Partial<Record<CommandName, readonly Status[]>> = {
  getQr: ['SCAN_QR_CODE'],
  requestCode: ['SCAN_QR_CODE'],
  getPasskeyChallenge: ['PASSKEY_REQUIRED'],
  submitPasskey: ['PASSKEY_REQUIRED'],
  getPasskeyConfirmation: ['PASSKEY_CONFIRMATION_REQUIRED'],
  confirmPasskey: ['PASSKEY_CONFIRMATION_REQUIRED'],
};
/** The statuses in which a session carries the command out. */
const expectedBy = (command: CommandName): Status[] => [...(LINKING[command] ?? ['WORKING'])];

/** Whether a session in this status carries the command out. */
export const isExpected = (command: CommandName, status: Status): boolean =>
  expectedBy(command).includes(status);

/** A worker's answer, validated. Throws the problem that corresponds to a failure. */
export const resultOf = <R extends CommandRow>(
  command: CommandName,
  { result }: R,
  outcome: CommandOutcome,
  session?: Session,
): z.output<R['result']> => {
  if (!outcome.ok) throw asProblem(outcome.failure, command, session);
  const parsed = result.safeParse(outcome.result);
  // It says that the command was carried out, but not what came of it.
  if (!parsed.success) {
    throw new Problem(
      'worker_timeout',
      'The worker returned an invalid response; whether it was done is unknown.',
    );
  }
  return parsed.data as z.output<R['result']>;
};

const asProblem = (failure: CommandFailure, command: CommandName, session: Session | undefined): Problem =>
  new Problem(FAILURES[failure.code], failure.detail, {
    ...(failure.status === undefined ? {} : { state: failure.status, expected: expectedBy(command) }),
    ...(failure.status === undefined || session === undefined ? {} : { session: nameOf(session) }),
    ...(failure.code === 'rate_limited' ? { scope: 'rate' as const, retryAfterSeconds: 60 } : {}),
    ...(FAILURES[failure.code] === 'unavailable' ? { retryAfterSeconds: 5 } : {}),
  });
