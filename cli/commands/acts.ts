/**
 * `berth contacts …`, `groups`, `channels` and so on: what a person does with a linked account, one command for each
 * operation, made from the table. What the path names and what the body requires are arguments in that order, everything
 * else is an option.
 */
import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import type { Command } from 'commander';
import * as z from 'zod';
import { positionalOf } from '../../client/derived.ts';
import { inputSchemaOf, type JsonSchema } from '../../contract/openapi/schemas.ts';
import type { Operation } from '../../contract/operation.ts';
import { PUBLIC_OPERATIONS } from '../../contract/public-operations.ts';
import { examples, runs } from '../command.ts';
import { CliError, EXIT } from '../exit.ts';
import { userInput } from '../input.ts';
import { jsonInput, kebab, methodOf, showResult } from '../operations.ts';

/** By the client's group of methods. */
const GROUPS: Readonly<Record<string, string>> = {
  messages: 'messages of a chat',
  chats: 'chats: read, archive, clear and delete them',
  contacts: 'people: look up, save, block',
  groups: 'groups: make, change, join and leave them',
  channels: 'channels: find, follow, mute, make',
  status: 'Status (stories): publish, take back',
  labels: 'labels of a business account',
  profile: "the account's own profile",
  presence: 'who is online and types',
  calls: 'calls that ring',
};
/** Commands by hand say more: `berth send`, `berth messages edit`. */
const BY_HAND: readonly string[] = ['messages.sendText', 'messages.edit', 'messages.delete'];
/** Ids of messages that a program chooses. */
const FOR_PROGRAMS: readonly string[] = ['messages.newId', 'status.newId'];

export const addActs = (
  program: Command,
  operations: readonly Operation[] = Object.values(PUBLIC_OPERATIONS),
): void => {
  for (const operation of operations) {
    const { client = '' } = operation;
    const [name = '', method = ''] = client.split('.');
    const description = GROUPS[name];
    if (description === undefined || BY_HAND.includes(client) || FOR_PROGRAMS.includes(client)) continue;
    const group =
      program.commands.find((one) => one.name() === name) ?? program.command(name).description(description);
    addAct(group, operation, method);
  }
};

/** `type` of a schema: one, or the one beside null. */
const typeSchema = z
  .union([z.string(), z.array(z.string()).transform((types) => types.find((one) => one !== 'null'))])
  .optional();

const fieldSchema = z.looseObject({
  type: typeSchema,
  description: z.string().optional(),
  default: z.unknown().optional(),
  anyOf: z.array(z.looseObject({ type: typeSchema })).optional(),
  items: z.looseObject({ type: typeSchema, required: z.array(z.string()).optional() }).optional(),
});
const bodySchema = z.looseObject({
  properties: z.record(z.string(), fieldSchema).default({}),
  required: z.array(z.string()).default([]),
});

type Kind = 'text' | 'number' | 'flag' | 'list' | 'ids' | 'file' | 'json';
type Field = {
  readonly name: string;
  readonly kind: Kind;
  readonly required: boolean;
  readonly says: string;
};

const FILES: readonly string[] = ['file', 'picture'];

const kindOf = (name: string, { type, anyOf = [], items }: z.infer<typeof fieldSchema>): Kind => {
  if (FILES.includes(name)) return 'file';
  const kind = type ?? anyOf.find((one) => one.type !== 'null')?.type;
  if (kind === 'string') return 'text';
  if (kind === 'number' || kind === 'integer') return 'number';
  if (kind === 'boolean') return 'flag';
  if (kind !== 'array') return 'json';
  if (items?.required?.join() === 'id') return 'ids';
  return items?.type === 'string' ? 'list' : 'json';
};

const fieldsOf = (body: z.ZodType | undefined): Field[] => {
  if (!body) return [];
  const json: JsonSchema = inputSchemaOf(body);
  const { properties, required } = bodySchema.parse(json);
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    kind: kindOf(name, schema),
    required: required.includes(name),
    says: schema.description ?? '',
  }));
};

const isList = ({ kind }: Field): boolean => kind === 'list' || kind === 'ids';

