import { describeError, TimedOut } from '../base/faults.ts';
import { withDeadline } from '../base/time.ts';
import type { LibraryAccount } from '../whatsapp/account.ts';
import { type CommandContext, workingClient } from './context.ts';
import { CommandFailed } from './failure.ts';

const LIMIT_MS = 20_000;

/** Whether the error says that the browser is gone. */
export const isBrowserGone = (reason: string): boolean =>
  /target closed|session closed|detached|protocol error/i.test(reason);

/**
 * Asks the library for something that can be asked again. Counts as use of the session where it changes something.
 * What the library refuses is `refused`, without its own words: they may hold what was written.
 */
export const ask = async <T>(
  context: CommandContext,
  what: string,
  work: (account: LibraryAccount) => Promise<T>,
): Promise<T> => {
  const client = workingClient(context);
  try {
    return await withDeadline(context.time, LIMIT_MS, what, work(client.account));
  } catch (error) {
    if (error instanceof CommandFailed) throw error;
    if (error instanceof TimedOut)
      throw new CommandFailed('timeout', `${what}: no answer from WhatsApp in time`);
    const reason = describeError(error);
    context.log.warn('WhatsApp refused', {
      what,
      errorName: error instanceof Error ? error.name : typeof error,
    });
    if (isBrowserGone(reason)) throw new CommandFailed('client_failed', 'the browser went away');
    throw new CommandFailed('refused', `${what}: WhatsApp did not accept it`);
  }
};

/** One page of a list. */
export const pageOf = <T>(items: readonly T[], { limit, offset }: { limit: number; offset: number }): T[] =>
  items.slice(offset, offset + limit);
