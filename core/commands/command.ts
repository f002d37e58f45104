import type { CommandArgs, CommandName, CommandResult } from '../../contract/worker/commands.ts';
import { COMMANDS } from '../../contract/worker/commands.ts';
import type { Deps } from '../deps.ts';
import type { Session } from '../lifecycle/session.ts';
import { askWorker, type CommandOptions } from './ask-worker.ts';

/** Has the session's worker carry out any command of the table. Throws what askWorker throws. */
export const runCommand = async <N extends CommandName>(
  deps: Pick<Deps, 'workers'>,
  session: Session,
  command: N,
  args: CommandArgs<N>,
  options?: CommandOptions,
): Promise<CommandResult<N>> =>
  // The row is the command's own: its types are those of the name.
  (await askWorker(deps, session, command, COMMANDS[command], args, options)) as CommandResult<N>;
