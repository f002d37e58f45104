/** What commands that are made from the table of operations have in common. */
import * as z from 'zod';
import type { Context } from './context.ts';
import { CliError, EXIT } from './exit.ts';

type Method = (...args: unknown[]) => Promise<unknown>;

/** The client's method with the operation's name; both come from the same table. */
export const methodOf = (client: object, names: readonly string[]): Method => {
  const found = names.reduce<unknown>((part, name) => Reflect.get(Object(part), name), client);
  if (typeof found !== 'function') throw new CliError(EXIT.usage, `there is no method ${names.join('.')}`);
  return found as Method;
};

export const jsonInput = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue({ code: 'custom', message: 'must be JSON' });
    return z.NEVER;
  }
});

export const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Bytes as they are, everything else as JSON; nothing is `{}`. */
export const showResult = ({ out }: Context, result: unknown): void => {
  if (result instanceof Uint8Array) process.stdout.write(result);
  else out.result(result ?? {}, typeof result === 'string' ? result : JSON.stringify(result ?? {}, null, 2));
};
