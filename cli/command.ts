import type { Command } from 'commander';
import type * as z from 'zod';
import { type Context, createContext } from './context.ts';
import { CliError, EXIT } from './exit.ts';

/**
 * Gives a command its action: arguments (by name) and options are parsed together by `input`, so that a wrong one
 * ends in one line and exit code 2 before anything is asked of the server.
 */
export const runs = <S extends z.ZodType>(
  command: Command,
  input: S,
  act: (input: z.output<S>, context: Context) => Promise<void>,
): Command =>
  command.action(async () => {
    const values = command.processedArgs.map((value: unknown, i): [string, unknown] => [
      command.registeredArguments[i]?.name() ?? '',
      value,
    ]);
    const parsed = input.safeParse({ ...command.opts(), ...Object.fromEntries(values) });
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      const option = command.options.find((o) => o.attributeName() === issue?.path[0]);
      const name = option?.long ?? String(issue?.path[0] ?? 'input');
      throw new CliError(EXIT.usage, `${name} ${issue?.message}`, `${pathOf(command)} --help`);
    }
    await act(parsed.data, createContext(command.optsWithGlobals(), process.env, process.cwd()));
  });

/** Examples under a command's help; `$` is replaced by the program and the command's own path. */
export const examples = (command: Command, ...lines: readonly string[]): Command =>
  command.addHelpText(
    'after',
    () => `\nExamples:\n${lines.map((line) => `  ${pathOf(command)} ${line}`.trimEnd()).join('\n')}`,
  );

export const pathOf = (command: Command): string =>
  command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
