/**
 * Operations that are commands to a session's worker. A row names the command's arguments and its result; the request
 * follows from them: arguments that the path names are its parameters, the others are the query (GET, DELETE) or the
 * body (POST, PUT). The session is in the path, or beside the others.
 */
import * as z from 'zod';
import { acceptedCommandSchema, commandQuerySchema } from '../bodies/commands.ts';
import type { ProblemCode } from '../errors.ts';
import { sessionNameSchema } from '../names.ts';
import { type Operation, operation, ownerQuerySchema, type Tag } from '../operation.ts';
import type { Scope } from '../scopes.ts';

type Args = z.ZodObject<z.ZodRawShape, z.core.$strict>;

/** One row of the table: everything that is said about one command. */
type CommandSpec = Pick<
  Operation,
  'method' | 'path' | 'client' | 'positional' | 'maxBodyBytes' | 'waha' | 'destructive'
> & {
  readonly scope: Exclude<Scope, 'admin'>;
  readonly tag: Tag;
  /** One line. */
  readonly summary: string;
  readonly description?: string;
  /** The worker's arguments. An argument that the path names has the parameter's name. */
  readonly args: Args;
  /** The worker's result: the body of the response. */
  readonly result: z.ZodType;
  readonly status: 200 | 201;
  /** The description of the response, for the document. */
  readonly says: string;
  /**
   * The command may wait for its session: `wake=true` starts a stopped, linked session first, and `Idempotency-Key` is
   * honored.
   */
  readonly wakes?: true;
  readonly problems: readonly ProblemCode[];
};

/** The problems of any command about a chat, a person, a group, a label or a channel. */
export const COMMAND_PROBLEMS = ['not_found', 'unprocessable', 'worker_failed', 'worker_timeout'] as const;
/** Of a command that sends, or changes what was sent. */
export const SEND_PROBLEMS = [
  'not_found',
  'conflict',
  'unprocessable',
  'too_many',
  'worker_failed',
  'worker_timeout',
] as const;

/** A command that reads what the session has. */
export const READING = {
  method: 'GET',
  scope: 'messages:read',
  status: 200,
  says: 'As the session has it now.',
} as const;

type NamedIn<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | NamedIn<Rest>
  : never;
type SessionShape<Path extends string> =
  'session' extends NamedIn<Path> ? Record<never, never> : { session: typeof sessionBeside };
type RestShape<S extends CommandSpec> = Omit<S['args']['shape'], NamedIn<S['path']>> &
  SessionShape<S['path']>;
type InQuery<S extends CommandSpec> = S['method'] extends 'GET' | 'DELETE' ? true : false;

/** The operation that a row describes. */
type CommandOperation<Id extends string, S extends CommandSpec> = Omit<
  S,
  'args' | 'result' | 'status' | 'says' | 'wakes'
> & {
  readonly id: Id;
  readonly handler: 'commands';
  readonly auth: 'key';
  readonly command: { readonly args: S['args']; readonly result: S['result'] };
  readonly query: z.ZodObject<
    (InQuery<S> extends true ? RestShape<S> : Record<never, never>) &
      (S['wakes'] extends true ? typeof commandQuerySchema.shape : typeof ownerQuerySchema.shape),
    z.core.$strict
  >;
  readonly responses: {
    readonly [T in S['status']]: { readonly description: string; readonly body: S['result'] };
  };
} & (InQuery<S> extends true
    ? unknown
    : { readonly body: z.ZodObject<Pick<RestShape<S>, keyof RestShape<S>>, z.core.$strict> }) &
  (S['wakes'] extends true
    ? {
        readonly idempotencyKey: true;
        readonly responses: {
          readonly 202: { readonly description: string; readonly body: typeof acceptedCommandSchema };
        };
      }
    : unknown);

const sessionInPath = sessionNameSchema.describe("The session's name.");
const sessionBeside = sessionNameSchema.default('default');

const ACCEPTED = {
  description: 'With `wake=true`: the session is starting, and the command is executed when it works.',
  body: acceptedCommandSchema,
} as const;

/** The operations that the rows describe, by their names. */
export const commandRows = <const Rows extends Readonly<Record<string, CommandSpec>>>(
  rows: Rows,
): { readonly [Id in keyof Rows & string]: CommandOperation<Id, Rows[Id]> } =>
  Object.fromEntries(
    Object.entries(rows).map(([id, row]) => [id, commandOperation(id, row)]),
    // Each is made by its own row just above.
  ) as never;

const commandOperation = (id: string, row: CommandSpec): Operation => {
  const { args, result, status, says, wakes, ...rest } = row;
  const params = paramsOf(row);
  const others = othersOf(row);
  const query = wakes ? commandQuerySchema : ownerQuerySchema;
  const inQuery = row.method === 'GET' || row.method === 'DELETE';
  const hasBody = !inQuery && Object.keys(others.shape).length > 0;
  return operation({
    ...rest,
    id,
    handler: 'commands',
    auth: 'key',
    command: { args, result },
    ...(params === undefined ? {} : { params }),
    query: inQuery ? others.extend(query.shape) : query,
    ...(hasBody ? { body: others } : {}),
    ...(wakes ? { idempotencyKey: true } : {}),
    responses: { [status]: { description: says, body: result }, ...(wakes ? { 202: ACCEPTED } : {}) },
  });
};

const namesIn = (path: string): string[] => [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');

/** The parameters of the path: the session, and arguments of the command. */
const paramsOf = ({ path, args }: CommandSpec): z.ZodObject | undefined => {
  const names = namesIn(path);
  if (names.length === 0) return undefined;
  return z.object(
    Object.fromEntries(
      names.map((name) => {
        const schema = name === 'session' ? sessionInPath : args.shape[name];
        if (schema === undefined) throw new Error(`${path} names "${name}", which is no argument`);
        return [name, schema];
      }),
    ),
  );
};

/** The arguments that the path does not name, and the session if it is not in the path. */
const othersOf = ({ path, args }: CommandSpec): Args => {
  const names = namesIn(path);
  const named = names.filter((name) => name in args.shape);
  const others = named.length === 0 ? args : args.omit(Object.fromEntries(named.map((name) => [name, true])));
  return names.includes('session') ? others : others.extend({ session: sessionBeside });
};
