import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, request as httpRequest } from 'node:http';
import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CallerGone, EngineTooSlow } from './deadline.ts';
import { AwsRefusal, engineUnreachable } from './refusals.ts';

/** Headers that belong to one connection (RFC 9110 §7.6.1), or that Node sets itself. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'host',
]);

export const endToEndHeaders = (headers: IncomingMessage['headers']): Record<string, string> => {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined || HOP_BY_HOP.has(name) ? [] : [[name, [value].flat().join(',')]],
    ),
  );
};

interface Forwarded {
  readonly engineUrl: string;
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | { readonly source: IncomingMessage; readonly through: Transform };
  /** For the whole exchange, body included. */
  readonly deadlineMs: number;
  /** Aborted once the caller has its answer or is gone: the connection to the engine is not needed from then on. */
  readonly over: AbortSignal;
}

/** How many connections to one engine are open at most; further calls wait for one of them. */
const MAX_SOCKETS = 256;

/** Sends calls on to the engines over kept-alive loopback connections. */
export class Forwarder {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS });

  /**
   * Resolves once the engine's answer has begun; rejects with the refusal of a body that fails on its way.
   * Nothing is sent twice: after a broken connection it is unknown whether the engine executed the call.
   *
   * An answer that is not read to its end keeps its connection, and calls wait for a connection. So the connection is
   * closed with the exchange: at the deadline, when the caller goes away, and when the exchange ends with a part of the
   * answer unread. An answer that was read to its end has given its connection back before.
   */
  send(call: Forwarded): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const engine = new URL(call.engineUrl);
    const request = httpRequest({
      agent: this.#agent,
      hostname: engine.hostname,
      port: engine.port,
      method: call.method,
      // An engine's URL has the secret of its start in its path.
      path: engine.pathname.replace(/\/$/, '') + call.target,
      headers: call.headers,
    });
    let answer: IncomingMessage | undefined;
    const end = (reason: Error): void => {
      // Send the answer first: the caller gets the reason instead of a connection reset.
      answer?.destroy(reason);
      request.destroy(reason);
    };
    const onOver = (): void => end(new CallerGone());
    const timer = setTimeout(() => end(new EngineTooSlow()), call.deadlineMs);
    request.on('response', (response) => {
      // For an answer that nothing reads: its reader listens for itself.
      answer = response.on('error', () => {});
      resolve(response);
    });
    request.on('error', (error) => reject(asAwsRefusal(error)));
    request.on('close', () => {
      clearTimeout(timer);
      call.over.removeEventListener('abort', onOver);
    });
    if (call.over.aborted) {
      onOver();
      return promise;
    }
    call.over.addEventListener('abort', onOver, { once: true });
    if (Buffer.isBuffer(call.body)) {
      request.end(call.body);
      return promise;
    }
    const { source, through } = call.body;
    const readAway = (): void => {
      // The client is still answered, so its connection stays and the rest of its body is read away.
      source.unpipe(through);
      source.resume();
    };
    through.on('error', end);
    request.on('close', () => {
      readAway();
      through.destroy();
    });
    source.pipe(through).pipe(request);
    return promise;
  }

  close(): void {
    this.#agent.destroy();
  }
}

const asAwsRefusal = (error: Error): AwsRefusal =>
  error instanceof AwsRefusal ? error : engineUnreachable();

/** Streams an engine's answer to the client. */
export const relay = async (
  answer: IncomingMessage,
  response: ServerResponse,
  overrides: Readonly<Record<string, string>> = {},
): Promise<void> => {
  response.writeHead(answer.statusCode ?? 502, { ...endToEndHeaders(answer.headers), ...overrides });
  await pipeline(answer, response);
};

/** Reads a whole body; throws `tooLarge` past the limit. */
export const readBody = async (source: IncomingMessage, limitBytes: number): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of source.iterator({ destroyOnReturn: false })) {
    if (!Buffer.isBuffer(chunk)) {
      continue;
    }
    size += chunk.length;
    if (size > limitBytes) {
      throw new AwsRefusal('tooLarge', `the body is larger than ${limitBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};
