import type * as z from 'zod';
import { ACCOUNT_COMMANDS } from '../../contract/worker/account-commands.ts';
import { commandsOf } from './ask-worker.ts';

type AccountCommands = typeof ACCOUNT_COMMANDS;
type AccountCommandName = keyof AccountCommands;
export type AccountArgs<N extends AccountCommandName> = z.input<AccountCommands[N]['args']>;
export type AccountResult<N extends AccountCommandName> = z.output<AccountCommands[N]['result']>;

/** Has the session's worker carry out a command about its account. */
export const runAccountCommand = commandsOf(ACCOUNT_COMMANDS);
