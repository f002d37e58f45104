import middy from '@middy/core';
import type {
  APIGatewayProxyEventV2WithLambdaAuthorizer,
  APIGatewayProxyStructuredResultV2,
  Context,
} from 'aws-lambda';
import * as z from 'zod';
import type { $ZodIssue } from 'zod/v4/core';
import { sessionNameSchema, userIdSchema } from '../../contract/bodies/sessions.ts';
import { type FieldError, Problem, problemBody } from '../../contract/errors.ts';
import { DEFAULT_MAX_BODY_BYTES, idempotencyKeySchema, type Operation } from '../../contract/operation.ts';
import { mayUse, type Scope } from '../../contract/scopes.ts';
import { DASHBOARD_HEADER } from '../../core/access/sign-in-cookie.ts';
import { TaskEngineUnavailable } from '../../core/ports.ts';
import { isTransient, StoreCursorRefused, StoreUnavailable } from '../../core/store.ts';
import { log, logFields } from '../adapters/base.ts';
import { auditing } from './audit.ts';
import { type AuthContext, authContextSchema } from './auth-context.ts';
import { jsonBody } from './body.ts';
import { commonHeaders } from './headers.ts';
import { writeStats } from './stats.ts';
import { fieldName, ignoredHeader, likeliest, tolerantParse } from './tolerant.ts';

type Event = APIGatewayProxyEventV2WithLambdaAuthorizer<Record<string, unknown>>;

/** A key's holder, as the authorizer says it. */
export type Caller = Extract<AuthContext, { readonly role: 'admin' | 'user' }>;

type Parsed<S, Without> = S extends z.ZodType ? z.output<S> : Without;

/** One request of an operation, validated by its schemas. */
export type Request<O extends Operation = Operation> = O extends Operation
  ? {
      /** The called one, if a handler serves several. */
      readonly operation: O;
      readonly requestId: string;
      readonly path: string;
      readonly headers: Readonly<Record<string, string | undefined>>;
      /** Each `name=value`. */
      readonly cookies: readonly string[];
      readonly ip: string;
      readonly params: Parsed<O['params'], Readonly<Record<string, never>>>;
      readonly query: Parsed<O['query'], Readonly<Record<string, never>>>;
      readonly body: Parsed<O['body'], undefined>;
      /** The header `Idempotency-Key`, of operations that honor it. */
      readonly idempotencyKey: string | undefined;
      /** The caller. Throws 401 on routes that need no key. */
      readonly caller: () => Caller;
      /** Whose sessions the call is about: the caller's own, or, for an admin, those of `?userId=`. */
      readonly owner: () => string;
      /** Owner and name of the session that the call is about; one that the key may not touch reads as absent. */
      readonly session: (name: string | undefined) => { readonly userId: string; readonly name: string };
    }
  : never;

type Headers = Readonly<Record<string, string>>;

type AnswersOf<O> = O extends Operation ? O['responses'] : never;
type StatusOf<A> = A extends unknown ? keyof A & number : never;
type At<A, Status extends number> = A extends { readonly [S in Status]: infer Spec } ? Spec : never;
type BodyOf<Spec> = Spec extends { readonly body: infer B extends z.ZodType } ? z.output<B> : never;
type FileOf<Spec> = Spec extends { readonly files: readonly (infer T extends string)[] } ? T : never;

/** The response that the operation (or one of them, if a handler serves several) declares for this status. */
export type Answer<O extends Operation = Operation> = {
  [S in StatusOf<AnswersOf<O>>]:
    | { readonly status: S; readonly body: BodyOf<At<AnswersOf<O>, S>>; readonly headers?: Headers }
    | {
        readonly status: S;
        /** Sent as it is, with its own content type. */
        readonly raw: { readonly contentType: FileOf<At<AnswersOf<O>, S>>; readonly bytes: Buffer };
        readonly headers?: Headers;
      }
    | (At<AnswersOf<O>, S> extends { readonly body: z.ZodType } | { readonly files: readonly string[] }
        ? never
        : { readonly status: S; readonly headers?: Headers; readonly cookies?: readonly string[] });
}[StatusOf<AnswersOf<O>>];

/** An answer on its way out, whichever operation's it is. */
type Outgoing = {
  readonly status: number;
  readonly body?: unknown;
  readonly raw?: { readonly contentType: string; readonly bytes: Buffer };
  readonly headers?: Headers;
  /** Values of Set-Cookie. */
  readonly cookies?: readonly string[];
};

/**
 * An HTTP handler of one operation or of several: checks who calls, parses what comes in by the operation's schemas,
 * and turns errors into problems. A Problem is answered as it says; a fault of database or task engine is a 503 that
 * may be repeated; anything else is a 500 that says nothing but the request's id, with the error in the log.
 */
