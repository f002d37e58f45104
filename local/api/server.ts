import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { Clock } from '../../contract/clock.ts';
import { Problem, problemBody } from '../../contract/errors.ts';
import { SECURITY_HEADERS } from '../../contract/security-headers.ts';
import type { ApiModel, AuthorizerModel, PermissionModel, RouteModel } from '../assembly/model.ts';
import { ACCOUNT_ID, REGION } from '../iam/arn.ts';
import { type InvokeResult, ThrottledError } from '../runtime/pool.ts';
import type { SocketApi } from '../websocket/api.ts';
import { Authorizers, type Verdict } from './authorizer.ts';
import { corsHeaders, isPreflight, preflightHeaders } from './cors.ts';
import { eventOf, type Received, routeKeyOf } from './event.ts';
import { mayInvoke } from './permission.ts';
import { answerOf, type HttpAnswer, MalformedAnswer } from './response.ts';
import { BadPath, createRouter, type Match } from './routing.ts';
import { StageThrottle } from './throttle.ts';
import { within } from './within.ts';

/** API Gateway's limits for HTTP APIs. */
const MAX_BODY_BYTES = 10 * 1024 * 1024;
const MAX_HEADER_BYTES = 10_240;
/** Lambda's, of a whole event as JSON. */
const MAX_EVENT_BYTES = 6_291_556;
/** An authorizer gets 10 s (API Gateway's own limit). */
const AUTHORIZER_DEADLINE_MS = 10_000;
/** A connection on which nothing moves for so long is closed, such as one whose caller does not read its answer. */
const SILENT_CONNECTION_MS = 65_000;
/** More than Node would let through by itself, so that the limit above is the one that answers. */
const NODE_HEADER_BYTES = 64 * 1024;

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

type ApiOptions = {
  readonly api: ApiModel;
  readonly permissions: readonly PermissionModel[];
  readonly invoke: (functionName: string, event: unknown, signal?: AbortSignal) => Promise<InvokeResult>;
  readonly clock: Clock;
  readonly onAccess: (entry: AccessEntry) => void;
  /** Called with the method of each request; what it returns is called once the request is answered. */
  readonly onRequest?: (method: string) => () => void;
};

export type ApiListener = {
  readonly url: string;
  readonly port: number;
  /** From now on requests are answered; until then they get a 503. */
  serve(options: ApiOptions): void;
  /**
   * From now on requests to open a WebSocket go there. An ordinary request to a path that it `serves` is rejected.
   */
  serveSockets(api: Pick<SocketApi, 'serves' | 'upgrade'>): void;
  /** Takes no new connections and lets requests end, for at most `graceMs`. */
  close(graceMs: number): Promise<void>;
};

/** Answers that the gateway makes itself, with the reason for the access log. */
class GatewayRefusal extends Error {
  override readonly name = 'GatewayRefusal';
  readonly problem: Problem;
  constructor(problem: Problem, reason: string = problem.message) {
    super(reason);
    this.problem = problem;
  }
}

const refuse = (code: Problem['code'], detail: string, reason?: string): GatewayRefusal =>
  new GatewayRefusal(new Problem(code, detail), reason);

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

const splitTarget = (target: string): { rawPath: string; rawQuery: string } => {
  const at = target.indexOf('?');
  return at < 0
    ? { rawPath: target, rawQuery: '' }
    : { rawPath: target.slice(0, at), rawQuery: target.slice(at + 1) };
};

const headerBytes = (request: IncomingMessage): number =>
  request.rawHeaders.reduce(
    (sum, text) => sum + Buffer.byteLength(text),
    Buffer.byteLength(request.url ?? ''),
  );

const ownAnswer = (status: number, body: object, requestId: string): HttpAnswer => ({
  status,
  headers: { ...SECURITY_HEADERS, 'content-type': 'application/problem+json', 'x-request-id': requestId },
  body: Buffer.from(JSON.stringify(body)),
});

/** As API Gateway answers above a throttle: no problem document, and no Retry-After. */
const throttledAnswer = (): HttpAnswer => ({
  status: 429,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from('{"message":"Too Many Requests"}'),
});

const problemAnswer = (problem: Problem, path: string, requestId: string): HttpAnswer =>
  ownAnswer(problem.status, problemBody(problem, path, requestId), requestId);

const headersTooLarge = (path: string, requestId: string): HttpAnswer =>
  ownAnswer(
    431,
    {
      type: 'https://berth.dev/problems/headers_too_large',
      title: 'Headers too large',
      status: 431,
      detail: `The request line and headers may have ${MAX_HEADER_BYTES} bytes at most.`,
      instance: path,
      requestId,
    },
    requestId,
  );

/** Answers requests as API Gateway's HTTP API does for Lambda proxy integrations with payload format 2.0. */
class HttpApi {
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
    response.once('close', () => gone.abort());
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

/**
 * Listens on loopback before there is anything to serve: the template's values name the address, and a port in use is
 * found before anything else is started. Rejects with EADDRINUSE if it is.
 * @param port 0: any free port
 */
export const openApi = async (port: number): Promise<ApiListener> => {
  let api: HttpApi | undefined;
  let sockets: Pick<SocketApi, 'serves' | 'upgrade'> | undefined;
  const isForSockets = (request: IncomingMessage): boolean =>
    sockets?.serves(splitTarget(request.url ?? '/').rawPath) ?? false;
  const server = createServer(
    {
      maxHeaderSize: NODE_HEADER_BYTES,
      keepAliveTimeout: 60_000,
      requestTimeout: 30_000,
      // Other upgrades that clients offer, such as `h2c`, are ignored: the request is an ordinary one.
      shouldUpgradeCallback: (request) =>
        request.headers.upgrade?.toLowerCase() === 'websocket' && isForSockets(request),
    },
    (request, response) => {
      if (isForSockets(request)) {
        // As API Gateway answers an ordinary request to a WebSocket API.
        response.writeHead(403, { 'content-type': 'application/json' }).end('{"message":"Forbidden"}');
        return;
      }
      if (api === undefined) {
        const body = JSON.stringify(
          problemBody(
            new Problem('unavailable', 'Berth is starting.'),
            splitTarget(request.url ?? '/').rawPath,
            randomUUID(),
          ),
        );
        response.writeHead(503, { 'content-type': 'application/problem+json', 'retry-after': '2' }).end(body);
        return;
      }
      void api.serve(request, response);
    },
  );
  server.timeout = SILENT_CONNECTION_MS;
  server.on('upgrade', (request, stream, head) => void sockets?.upgrade(request, stream, head));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new Error('the API listens on no port');
  }
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    serve: (options) => {
      api = new HttpApi(options);
    },
    serveSockets: (served) => {
      sockets = served;
    },
    close: async (graceMs) => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const cut = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearTimeout(cut);
    },
  };
};
