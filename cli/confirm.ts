import { createInterface } from 'node:readline/promises';
import { CliError, EXIT } from './exit.ts';

/** Asks on the terminal; anything but yes is no. Without a terminal to ask on, `--yes` has to be given. */
export const confirm = async (question: string): Promise<void> => {
  if (!process.stdin.isTTY)
    throw new CliError(
      EXIT.usage,
      'there is no terminal to ask on',
      'pass --yes to continue without a question',
    );
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // Ctrl-C and Ctrl-D close the interface, and the question would stay open for ever.
  const closed = new AbortController();
  terminal.once('close', () => closed.abort());
  const answer = await terminal.question(`${question} [y/N] `, { signal: closed.signal }).catch(() => 'no');
  terminal.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new CliError(EXIT.failure, 'nothing was changed');
};
