/** Answers requests as API Gateway's HTTP API does for Lambda proxy integrations with payload format 2.0. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { Clock } from '../../contract/clock.ts';
import type { ApiModel, AuthorizerModel, PermissionModel, RouteModel } from '../assembly/model.ts';
import { ACCOUNT_ID, REGION } from '../iam/arn.ts';
import { type InvokeResult, ThrottledError } from '../runtime/pool.ts';
import { Authorizers, type Verdict } from './authorizer.ts';
import { corsHeaders, isPreflight, preflightHeaders } from './cors.ts';
import { eventOf, type Received, routeKeyOf, splitTarget } from './event.ts';
import {
  GatewayRefusal,
  headersTooLarge,
  MAX_HEADER_BYTES,
  problemAnswer,
  refuse,
  throttledAnswer,
} from './gateway-answers.ts';
import { mayInvoke } from './permission.ts';
import { answerOf, type HttpAnswer, MalformedAnswer } from './response.ts';
import { BadPath, createRouter, type Match } from './routing.ts';
import { StageThrottle } from './throttle.ts';
import { within } from './within.ts';

/** API Gateway's limit for HTTP APIs. */
const MAX_BODY_BYTES = 10 * 1024 * 1024;
/** Lambda's, of a whole event as JSON. */
const MAX_EVENT_BYTES = 6_291_556;
/** An authorizer gets 10 s (API Gateway's own limit). */
const AUTHORIZER_DEADLINE_MS = 10_000;

/** One request, for the access log. Neither path nor query: they name sessions, and a query may hold a key. */
export type AccessEntry = {
  readonly time: string;
  readonly requestId: string;
  readonly method: string;
  readonly routeKey: string | undefined;
  readonly status: number;
  readonly ms: number;
  readonly bytes: number;
  /** Why the gateway itself answered with an error. */
  readonly error: string | undefined;
};

export type ApiOptions = {
  readonly api: ApiModel;
  readonly permissions: readonly PermissionModel[];
  readonly invoke: (functionName: string, event: unknown, signal?: AbortSignal) => Promise<InvokeResult>;
  readonly clock: Clock;
  readonly onAccess: (entry: AccessEntry) => void;
  /** Called with the method of each request; what it returns is called once the request is answered. */
  readonly onRequest?: (method: string) => () => void;
};

export class HttpApi {
  readonly #options: ApiOptions;
  readonly #route: ReturnType<typeof createRouter>;
  readonly #authorizers: Authorizers;
  readonly #throttle: StageThrottle;