const addAct = (group: Command, operation: Operation, method: string): void => {
  const { summary, description, body, query } = operation;
  const named = positionalOf(operation);
  const fields = fieldsOf(body).filter(({ name }) => !named.includes(name));
  const session = fields.find(({ name }) => name === 'session');
  const others = fields.filter((field) => field !== session);
  const plain = others.filter((field) => field.required && !isList(field) && field.kind !== 'file');
  const list = others.find((field) => field.required && isList(field));
  const options = others.filter((field) => !plain.includes(field) && field !== list);
  const elsewhere = new Set([...named, 'session', 'userId', 'wake']);
  const asked = Object.keys(query?.shape ?? {}).filter((name) => !elsewhere.has(name));

  const command = group
    .command(commandName(group.name(), method))
    .summary(summary)
    .description([summary, description].filter(Boolean).join('\n\n'));
  const positional = [...(session ? ['session'] : []), ...named, ...plain.map(({ name }) => name)];
  for (const name of positional) command.argument(`<${kebab(name)}>`);
  if (list) command.argument(`<${kebab(list.name)}...>`);
  for (const field of options) {
    if (field.kind === 'flag') command.option(`--${kebab(field.name)}`, field.says);
    else {
      const value = field.kind === 'file' ? 'path' : field.kind === 'json' ? 'json' : 'value';
      const flags = `--${kebab(field.name)} <${value}${isList(field) ? '...' : ''}>`;
      if (field.required) command.requiredOption(flags, field.says);
      else command.option(flags, field.says);
    }
  }
  if (options.some(({ kind }) => kind === 'file')) command.option('--type <mimetype>', 'of the file');
  for (const name of asked) command.option(`--${kebab(name)} <value>`, '');
  command.option('--user <id>', 'owner of the session (admin keys)');
  examples(command, [...positional, ...(list ? [list.name] : [])].map(exampleOf).join(' '));

  const input = z.looseObject({ user: userInput, type: z.string().optional() });
  runs(command, input, async (given, context) => {
    const parts = await Promise.all(
      [...fields].flatMap((field) => {
        const value = given[kebab(field.name)] ?? given[field.name];
        return value === undefined
          ? []
          : [fieldValue(field, value, given.type).then((v) => [field.name, v] as const)];
      }),
    );
    const names = asked.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]] as const]));
    const result = await methodOf(context.api(), (operation.client ?? '').split('.'))(
      ...named.map((name) => given[kebab(name)]),
      ...(body ? [Object.fromEntries(parts)] : []),
      { ...Object.fromEntries(names), userId: given.user },
    );
    showResult(context, result);
  });
};

/** `forwardMessage` of messages is `forward`. */
const commandName = (group: string, method: string): string =>
  kebab(group === 'messages' ? method.replace(/Message$/, '') : method);

const text = z.string();
const texts = z.array(z.string());

const fieldValue = async (field: Field, value: unknown, mimetype: string | undefined): Promise<unknown> => {
  const faulty = (says: string) => new CliError(EXIT.usage, `${kebab(field.name)} ${says}`);
  switch (field.kind) {
    case 'number': {
      const number = Number(value);
      if (text.parse(value).trim() === '' || Number.isNaN(number)) throw faulty('must be a number');
      return number;
    }
    case 'flag':
      if (value === true) return true;
      if (value !== 'true' && value !== 'false') throw faulty('must be true or false');
      return value === 'true';
    case 'list':
      return texts.parse(value);
    case 'ids':
      return texts.parse(value).map((id) => ({ id }));
    case 'file':
      return await fileOf(text.parse(value), mimetype);
    case 'json': {
      const parsed = jsonInput.safeParse(value);
      if (!parsed.success) throw faulty('must be JSON');
      return parsed.data;
    }
    case 'text':
      return text.parse(value);
  }
};

/** By the ending of its name. WhatsApp's voice messages are Opus in Ogg. */
const typeOf = async (path: string): Promise<string | undefined> => {
  // Its table would delay the start of every command.
  const { default: mime } = await import('mime');
  const type = mime.getType(extname(path)) ?? undefined;
  return type === 'audio/ogg' ? 'audio/ogg; codecs=opus' : type;
};

/** A file of this machine, or a URL that the session fetches. */
const fileOf = async (path: string, given: string | undefined): Promise<object> => {
  if (/^https?:/.test(path)) return { url: path, ...(given === undefined ? {} : { mimetype: given }) };
  const mimetype = given ?? (await typeOf(path));
  if (mimetype === undefined)
    throw new CliError(EXIT.usage, `--type is needed: what kind of file is ${path}?`);
  const data = await readFile(path).catch(() => {
    throw new CliError(EXIT.usage, `${path} cannot be read`);
  });
  return { data: data.toString('base64'), mimetype, filename: basename(path) };
};

const EXAMPLES: Readonly<Record<string, string>> = {
  session: 'shop',
  chatId: '491701234567@c.us',
  contactId: '491701234567@c.us',
  participants: '491701234567@c.us',
  messageId: 'true_491701234567@c.us_3EB0A1B2C3D4',
};
const exampleOf = (name: string): string => EXAMPLES[name] ?? `<${kebab(name)}>`;
