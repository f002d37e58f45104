import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';

const BODY_LIMIT = 1_000_000;
/** A file in base64 on its way in through the phone. */
export const FILE_BODY_LIMIT = 100_000_000;

/** The request's body; undefined if it is larger than `limit` bytes. */
export const readBytes = async (request: IncomingMessage, limit: number): Promise<Buffer | undefined> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

/** The request's JSON; undefined if it is not JSON or larger than `limit` bytes (default: one megabyte). */
export const readJson = async (request: IncomingMessage, limit = BODY_LIMIT): Promise<unknown> => {
  const body = await readBytes(request, limit);
  try {
    return JSON.parse(body?.toString('utf8') ?? '');
  } catch {
    return undefined;
  }
};

export const answer = (response: ServerResponse, status: number, type: string, body: string): void => {
  response
    .writeHead(status, { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-store' })
    .end(body);
};

export const answerJson = (response: ServerResponse, status: number, body: unknown): void => {
  answer(response, status, 'application/json', JSON.stringify(body));
};

/** Listens on loopback; rejects if the port is taken. Returns the port. */
export const listen = async (server: Server | SecureServer, port: number): Promise<number> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(port, '127.0.0.1', resolve);
  await promise;
  server.off('error', reject);
  return (server.address() as AddressInfo).port;
};

/** Stops listening and cuts what is open. */
export const shut = async (server: Server | SecureServer): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeAllConnections();
  await promise;
};
