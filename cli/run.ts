import { type Command, CommanderError } from 'commander';
import { AlreadyReported, CliError, EXIT, type ExitCode, explain, type Failure } from './exit.ts';

/** Runs the command line; resolves with the exit code. Every failure is one line and a hint, on stderr. */
export const run = async (program: Command, argv: readonly string[]): Promise<ExitCode> => {
  try {
    await program.parseAsync([...argv]);
    return EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return EXIT.ok;
      // A group without a command printed its help already.
      if (error.code === 'commander.help') return EXIT.usage;
    }
    if (error instanceof AlreadyReported) return error.exit;
    const failure = explain(error instanceof CommanderError ? usageError(error) : error);
    say(failure, program.opts().json === true);
    return failure.exit;
  }
};

const usageError = (error: CommanderError): CliError =>
  new CliError(EXIT.usage, error.message.replace(/^error: /, '').replaceAll('\n', ' '), 'see --help');

const say = ({ exit, message, hint, problem }: Failure, json: boolean): void => {
  const line = json
    ? JSON.stringify({ error: { message, hint, exitCode: exit, problem } })
    : `berth: ${message.replace(/\p{Cc}/gu, ' ')}${hint ? `\n  ${hint}` : ''}`;
  process.stderr.write(`${line}\n`);
};
