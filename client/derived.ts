/**
 * The client's methods that follow from the table of operations: what each takes and gives. client/methods.ts, which is
 * generated, spells them out by name.
 */
import type * as z from 'zod';
import { acceptedCommandSchema } from '../contract/bodies/commands.ts';
import { nothingSchema, type Operation } from '../contract/operation.ts';
import type { PublicOperations } from '../contract/public-operations.ts';
import { type Call, type CallOptions, segment, type Transport } from './transport.ts';

/** The dependencies of the methods. */
export type Needs = { readonly transport: Transport; readonly newKey: () => string };

type Row<Id extends keyof PublicOperations> = PublicOperations[Id];

type WithoutNames<Query, Taken> = { [K in Exclude<keyof Query, Taken>]?: Query[K] | undefined };
type TakenElsewhere<O> =
  | 'userId'
  | 'session'
  | 'wake'
  | (O extends { readonly positional: readonly (infer Name)[] } ? Name : never)
  | (O extends { readonly holds: infer Name } ? Name : never);
type QueryOf<O> = O extends { readonly query: infer Query extends z.ZodType } ? z.output<Query> : unknown;

type Waits<O> = O extends { readonly holds: string }
  ? {
      /** How long the API may hold the response back, 0 to 25 s. */
      readonly waitSeconds?: number | undefined;
    }
  : unknown;
type Keyed<O> = O extends { readonly idempotencyKey: true } ? Pick<SendOptions, 'idempotencyKey'> : unknown;

export type SendOptions = CallOptions & {
  /** With it, a send whose outcome is unknown is repeated and sent once; without it, it is never repeated. */
  readonly idempotencyKey?: string | undefined;
};

/** The query's parameters, and what every call takes. */
export type Options<Id extends keyof PublicOperations> = CallOptions &
  Waits<Row<Id>> &
  Keyed<Row<Id>> &
  WithoutNames<QueryOf<Row<Id>>, TakenElsewhere<Row<Id>>>;

/** The request's body. */
export type Body<Id extends keyof PublicOperations> =
  Row<Id> extends { readonly body: infer B extends z.ZodType } ? z.input<B> : never;

type AnswerAt<O, Status> = O extends { readonly responses: infer A }
  ? Status extends keyof A
    ? A[Status]
    : never
  : never;
/** Distributes: of no answer at all there is no body. */
type BodyOf<A> = A extends { readonly body: infer B extends z.ZodType }
  ? B extends z.ZodObject<infer Shape, z.core.$strict>
    ? [keyof Shape] extends [never]
      ? undefined
      : z.output<B>
    : z.output<B>
  : A extends { readonly files: readonly `text/${string}`[] }
    ? string
    : A extends { readonly files: unknown }
      ? Uint8Array
      : undefined;
/** The value that the method resolves with. */
export type Result<Id extends keyof PublicOperations> = ResultOf<Row<Id>>;
type ResultOf<O> = BodyOf<AnswerAt<O, 200 | 201 | 204>>;

/** It is sent once the session works; `commands.wait` returns the result. */
export type AcceptedCommand = z.infer<typeof acceptedCommandSchema>;

/**
 * A command that may wait for its session. With `wake`, a stopped, linked session is started first: it resolves as
 * without it, or with the id of the command if the start takes longer than a request may. A key is made for you if it
 * is missing.
 */
export type Waking<Id extends keyof PublicOperations> = {
  (request: Body<Id>, options?: SendOptions & { wake?: false }): Promise<Result<Id>>;
  (request: Body<Id>, options: SendOptions & { wake: boolean }): Promise<Result<Id> | AcceptedCommand>;
};

/** The parts of one request. */
export type Parts = {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
  readonly options?: SendOptions & { readonly wake?: boolean; readonly waitSeconds?: number | undefined };
  readonly accept?: string;
  /** Differences from the table. */
  readonly idempotent?: boolean;
};

