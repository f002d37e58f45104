/** A WebSocket API of the template on one machine: connects, messages and ends reach its functions as on AWS. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { LIVE_LIMITS } from '../../contract/bodies/live.ts';
import { type Clock, systemClock } from '../../contract/clock.ts';
import { pollUntil, sleep } from '../../contract/poll.ts';
import { StageThrottle } from '../api/throttle.ts';
import type { PermissionModel, SocketApiModel } from '../assembly/model.ts';
import type { InvokeResult } from '../runtime/pool.ts';
import { type ConnectionLimits, Connections } from './connections.ts';
import { type ConnectionFacts, requestOf, routeEvent } from './event.ts';
import { Refused, refuse } from './refusal.ts';
import { type Authorizer, RouteFunctions } from './route-functions.ts';

/**
 * The bytes that may wait for a client that does not read, before its next message is rejected (API Gateway names no
 * number).
 */
const BUFFER_BYTES = 1024 * 1024;
const LIMITS: ConnectionLimits = { ...LIVE_LIMITS, bufferBytes: BUFFER_BYTES };

/** For clients to answer the close, and for functions to handle it. */
const CLOSE_MS = 2_000;

export type SocketApiOptions = {
  readonly api: SocketApiModel;
  readonly permissions: readonly PermissionModel[];
  readonly invoke: (functionName: string, event: unknown) => Promise<InvokeResult>;
  readonly clock: Clock;
  /** One connect, for the access log. */
  readonly onAccess: (entry: {
    readonly time: string;
    readonly requestId: string;
    readonly method: string;
    readonly routeKey: string;
    readonly status: number;
    readonly ms: number;
    readonly bytes: number;
    readonly error: string | undefined;
  }) => void;
  readonly limits?: Partial<ConnectionLimits>;
};

export class SocketApi {
  readonly connections: Connections;
  readonly #options: SocketApiOptions;
  readonly #throttle: StageThrottle;
  readonly #functions: RouteFunctions;
  readonly #server: WebSocketServer;
  /** Functions that still work on the end of a connection. */
  readonly #ending = new Set<Promise<unknown>>();

