import type { CommandFailureCode } from '../../contract/worker/command-failures.ts';

/** A command that can't be carried out, in the closed set of COMMAND_FAILURES. */
export class CommandFailed extends Error {
  readonly code: CommandFailureCode;
  readonly status: string | undefined;
  constructor(code: CommandFailureCode, detail: string, status?: string) {
    super(detail);
    this.name = 'CommandFailed';
    this.code = code;
    this.status = status;
  }
}

/** The session is in another status than the command needs. */
export const wrongStatus = (status: string, needs: string): CommandFailed =>
  new CommandFailed('wrong_status', `the session is ${status}; this command needs ${needs}`, status);
