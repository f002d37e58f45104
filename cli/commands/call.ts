import type { Command } from 'commander';
import * as z from 'zod';
import { positionalOf } from '../../client/derived.ts';
import type { Operation } from '../../contract/operation.ts';
import { PUBLIC_OPERATIONS } from '../../contract/public-operations.ts';
import { examples, runs } from '../command.ts';
import { userInput } from '../input.ts';
import { jsonInput, kebab, methodOf, showResult } from '../operations.ts';

/**
 * `berth call …`: every operation of the API by its name, made from the table of operations.
 *
 * @param operations without it, those of Berth
 */
export const addCall = (
  program: Command,
  operations: readonly Operation[] = Object.values(PUBLIC_OPERATIONS),
): void => {
  const call = program
    .command('call')
    .description('call an operation of the API by its name; the result is JSON');
  // A sign-in belongs to a browser.
  for (const operation of operations)
    if (operation.client !== undefined && operation.id !== 'signOut')
      addOperation(call, operation, operation.client.split('.'));
};

const addOperation = (call: Command, operation: Operation, method: readonly string[]): void => {
  const { id, summary, description, query, body, holds, idempotencyKey } = operation;
  const positional = positionalOf(operation);
  const elsewhere = new Set([...positional, 'session', 'userId', 'wake', holds]);
  const options = Object.keys(query?.shape ?? {}).filter((name) => !elsewhere.has(name));
  const bodyIsOptional = body?.safeParse({}).success === true;

  const command = call
    .command(id)
    .summary(summary)
    .description([summary, description].filter(Boolean).join('\n\n'));
  for (const name of positional) command.argument(`<${kebab(name)}>`);
  for (const name of options) command.option(`--${kebab(name)} <value>`, descriptionOf(query?.shape[name]));
  if (body) {
    const says = 'the body of the request, as JSON';
    if (bodyIsOptional) command.option('--body <json>', says);
    else command.requiredOption('--body <json>', says);
  }
  if (holds) command.option('--wait-seconds <n>', 'how long the API may wait, 0 to 25');
  if (idempotencyKey)
    command
      .option('--wake', 'start a stopped, linked session first')
      .option('--idempotency-key <key>', 'a repeat with the same key does nothing twice');
  command.option('--user <id>', 'owner of the session (admin keys)');
  examples(
    command,
    [...positional.map(exampleOf), ...(body && !bodyIsOptional ? ["--body '{…}'"] : [])].join(' '),
  );

  const input = z.looseObject({
    body: jsonInput.optional(),
    waitSeconds: z.coerce.number().min(0).max(25).optional(),
    wake: z.boolean().optional(),
    idempotencyKey: z.string().min(1).max(128).optional(),
    user: userInput,
  });
  runs(command, input, async (given, context) => {
    const { user: userId, waitSeconds, wake, idempotencyKey: key, body: sent = {} } = given;
    const asked = Object.fromEntries(options.flatMap((name) => (name in given ? [[name, given[name]]] : [])));
    const result = await methodOf(context.api(), method)(
      ...positional.map((name) => given[kebab(name)]),
      ...(body ? [sent] : []),
      { ...asked, userId, waitSeconds, wake, idempotencyKey: key },
    );
    showResult(context, result);
  });
};

const EXAMPLES: Readonly<Record<string, string>> = {
  session: 'shop',
  name: 'shop',
  chatId: '491701234567@c.us',
  contactId: '491701234567@c.us',
};
const exampleOf = (name: string): string => EXAMPLES[name] ?? `<${kebab(name)}>`;

const descriptionOf = (schema: unknown): string =>
  schema instanceof z.ZodType ? (schema.description ?? '') : '';