  constructor(options: ApiOptions) {
    this.#options = options;
    this.#route = createRouter(options.api.routes);
    this.#authorizers = new Authorizers(options.invoke, options.clock);
    this.#throttle = new StageThrottle(options.api.throttles, options.clock);
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { api, clock, onAccess } = this.#options;
    const at = clock();
    const requestId = randomUUID();
    const method = request.method ?? 'GET';
    const answered = this.#options.onRequest?.(method);
    const target = splitTarget(request.url ?? '/');
    let match: Match | undefined;
    let error: string | undefined;
    let answer: HttpAnswer;
    const gone = new AbortController();
    response.once('close', () => gone.abort('gone'));
    try {
      if (headerBytes(request) > MAX_HEADER_BYTES) {
        error = 'headers too large';
        answer = headersTooLarge(target.rawPath, requestId);
      } else if (api.cors !== undefined && isPreflight(request)) {
        answer = { status: 204, headers: preflightHeaders(api.cors, request), body: Buffer.alloc(0) };
      } else {
        match = this.#match(method, target.rawPath);
        if (!this.#throttle.take(routeKeyOf(match))) {
          error = 'throttled';
          answer = throttledAnswer();
        } else
          answer = await this.#answer(
            { request, requestId, at, apiId: api.id, match, ...target },
            gone.signal,
          );
      }
    } catch (thrown) {
      const refusal =
        thrown instanceof GatewayRefusal
          ? thrown
          : refuse('internal', 'Something went wrong.', thrown instanceof Error ? thrown.message : 'unknown');
      error = refusal.message;
      answer = problemAnswer(refusal.problem, target.rawPath, requestId);
    }
    this.#send(request, response, answer, requestId);
    answered?.();
    onAccess({
      time: new Date(at).toISOString(),
      requestId,
      method,
      routeKey: match && routeKeyOf(match),
      status: answer.status,
      ms: clock() - at,
      bytes: answer.body.length,
      error,
    });
  }

  #match(method: string, rawPath: string): Match {
    try {
      const match = this.#route(method, rawPath);
      if (match === undefined) {
        throw refuse('not_found', `There is no ${method} ${rawPath}.`);
      }
      return match;
    } catch (error) {
      throw error instanceof BadPath ? refuse('malformed', 'The path is not validly encoded.') : error;
    }
  }

  async #answer(received: Received, gone: AbortSignal): Promise<HttpAnswer> {
    const { route } = received.match;
    const event = eventOf(received, await readBody(received.request));
    let authorizer: { lambda: Readonly<Record<string, unknown>> } | undefined;
    if (route.authorizer !== undefined) {
      this.#requirePermission(route.authorizer.functionName, `authorizers/${route.authorizer.id}`);
      const verdict = await this.#authorize(route.authorizer, event, gone);
      authorizer = { lambda: contextOf(verdict) };
    }
    this.#requirePermission(route.functionName, `$default/${sourceOf(route)}`);
    const full =
      authorizer === undefined
        ? event
        : { ...event, requestContext: { ...event.requestContext, authorizer } };
    return this.#integrate(route.functionName, { deadlineMs: route.timeoutMs, gone }, full);
  }

  async #authorize(
    authorizer: AuthorizerModel,
    event: APIGatewayProxyEventV2,
    gone: AbortSignal,
  ): Promise<Verdict> {
    const late = () => refuse('unavailable', 'The authorizer was too slow.');
    try {
      return await within({ deadlineMs: AUTHORIZER_DEADLINE_MS, gone, late }, (signal) =>
        this.#authorizers.authorize(authorizer, event, signal),
      );
    } catch (error) {
      throw asThrottle(error);
    }
  }

  #requirePermission(functionName: string, source: string): void {
    const { api, permissions } = this.#options;
    const arn = `arn:aws:execute-api:${REGION}:${ACCOUNT_ID}:${api.id}/${source}`;
    if (!mayInvoke(permissions, functionName, 'apigateway.amazonaws.com', arn)) {
      throw refuse(
        'internal',
        'Something went wrong.',
        `no AWS::Lambda::Permission lets ${arn} invoke ${functionName}`,
      );
    }
  }

  async #integrate(
    functionName: string,
    bounds: { readonly deadlineMs: number; readonly gone: AbortSignal },
    event: APIGatewayProxyEventV2,
  ): Promise<HttpAnswer> {
    const mayBeTooLarge = (event.body?.length ?? 0) > MAX_EVENT_BYTES / 8;
    if (mayBeTooLarge && Buffer.byteLength(JSON.stringify(event)) > MAX_EVENT_BYTES)
      throw refuse('too_large', 'The request is larger than a function can take.');
    const late = () => refuse('unavailable', 'The function was too slow.', `${functionName} was too slow`);
    try {
      const result = await within({ ...bounds, late }, (signal) =>
        this.#options.invoke(functionName, event, signal),
      );
      if (!result.ok) {
        throw refuse('internal', 'Something went wrong.', `${functionName}: ${result.error.errorMessage}`);
      }
      return answerOf(result.payload);
    } catch (error) {
      if (error instanceof MalformedAnswer) {
        throw refuse('internal', 'Something went wrong.', `${functionName} answered: ${error.message}`);
      }
      throw asThrottle(error);
    }
  }

  #send(request: IncomingMessage, response: ServerResponse, answer: HttpAnswer, requestId: string): void {
    // An unread body would otherwise keep the connection busy.
    if (!request.complete) {
      response.shouldKeepAlive = false;
      request.resume();
    }
    const headers = {
      ...answer.headers,
      ...corsHeaders(this.#options.api.cors, request),
      'apigw-requestid': requestId,
      ...(answer.status === 204 || answer.status === 304
        ? {}
        : { 'content-length': String(answer.body.length) }),
    };
    try {
      response.writeHead(answer.status, headers);
      response.end(request.method === 'HEAD' ? undefined : answer.body);
    } catch {
      // A header that the function made up and that HTTP does not allow.
      response.writeHead(500).end();
    }
  }
}

/** The route in the ARN of a call: method and path, or the key of the route that takes all others. */
const sourceOf = ({ method, path }: RouteModel): string =>
  path === '$default' ? path : `${method === 'ANY' ? '*' : method}${path}`;

const asThrottle = (error: unknown): unknown =>
  error instanceof ThrottledError
    ? refuse('unavailable', 'Too many requests at once.', error.message)
    : error;

const contextOf = (verdict: Verdict): Readonly<Record<string, unknown>> => {
  switch (verdict.kind) {
    case 'allow':
      return verdict.context;
    case 'unauthorized':
      throw refuse('unauthorized', 'The header X-Api-Key is missing.');
    case 'forbidden':
      throw refuse('forbidden', 'This key may not do that.');
    case 'failed':
      throw refuse('internal', 'Something went wrong.', `authorizer: ${verdict.detail}`);
  }
};

const readBody = async (request: IncomingMessage): Promise<Buffer> => {
  const tooLarge = refuse('too_large', 'A body may have 10 MB at most.');
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) {
    throw tooLarge;
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) {
      throw tooLarge;
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

const headerBytes = (request: IncomingMessage): number =>
  request.rawHeaders.reduce(
    (sum, text) => sum + Buffer.byteLength(text),
    Buffer.byteLength(request.url ?? ''),
  );
