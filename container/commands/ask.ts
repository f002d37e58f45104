import type { LibraryAccount } from '../whatsapp/account.ts';
import type { CommandContext } from './context.ts';
import { handOver } from './hand-over.ts';

/** Reads something of the account: it can be asked again, and does not count as use of the session. */
export const ask = <T>(
  context: CommandContext,
  what: string,
  read: (account: LibraryAccount) => Promise<T>,
): Promise<T> => handOver(context, { what, reads: true, run: ({ account }) => read(account) });

/** Changes something; the session was used, with any answer. */
export const change = <T>(
  context: CommandContext,
  what: string,
  make: (account: LibraryAccount) => Promise<T>,
  reported?: () => T | undefined,
): Promise<T> => {
  const run = async ({ account }: { readonly account: LibraryAccount }) => {
    context.active();
    return await make(account);
  };
  return handOver(context, { what, run, ...(reported === undefined ? {} : { reported }) });
};

/** One page of a list. */
export const pageOf = <T>(items: readonly T[], { limit, offset }: { limit: number; offset: number }): T[] =>
  items.slice(offset, offset + limit);
