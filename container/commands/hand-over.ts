/**
 * The one rule that makes a command's answer true, for every command that asks the page for something:
 *
 *   not handed to the page                      nothing happened: `wrong_status`, `unavailable`, `bad_arguments` …
 *   the page reported the effect                success, for any result of the call
 *   the page refused in a way that is known     `refused` and others (container/whatsapp/refusals.ts): nothing happened
 *   anything else (time-out, lost browser,      `unknown`. The command is never repeated here; a late effect is possible
 *   an error that is not in the table)
 *
 * An error's own words are never shown: they may hold what was written.
 */
import { COMMAND_STAGES_MS, TIMEOUTS_MS } from '../../contract/timeouts.ts';
import { describeError, TimedOut } from '../base/faults.ts';
import { withDeadline } from '../base/time.ts';
import type { LibraryClient } from '../whatsapp/library.ts';
import { knownRefusal } from '../whatsapp/refusals.ts';
import { type CommandContext, workingClient } from './context.ts';
import { CommandFailed } from './failure.ts';

type HandOver<T> = {
  /** In words, for the answer: "sending". */
  readonly what: string;
  /** It only reads: a failure changed nothing, and the caller may ask again. */
  readonly reads?: true;
  readonly run: (client: LibraryClient) => Promise<T>;
  /** The page's own report of the effect so far; undefined: nothing. */
  readonly reported?: () => T | undefined;
};

/** How long this command may still take, ms. */
export const leftMs = ({ time, until }: Pick<CommandContext, 'time' | 'until'>): number =>
  until === undefined ? TIMEOUTS_MS.command : until - time.now();

/** Hands a command to the page of a working session and answers by the rule above. */
export const handOver = async <T>(
  context: CommandContext,
  command: HandOver<T>,
  client: LibraryClient = workingClient(context),
): Promise<T> => {
  const left = leftMs(context);
  if (left < COMMAND_STAGES_MS.leastForPage)
    throw new CommandFailed('unavailable', `${command.what}: no time was left; nothing was sent. Try again.`);
  try {
    return await withDeadline(context.time, left, command.what, command.run(client));
  } catch (error) {
    if (error instanceof CommandFailed) throw error;
    const reported = command.reported?.();
    if (reported !== undefined) return reported;
    context.log.warn('WhatsApp Web gave no clear response', {
      what: command.what,
      errorName: error instanceof Error ? error.name : typeof error,
    });
    throw failureOf(command, error);
  }
};

const failureOf = (
  { what, reads }: Pick<HandOver<unknown>, 'what' | 'reads'>,
  error: unknown,
): CommandFailed => {
  const refusal = error instanceof TimedOut ? undefined : knownRefusal(describeError(error));
  if (refusal) return new CommandFailed(refusal.code, `${what}: ${refusal.detail}`);
  const because =
    error instanceof TimedOut
      ? 'no response from WhatsApp in time'
      : 'WhatsApp Web failed during the command';
  return reads
    ? new CommandFailed('unknown', `${what}: ${because}. Nothing was changed; try again.`)
    : unknownOutcome(what, because);
};

/** It was handed over, and its effect is unknown. */
export const unknownOutcome = (what: string, because: string): CommandFailed =>
  new CommandFailed(
    'unknown',
    `${what}: ${because}. Whether it was done is unknown. Berth does not repeat it.`,
  );