  constructor(options: SocketApiOptions) {
    const limits = { ...LIMITS, ...options.limits };
    this.#options = options;
    this.#functions = new RouteFunctions(options);
    this.#throttle = new StageThrottle(options.api.throttles, options.clock);
    this.connections = new Connections(limits, options.clock);
    this.#server = new WebSocketServer({
      noServer: true,
      maxPayload: limits.messageBytes,
      // API Gateway supports no extensions.
      perMessageDeflate: false,
    });
  }

  /** Whether a request is for this API: its path is the stage. */
  serves(path: string): boolean {
    return path === `/${this.#options.api.stage}` || path === `/${this.#options.api.stage}/`;
  }

  /** Answers one upgrade request: opens the connection, or refuses it with a status. */
  async upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): Promise<void> {
    const { api, clock, onAccess } = this.#options;
    const at = clock();
    const requestId = randomUUID();
    let status = 101;
    let error: string | undefined;
    stream.on('error', () => stream.destroy());
    try {
      const facts: ConnectionFacts = {
        apiId: api.id,
        stage: api.stage,
        connectionId: Connections.newId(),
        connectedAt: at,
        domainName: request.headers.host ?? 'localhost',
        sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
        userAgent: request.headers['user-agent'] ?? '',
      };
      const authorizer = await this.#allow(facts, request, requestId);
      if (stream.destroyed) this.#ended(facts, authorizer, { code: 1006, reason: '' });
      else
        this.#server.handleUpgrade(request, stream, head, (socket) =>
          this.connections.add(facts.connectionId, socket, stream, {
            message: (text) => void this.#received(facts, authorizer, text),
            end: (end) => this.#ended(facts, authorizer, end),
          }),
        );
    } catch (thrown) {
      const refused = thrown instanceof Refused ? thrown : new Refused(500, 'Internal server error');
      status = refused.status;
      error = thrown instanceof Error ? thrown.message : 'unknown';
      refuse(stream, refused, requestId);
    }
    onAccess({
      time: new Date(at).toISOString(),
      requestId,
      method: 'GET',
      routeKey: '$connect',
      status,
      ms: clock() - at,
      bytes: 0,
      error,
    });
  }

  /** Closes all connections and waits until their functions have handled it. */
  async close(): Promise<void> {
    this.connections.closeAll();
    await pollUntil(
      { clock: systemClock, sleep },
      async () => this.connections.size,
      (open) => open === 0,
      { end: systemClock() + CLOSE_MS, pollMs: 20 },
    );
    await Promise.race([
      Promise.allSettled([...this.#ending]),
      new Promise((done) => setTimeout(done, CLOSE_MS).unref()),
    ]);
    this.#server.close();
  }

  async #allow(
    facts: ConnectionFacts,
    request: IncomingMessage,
    requestId: string,
  ): Promise<Authorizer | undefined> {
    const url = request.url ?? '/';
    if (url.length > LIVE_LIMITS.urlLength) throw new Refused(414, 'Request-URI Too Long');
    if (!this.#throttle.take('$connect')) throw new Refused(429, 'Too Many Requests');
    const route = this.#functions.route('$connect');
    const query = url.includes('?') ? url.slice(url.indexOf('?') + 1) : '';
    const received = requestOf(request, query);
    const authorizer = await this.#functions.authorize(facts, route, received, requestId);
    const { statusCode, body, headers } = await this.#functions.invoke(
      route,
      facts,
      routeEvent(facts, '$connect', { requestId, at: facts.connectedAt, authorizer, ...received }),
    );
    if (statusCode < 200 || statusCode > 299)
      throw new Refused(statusCode, `the function of $connect answered ${statusCode}`, body, headers);
    return authorizer;
  }

  async #received(facts: ConnectionFacts, authorizer: Authorizer | undefined, body: string): Promise<void> {
    const requestId = randomUUID();
    const respond = (text: string) => void this.connections.post(facts.connectionId, Buffer.from(text));
    const key = this.#functions.keyOf(body);
    if (!this.#throttle.take(key)) {
      const { connectionId } = facts;
      respond(JSON.stringify({ message: 'Too Many Requests', connectionId, requestId }));
      return;
    }
    try {
      const route = this.#functions.route(key);
      const answer = await this.#functions.invoke(
        route,
        facts,
        routeEvent(facts, key, {
          requestId,
          at: this.#options.clock(),
          authorizer,
          context: { messageId: requestId },
          body,
        }),
      );
      if (route.responds && answer.body !== '') respond(answer.body);
    } catch {
      const { connectionId } = facts;
      respond(JSON.stringify({ message: 'Internal server error', connectionId, requestId }));
    }
  }

  #ended(
    facts: ConnectionFacts,
    authorizer: Authorizer | undefined,
    { code, reason }: { readonly code: number; readonly reason: string },
  ): void {
    const notified = this.#notifyOfEnd(facts, authorizer, code, reason);
    this.#ending.add(notified);
    void notified.finally(() => this.#ending.delete(notified));
  }

  /** Best effort, as on AWS: a function that fails is not called again. */
  async #notifyOfEnd(
    facts: ConnectionFacts,
    authorizer: Authorizer | undefined,
    disconnectStatusCode: number,
    disconnectReason: string,
  ): Promise<void> {
    if (!this.#functions.has('$disconnect')) return;
    try {
      const event = routeEvent(facts, '$disconnect', {
        requestId: randomUUID(),
        at: this.#options.clock(),
        authorizer,
        context: { disconnectStatusCode, disconnectReason },
      });
      await this.#functions.invoke(this.#functions.route('$disconnect'), facts, event);
    } catch {
      // The records of connections expire, and a post finds them gone.
    }
  }
}