export const defineHandler =
  <const Served extends readonly Operation[]>(...operations: Served) =>
  (run: (request: Request<Served[number]>) => Promise<Answer<Served[number]>>) => {
    const handler = middy<Event, APIGatewayProxyStructuredResultV2>()
      .onError(async (request) => {
        request.response = answerOf(problemAnswer(request.error, request.event), request.event);
      })
      .handler(async (event: Event) => {
        const ignored: string[] = [];
        try {
          const request = requestOf(operationOf(operations, event), event, ignored);
          const answer: Outgoing = request.operation.audited
            ? await auditing(request, () => run(request))
            : await run(request);
          return answerOf({ ...answer, headers: { ...ignoredHeader(ignored), ...answer.headers } }, event);
        } finally {
          await writeStats();
        }
      });
    const serve = (event: Event, context: Context) =>
      logFields.run({ requestId: event.requestContext.requestId, route: event.routeKey }, () =>
        handler(event, context),
      );
    return Object.assign(serve, { operations });
  };

type Serving = ((event: Event, context: Context) => Promise<APIGatewayProxyStructuredResultV2>) & {
  readonly operations: readonly Operation[];
};

/** One function of handlers that `defineHandler` made, one operation each. */
export const router = (...handlers: readonly Serving[]) => {
  const byRoute = new Map(
    handlers.flatMap((handler) => handler.operations.map((served) => [routeKeyOf(served), handler])),
  );
  return (event: Event, context: Context): Promise<APIGatewayProxyStructuredResultV2> => {
    const handler = byRoute.get(event.routeKey);
    if (handler === undefined) throw noneOfThese(event);
    return handler(event, context);
  };
};

/** @see core/access/sign-in-cookie.ts */
export const unmarked = (): Problem =>
  new Problem('forbidden', `A changing request with a cookie needs the header ${DASHBOARD_HEADER}: 1.`);

const routeKeyOf = ({ method, path }: Operation): string => `${method} ${path}`;

const noneOfThese = ({ routeKey }: Event) => new Error(`the route ${routeKey} is none of this function's`);

const operationOf = <S extends readonly Operation[]>(operations: S, event: Event): S[number] => {
  const found = operations.find((operation) => routeKeyOf(operation) === event.routeKey);
  if (found === undefined) throw noneOfThese(event);
  return found;
};

/** @param ignored gets the names of fields that were left out */
const requestOf = <O extends Operation>(operation: O, event: Event, ignored: string[]): Request<O> => {
  const read = <T>(schema: z.ZodType<T>, value: unknown, what: string): T =>
    checked(operation.waha ? tolerantParse(schema, value, ignored) : schema.safeParse(value), what);
  const context = authContext(event);
  const rawQuery = event.queryStringParameters ?? {};
  const caller = (): Caller => {
    if (context.role === 'none' && hasKey(rawQuery)) throw keyInUrl();
    return callerOf(context);
  };
  if (operation.auth === 'key' || operation.auth === 'admin') refuse(caller(), operation.scope);

  const owner = (): string => {
    const { userId } = rawQuery;
    const { userId: own, role } = caller();
    if (userId === undefined || userId === own) return own;
    if (role !== 'admin') throw new Problem('forbidden', 'Only an admin key can name another user.');
    return parse(userIdSchema, userId, 'userId');
  };
  const request: Omit<Request, 'params' | 'query' | 'body'> & Record<'params' | 'query' | 'body', unknown> = {
    operation,
    requestId: event.requestContext.requestId,
    path: event.rawPath,
    headers: event.headers,
    cookies: event.cookies ?? [],
    ip: event.requestContext.http.sourceIp,
    params: paramsOf(operation, event),
    query: read(operation.query ?? noQuerySchema, rawQuery, 'query'),
    body:
      operation.body &&
      read(operation.body, jsonBody(event, operation.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES), 'body'),
    idempotencyKey: operation.idempotencyKey
      ? parse(idempotencyKeySchema.optional(), event.headers['idempotency-key'], 'Idempotency-Key')
      : undefined,
    caller,
    owner,
    session: (name) => {
      const { sessions } = caller();
      const parsed = sessionNameSchema.safeParse(name);
      if (!parsed.success || (sessions && !sessions.includes(parsed.data))) {
        throw new Problem('not_found', `There is no session "${parsed.data ?? 'with this name'}".`);
      }
      const found = { userId: owner(), name: parsed.data };
      logFields.add({ userId: found.userId, session: found.name });
      return found;
    },
  };
  // Parsed by the operation's own schemas just above: what Request<O> says of them.
  return request as Request<O>;
};

const hasKey = (query: object): boolean => Object.keys(query).some((name) => /^x-api-key$/i.test(name));

/** Clients of WAHA may send it so; browsers, proxies and their logs keep URLs. */
const keyInUrl = (): Problem =>
  new Problem(
    'unauthorized',
    'Send the API key in the header X-Api-Key: only /ws reads a key in the URL, and links to received files need none.',
  );

