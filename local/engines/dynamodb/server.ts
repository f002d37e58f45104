import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Guard } from '../guard.ts';
import { ServiceError } from './errors.ts';
import type { Input } from './operations.ts';
import type { Answer, Run } from './run.ts';

/** dynalite's own limit, above DynamoDB's largest request (16 MB of BatchWriteItem). */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/**
 * An HTTP server, not yet listening, that speaks DynamoDB's JSON protocol. Signatures are not verified: the guard lets in
 * who knows the secret of this start.
 */
export const dynamoDbServer = (run: Run, guard: Guard): Server => {
  const server = createServer((request, response) => {
    const operation = operationOf(request) ?? 'a request without X-Amz-Target';
    run(operation, () => inputOf(guard, request))
      .then((answer) => send(response, answer))
      // The caller closed the connection in the middle of its request or answer.
      .catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  // A caller that was too busy to notice would send its next request into a connection closed for idleness.
  server.keepAliveTimeout = 0;
  return server;
};

const inputOf = async (guard: Guard, request: IncomingMessage): Promise<Input> => {
  const body = await read(request);
  if (guard.admit(request) === undefined) {
    throw new ServiceError(
      'com.amazon.coral.service#AccessDeniedException',
      'The embedded DynamoDB takes requests from its own process only.',
    );
  }
  if (!request.headers.authorization?.startsWith('AWS4-')) {
    throw new ServiceError(
      'com.amazon.coral.service#MissingAuthenticationTokenException',
      'Request is missing Authentication Token',
    );
  }
  return parse(body);
};

const operationOf = (request: IncomingMessage): string | undefined => {
  const target = request.headers['x-amz-target'];
  return typeof target === 'string' ? target.match(/^DynamoDB_20120810\.(\w+)$/)?.[1] : undefined;
};

const read = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES)
      throw new ServiceError('RequestTooLarge', 'The request is too large.', {}, 413);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
};

const parse = (body: string): Input => {
  const value = parseJson(body);
  if (isRecord(value)) return value;
  throw new ServiceError('com.amazon.coral.service#SerializationException', 'The body is not a JSON object.');
};

/** Undefined: it is no JSON. */
const parseJson = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
};

const isRecord = (value: unknown): value is Input =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const send = (response: ServerResponse, { status, body }: Answer): void => {
  response.writeHead(status, {
    'content-type': 'application/x-amz-json-1.0',
    'content-length': Buffer.byteLength(body),
    'x-amzn-requestid': randomUUID(),
  });
  response.end(body);
};
