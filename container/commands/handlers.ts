/** What a table of commands gives the command server for each of them. */
import type * as z from 'zod';
import type { CommandContext } from './context.ts';

/** Arguments that don't fit: said before anything was done. */
export class BadArguments extends Error {
  constructor(error: z.ZodError) {
    super(error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`).join('; '));
    this.name = 'BadArguments';
  }
}

type Row = { readonly args: z.ZodType; readonly result: z.ZodType };
type Rows = Readonly<Record<string, Row>>;

/** For each command of a table the function that carries it out. */
type Functions<T extends Rows> = {
  readonly [N in keyof T]: (
    context: CommandContext,
    args: z.output<T[N]['args']>,
  ) => Promise<z.output<T[N]['result']>>;
};

type Handlers<T extends Rows> = {
  readonly [N in keyof T]: (context: CommandContext, json: unknown) => Promise<z.output<T[N]['result']>>;
};

/**
 * For each command of a table: checks the arguments, then carries it out. Rejects with `BadArguments` before anything was
 * done.
 */
export const handlersOf = <T extends Rows>(rows: T, functions: Functions<T>): Handlers<T> =>
  Object.fromEntries(
    Object.entries(rows).map(([name, { args }]) => [
      name,
      async (context: CommandContext, json: unknown) => {
        const parsed = args.safeParse(json);
        if (!parsed.success) throw new BadArguments(parsed.error);
        // Its own arguments, parsed by its own schema.
        const run = functions[name] as (context: CommandContext, args: unknown) => Promise<unknown>;
        return run(context, parsed.data);
      },
    ]),
  ) as Handlers<T>;
