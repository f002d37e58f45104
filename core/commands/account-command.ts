import type * as z from 'zod';
import { ACCOUNT_COMMANDS } from '../../contract/worker/account-commands.ts';
import type { Deps } from '../deps.ts';
import type { Session } from '../lifecycle/session.ts';
import { askWorker, type CommandOptions } from './ask-worker.ts';

type AccountCommands = typeof ACCOUNT_COMMANDS;
export type AccountCommandName = keyof AccountCommands;
export type AccountArgs<N extends AccountCommandName> = z.input<AccountCommands[N]['args']>;
export type AccountResult<N extends AccountCommandName> = z.output<AccountCommands[N]['result']>;

/** Has the session's worker carry out a command about its account. Throws what askWorker throws. */
export const runAccountCommand = async <N extends AccountCommandName>(
  deps: Pick<Deps, 'workers'>,
  session: Session,
  command: N,
  args: AccountArgs<N>,
  options?: CommandOptions,
): Promise<AccountResult<N>> =>
  (await askWorker(deps, session, command, ACCOUNT_COMMANDS[command], args, options)) as AccountResult<N>;
