import { COMMANDS } from '../../contract/worker/commands.ts';
import { commandsOf } from './ask-worker.ts';

/** Has the session's worker carry out any command. */
export const runCommand = commandsOf(COMMANDS);