/** The request of an operation. A key is made if the command may wait and none is given. */
export const requestOf = (operation: Operation, parts: Parts, { newKey }: Pick<Needs, 'newKey'>): Call => {
  const { params = {}, query = {}, body, options = {}, accept } = parts;
  const { userId, signal, wake = false, waitSeconds } = options;
  const names: readonly string[] = Object.keys(operation.query?.shape ?? {});
  const { holds } = operation;
  const key = options.idempotencyKey ?? (wake ? newKey() : undefined);
  const asked = { ...query, userId, ...(wake ? { wake } : {}), ...(holds ? { [holds]: waitSeconds } : {}) };
  return {
    method: operation.method,
    path: operation.path.replace(/\{(\w+)\}/g, (_, name: string) => segment(params[name] ?? '')),
    query: Object.fromEntries(
      Object.entries(asked).flatMap(([name, value]) =>
        names.includes(name) && value !== undefined ? [[name, String(value)]] : [],
      ),
    ),
    ...(body === undefined ? {} : { body }),
    ...(accept === undefined ? {} : { accept }),
    ...(operation.idempotencyKey ? { idempotencyKey: key } : {}),
    idempotent:
      parts.idempotent ??
      (operation.idempotencyKey
        ? key !== undefined
        : operation.method !== 'POST' || operation.repeatable === true),
    ...(waitSeconds === undefined ? {} : { waitSeconds }),
    signal,
  };
};

const answerOf = ({ responses }: Operation) => responses[200] ?? responses[201] ?? responses[204];

/** Carries out an operation: resolves with the body of its response, with bytes of a file, or with nothing. */
export const perform = async <O extends Operation>(
  operation: O,
  parts: Parts,
  needs: Needs,
): Promise<ResultOf<O>> => (await performed(operation, parts, needs)) as ResultOf<O>;

const performed = async (operation: Operation, parts: Parts, needs: Needs): Promise<unknown> => {
  const { transport } = needs;
  const request = requestOf(operation, parts, needs);
  const { body, files } = answerOf(operation) ?? {};
  if (body === undefined && files !== undefined) {
    const { body: bytes } = await transport.bytes(request);
    return files.every((type) => type.startsWith('text/')) ? new TextDecoder().decode(bytes) : bytes;
  }
  if (body === undefined || body === nothingSchema) {
    await transport.bytes(request);
    return undefined;
  }
  // A body without required fields matches anything, so the schema that distinguishes the two comes first.
  return transport.json(request, parts.options?.wake ? acceptedCommandSchema.or(body) : body);
};

/** The arguments that a method takes before its body and its options, by position. */
export const positionalOf = ({ positional, path }: Operation): readonly string[] =>
  positional ?? [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');

/** The method of one operation: `(…positional, body, options)`, the body only if the operation takes one. */
const methodOf =
  (operation: Operation, needs: Needs) =>
  async (...args: unknown[]): Promise<unknown> => {
    const names = positionalOf(operation);
    const texts = Object.fromEntries(names.map((name, i) => [name, String(args[i] ?? '')]));
    const rest = args.slice(names.length);
    const body = operation.body && (rest.shift() ?? {});
    const [options] = rest;
    return performed(
      operation,
      { params: texts, query: { ...Object(options), ...texts }, body, options: Object(options) },
      needs,
    );
  };

/** One method for each operation that names one, in groups: `sessions.get` is `client.sessions.get`. */
export const methodsOf = (operations: readonly Operation[], needs: Needs): Record<string, unknown> => {
  const methods: Record<string, unknown> = {};
  for (const operation of operations) {
    const names = operation.client?.split('.') ?? [];
    const last = names.pop();
    if (last === undefined) continue;
    let group = methods;
    for (const name of names) {
      const inner = Object(group[name] ?? {});
      group[name] = inner;
      group = inner;
    }
    group[last] = methodOf(operation, needs);
  }
  return methods;
};
