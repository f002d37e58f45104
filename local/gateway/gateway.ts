import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { ZodError } from 'zod';
import type { Exchange } from './exchange.ts';
import { signedPart } from './exchange.ts';
import { Forwarder } from './forward.ts';
import type { GatewayOptions } from './options.ts';
import type { AwsRefusalKind, Protocol } from './refusals.ts';
import { AwsRefusal, renderAwsRefusal } from './refusals.ts';
import { serveS3 } from './s3/handler.ts';
import { isForm } from './service-call.ts';
import { serveService } from './services.ts';
import { readClaim } from './sigv4.ts';

export interface Gateway {
  /** For `AWS_ENDPOINT_URL`. */
  readonly url: string;
  readonly port: number;
  /** Cuts what is under way and frees the port. */
  close(): Promise<void>;
}

/**
 * Longer than clients keep an idle connection, so that the client is always the one to close it and no
 * request is sent into a connection that is just being closed.
 */
const KEEP_ALIVE_MS = 65_000;

/** For a request with its body to arrive. */
const REQUEST_TIMEOUT_MS = 60_000;

/**
 * Starts the one endpoint that every AWS SDK call of a function goes to, on loopback. A call is
 * authenticated (SigV4), authorized against its caller's role, and only then handed to the engine of its
 * service. Rejects with the listen error (`EADDRINUSE`) if the port is taken.
 */
export const startGateway = async (options: GatewayOptions): Promise<Gateway> => {
  const forwarder = new Forwarder();
  let url = '';
  const server = createServer((request, response) => {
    const known = { service: 'unknown', operation: 'unknown', principal: undefined };
    const ended = new AbortController();
    // With a reason: without one, Node makes an exception with a stack for each call.
    response.once('close', () => ended.abort('ended'));
    void serve({ request, response, options, forwarder, gatewayUrl: url, over: ended.signal, ...known });
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new Error('the gateway listens on no port');
  }
  const { port } = address;
  url = `http://127.0.0.1:${port}`;
  return {
    url,
    port,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      forwarder.close();
      await closed;
    },
  };
};

const serve = async (exchange: Exchange): Promise<void> => {
  const { request, response } = exchange;
  let refused: AwsRefusalKind | undefined;
  try {
    const claim = readClaim(signedPart(request));
    exchange.service = claim.service;
    await (claim.service === 's3' ? serveS3(exchange, claim) : serveService(exchange, claim));
  } catch (error) {
    const refusal = asAwsRefusal(error);
    refused = refusal.kind;
    answerAwsRefusal(request, response, refusal, protocolOf(exchange.service, request));
  }
  const { service, operation, principal } = exchange;
  exchange.options.onCall?.({
    service,
    operation,
    principal,
    status: response.statusCode,
    ...(refused === undefined ? {} : { refused }),
    ...(response.destroyed && !response.writableFinished ? { abandoned: true } : {}),
  });
};

const protocolOf = (service: string, request: IncomingMessage): Protocol => {
  if (isForm(request)) {
    return 'query';
  }
  const json = request.headers['x-amz-target'] !== undefined;
  return service === 's3' || (service === 'unknown' && !json) ? 's3' : 'json';
};

const asAwsRefusal = (error: unknown): AwsRefusal => {
  if (error instanceof AwsRefusal) {
    return error;
  }
  if (error instanceof ZodError) {
    return new AwsRefusal('malformed', `the request is malformed at ${error.issues[0]?.path.join('.')}`);
  }
  return new AwsRefusal('engineFailed', 'the call failed inside the local gateway');
};

const answerAwsRefusal = (
  request: IncomingMessage,
  response: ServerResponse,
  refusal: AwsRefusal,
  protocol: Protocol,
): void => {
  // A client that is still sending reads no answer before it has sent all.
  request.resume();
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { status, headers, body } = renderAwsRefusal(refusal, protocol);
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(request.method === 'HEAD' ? undefined : body);
};
