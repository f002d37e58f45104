import middy from '@middy/core';
import type {
  APIGatewayProxyEventV2WithLambdaAuthorizer,
  APIGatewayProxyStructuredResultV2,
} from 'aws-lambda';
import * as z from 'zod';
import { type $ZodIssue, toDotPath } from 'zod/v4/core';
import { sessionNameSchema, userIdSchema } from '../../core/api/sessions.ts';
import { type FieldError, Problem, problemBody } from '../../core/errors.ts';
import { TaskEngineUnavailable } from '../../core/ports.ts';
import { isPassing, StoreUnavailable } from '../../core/store.ts';
import { log, logFields } from '../adapters/base.ts';
import { type AuthContext, authContextSchema } from './auth-context.ts';
import { writeStats } from './stats.ts';

type Event = APIGatewayProxyEventV2WithLambdaAuthorizer<Record<string, unknown>>;

export type Caller = {
  readonly userId: string;
  readonly role: 'admin' | 'user';
  readonly sessions: readonly string[] | undefined;
};

export type Request<B, Q> = {
  readonly requestId: string;
  readonly path: string;
  readonly routeKey: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly query: Q;
  readonly body: B;
  /** Who calls. Throws 401 on routes that need no key. */
  readonly caller: () => Caller;
  /** Whose sessions the call is about: the caller's own, or, for an admin, those of `?userId=`. */
  readonly owner: () => string;
  /** Owner and name of the session that the call is about; one that the key may not touch reads as absent. */
  readonly session: (name: string | undefined) => { readonly userId: string; readonly name: string };
};

export type Answer = {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is, with its own content type. */
  readonly raw?: { readonly contentType: string; readonly bytes: Buffer };
};

type Spec<B, Q> = {
  readonly auth: 'none' | 'key' | 'admin' | 'worker';
  readonly body?: z.ZodType<B>;
  readonly query?: z.ZodType<Q>;
};

const noQuery = z.strictObject({ userId: userIdSchema.optional() });

/**
 * An HTTP handler: parses what comes in by the schemas, checks who calls, and turns errors into problems. A Problem
 * is answered as it says; a fault of database or task engine is a 503 that may be repeated; anything else is a 500
 * that says nothing but the request's id, with the error in the log.
 */
export const http = <B = undefined, Q = { userId?: string | undefined }>(
  spec: Spec<B, Q>,
  run: (request: Request<B, Q>) => Promise<Answer>,
) =>
  middy<Event, APIGatewayProxyStructuredResultV2>()
    .onError(async (request) => {
      request.response = answerOf(problemAnswer(request.error, request.event), request.event);
    })
    .handler(async (event: Event) => {
      logFields.begin({ requestId: event.requestContext.requestId, route: event.routeKey });
      try {
        return answerOf(await run(requestOf(spec, event)), event);
      } finally {
        await writeStats();
      }
    });

const requestOf = <B, Q>(spec: Spec<B, Q>, event: Event): Request<B, Q> => {
  const context = authContext(event);
  const caller = (): Caller => {
    if (context.role === 'none')
      throw new Problem('unauthorized', 'Send a valid API key in the header X-Api-Key.');
    if (context.role === 'unknown') throw new StoreUnavailable('the API key could not be looked up');
    return context;
  };
  if (spec.auth === 'key' || spec.auth === 'admin') caller();
  if (spec.auth === 'admin' && caller().role !== 'admin')
    throw new Problem('forbidden', 'Only an admin key may do this.');

  const rawQuery = event.queryStringParameters ?? {};
  const query = parse<Q>(spec.query ?? (noQuery as unknown as z.ZodType<Q>), rawQuery, 'query');
  const body = spec.body ? parse<B>(spec.body, jsonBody(event), 'body') : (undefined as B);
  const owner = (): string => {
    const { userId } = rawQuery;
    const { userId: own, role } = caller();
    if (userId === undefined || userId === own) return own;
    if (role !== 'admin') throw new Problem('forbidden', 'Only an admin key may name another user.');
    return parse(userIdSchema, userId, 'userId');
  };
  return {
    requestId: event.requestContext.requestId,
    path: event.rawPath,
    routeKey: event.routeKey,
    headers: event.headers,
    params: event.pathParameters ?? {},
    query,
    body,
    caller,
    owner,
    session: (name) => {
      const { sessions } = caller();
      const parsed = sessionNameSchema.safeParse(name);
      if (!parsed.success || (sessions && !sessions.includes(parsed.data))) {
        throw new Problem('not_found', `There is no session "${parsed.data ?? 'of this name'}".`);
      }
      const found = { userId: owner(), name: parsed.data };
      logFields.add({ userId: found.userId, session: found.name });
      return found;
    },
  };
};

const authContext = (event: Event): AuthContext => {
  const authorizer: { lambda?: unknown } | undefined = event.requestContext.authorizer;
  const parsed = authContextSchema.safeParse(authorizer?.lambda ?? { role: 'none' });
  return parsed.success ? parsed.data : { role: 'none' };
};

const jsonBody = (event: Event): unknown => {
  const text = event.isBase64Encoded
    ? Buffer.from(event.body ?? '', 'base64').toString('utf8')
    : (event.body ?? '');
  if (text.trim() === '') return {};
  const type = event.headers['content-type'] ?? '';
  if (!/^application\/([\w.-]+\+)?json\s*(;|$)/i.test(type)) {
    throw new Problem('unsupported_media_type', 'Send the body as application/json.');
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    const message = error instanceof SyntaxError ? error.message.replace(/,? *"[\s\S]*$/, '') : 'not JSON';
    throw new Problem('malformed', 'The body is not JSON.', { errors: [{ path: 'body', message }] });
  }
};

const parse = <T>(schema: z.ZodType<T>, value: unknown, what: string): T => {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map(
    (issue): FieldError => ({ path: fieldPath(issue, what), message: issue.message }),
  );
  const [first] = errors;
  throw new Problem('malformed', first ? `${first.path}: ${first.message}` : `The ${what} is malformed.`, {
    errors,
  });
};

const fieldPath = (issue: $ZodIssue, what: string): string => {
  const keys = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const path = toDotPath([...issue.path, ...keys]);
  return path === '' ? what : path;
};

const problemAnswer = (error: unknown, event: Event): Answer => {
  const problem = asProblem(error, event);
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

const asProblem = (error: unknown, event: Event): Problem => {
  if (error instanceof Problem) return error;
  const { requestId } = event.requestContext;
  const fields = { error: error instanceof Error ? `${error.name}: ${error.message}` : 'unknown' };
  if (isPassing(error)) {
    log.warn('the database did not answer', fields);
    return new Problem('unavailable', 'The database is not answering; try again.', { retryAfterSeconds: 2 });
  }
  if (error instanceof TaskEngineUnavailable) {
    log.warn('the task engine did not answer', fields);
    return new Problem('unavailable', 'The task engine is not answering; try again.', {
      retryAfterSeconds: 2,
    });
  }
  log.error('unexpected error', { ...fields, stack: error instanceof Error ? error.stack : undefined });
  return new Problem('internal', `Something went wrong; the log has it under request ${requestId}.`);
};

const answerOf = (answer: Answer, event: Event): APIGatewayProxyStructuredResultV2 => ({
  statusCode: answer.status,
  headers: {
    'content-type': answer.raw?.contentType ?? 'application/json',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-request-id': event.requestContext.requestId,
    ...answer.headers,
  },
  ...(answer.raw
    ? { body: answer.raw.bytes.toString('base64'), isBase64Encoded: true }
    : { body: answer.body === undefined ? '' : JSON.stringify(answer.body) }),
});
