import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, request as httpRequest } from 'node:http';
import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Refusal } from './refusals.ts';

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

export function endToEndHeaders(headers: IncomingMessage['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined || HOP_BY_HOP.has(name) ? [] : [[name, [value].flat().join(',')]],
    ),
  );
}

export interface Forwarded {
  readonly engineUrl: string;
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | { readonly source: IncomingMessage; readonly through: Transform };
  /** For the whole exchange, body included. */
  readonly deadlineMs: number;
}

/** Sends calls on to the engines over kept-alive loopback connections. */
export class Forwarder {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 256 });

  /**
   * Resolves once the engine's answer has begun; rejects with the refusal of a body that fails on its way.
   * Nothing is sent twice: after a broken connection nobody knows whether the engine carried the call out.
   */
  send(call: Forwarded): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const engine = new URL(call.engineUrl);
    const request = httpRequest({
      agent: this.#agent,
      hostname: engine.hostname,
      port: engine.port,
      method: call.method,
      path: call.target,
      headers: call.headers,
      signal: AbortSignal.timeout(call.deadlineMs),
    });
    request.on('response', resolve);
    request.on('error', (error) => reject(asRefusal(error)));
    if (Buffer.isBuffer(call.body)) {
      request.end(call.body);
      return promise;
    }
    const { source, through } = call.body;
    through.on('error', (error) => {
      // The client is still answered, so its connection stays and the rest of its body is read away.
      source.unpipe(through);
      source.resume();
      request.destroy(error);
    });
    source.on('close', () => {
      if (!source.complete) {
        request.destroy(new Error('the client went away'));
      }
    });
    source.pipe(through).pipe(request);
    return promise;
  }

  close(): void {
    this.#agent.destroy();
  }
}

function asRefusal(error: Error): Refusal {
  if (error instanceof Refusal) {
    return error;
  }
  if (error.name === 'AbortError' || error.name === 'TimeoutError') {
    return new Refusal('engineTooSlow', 'the local engine did not answer in time');
  }
  return new Refusal('engineFailed', 'the local engine could not be reached');
}

/** Streams an engine's answer to the client. */
export async function relay(
  answer: IncomingMessage,
  response: ServerResponse,
  overrides: Readonly<Record<string, string>> = {},
): Promise<void> {
  response.writeHead(answer.statusCode ?? 502, { ...endToEndHeaders(answer.headers), ...overrides });
  await pipeline(answer, response);
}

/** Reads a whole body; throws `tooLarge` past the limit. */
export async function readBody(source: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of source.iterator({ destroyOnReturn: false })) {
    if (!Buffer.isBuffer(chunk)) {
      continue;
    }
    size += chunk.length;
    if (size > limitBytes) {
      throw new Refusal('tooLarge', `the body is larger than ${limitBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