/** The caller that an authorizer found. Throws 401, 403 for a cookie without its header, or StoreUnavailable. */
export const callerOf = (context: AuthContext): Caller => {
  if (context.role === 'none')
    throw new Problem('unauthorized', 'Send a valid API key in the header X-Api-Key.');
  if (context.role === 'unmarked') throw unmarked();
  if (context.role === 'unknown') throw new StoreUnavailable('the API key could not be looked up');
  // Names of sessions are unique only within one user.
  return { ...context, role: context.sessions ? 'user' : context.role };
};

/** Throws 429 for a request that is beyond the caller's rate. */
export const refuseRate = ({ rateLimit: limit, retryAfterSeconds = 1 }: Caller): void => {
  if (limit !== undefined)
    throw new Problem(
      'too_many',
      `More than ${limit} requests a minute; try again in ${retryAfterSeconds} s.`,
      {
        scope: 'rate',
        limit,
        retryAfterSeconds,
      },
    );
};

/** The one place where a request is rejected because of its caller. Checks of its content come after. */
const refuse = (caller: Caller, scope: Scope | null): void => {
  refuseRate(caller);
  if (scope && !mayUse(caller, scope))
    throw new Problem(
      'forbidden',
      scope === 'admin' ? 'This needs an admin key.' : `This key lacks the scope ${scope}.`,
    );
};

const paramsOf = (operation: Operation, event: Event): unknown => {
  const parsed = (operation.params ?? noQuerySchema).safeParse(event.pathParameters ?? {});
  if (!parsed.success) throw new Problem('not_found', 'No such resource.');
  return parsed.data;
};

const noQuerySchema = z.strictObject({});

const authContext = (event: Event): AuthContext => {
  const authorizer: { lambda?: unknown } | undefined = event.requestContext.authorizer;
  const parsed = authContextSchema.safeParse(authorizer?.lambda ?? { role: 'none' });
  return parsed.success ? parsed.data : { role: 'none' };
};

const parse = <T>(schema: z.ZodType<T>, value: unknown, what: string): T =>
  checked(schema.safeParse(value), what);

/** The parsed request; throws 400 with the path of each fault. */
export const checked = <T>(parsed: z.ZodSafeParseResult<T>, what: string): T => {
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues
    .flatMap(likeliest)
    .map((issue): FieldError => ({ path: fieldPath(issue, what), message: issue.message }));
  const [first] = errors;
  throw new Problem('malformed', first ? `${first.path}: ${first.message}` : `The ${what} is malformed.`, {
    errors,
  });
};

const fieldPath = (issue: $ZodIssue, what: string): string => {
  const keys = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const path = fieldName([...issue.path, ...keys]);
  return path === '' ? what : path;
};

const problemAnswer = (error: unknown, event: Event): Outgoing => {
  const problem = problemOf(error, event.requestContext.requestId);
  const { retryAfterSeconds } = problem.extras;
  return {
    status: problem.status,
    body: problemBody(problem, event.rawPath, event.requestContext.requestId),
    headers: {
      'content-type': 'application/problem+json',
      ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
    },
  };
};

/** The problem that an error is answered with; what it does not say is logged. */
export const problemOf = (error: unknown, requestId: string): Problem => {
  if (error instanceof Problem) return error;
  const fields = { error: error instanceof Error ? `${error.name}: ${error.message}` : 'unknown' };
  if (isTransient(error)) {
    log.warn('the database did not answer', fields);
    return new Problem('unavailable', 'The database does not respond; try again.', { retryAfterSeconds: 2 });
  }
  if (error instanceof StoreCursorRefused) {
    const message = 'is not a cursor of this list';
    return new Problem('malformed', `cursor: ${message}`, { errors: [{ path: 'cursor', message }] });
  }
  if (error instanceof TaskEngineUnavailable) {
    log.warn('the task engine did not answer', fields);
    return new Problem('unavailable', 'The task engine does not respond; try again.', {
      retryAfterSeconds: 2,
    });
  }
  log.error('unexpected error', { ...fields, stack: error instanceof Error ? error.stack : undefined });
  return new Problem('internal', `Internal error. The log has the details under request ${requestId}.`);
};

const answerOf = (answer: Outgoing, event: Event): APIGatewayProxyStructuredResultV2 => ({
  statusCode: answer.status,
  headers: {
    ...commonHeaders(event),
    'content-type': answer.raw?.contentType ?? 'application/json',
    ...answer.headers,
  },
  ...(answer.raw
    ? { body: answer.raw.bytes.toString('base64'), isBase64Encoded: true }
    : { body: answer.body === undefined ? '' : JSON.stringify(answer.body) }),
  ...(answer.cookies ? { cookies: [...answer.cookies] } : {}),
});
