import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Guard } from '../guard.ts';
import { isAnswer, ServiceError, unknownOperation } from './errors.ts';
import type { Operation } from './operations.ts';

/** dynalite's own limit, above DynamoDB's largest request (16 MB of BatchWriteItem). */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

type Fault = (error: unknown, operation: string | undefined) => void;

/**
 * An HTTP server, not yet listening, that speaks DynamoDB's JSON protocol. Signatures are not verified: the guard lets in
 * who knows the secret of this start, the gateway.
 */
export const dynamoDbServer = (
  operations: ReadonlyMap<string, Operation>,
  guard: Guard,
  onFault: Fault,
): Server => {
  const server = createServer((request, response) => {
    const operation = operationOf(request);
    answer(operations, guard, operation, request)
      .then(
        (result) => send(response, 200, result),
        (error: unknown) => {
          if (isAnswer(error)) return send(response, error.statusCode, error.body);
          onFault(error, operation);
          const fault = 'com.amazonaws.dynamodb.v20120810#InternalServerError';
          send(response, 500, { __type: fault, message: 'The embedded DynamoDB failed.' });
        },
      )
      // The caller closed the connection in the middle of its request or answer.
      .catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  // A caller that was too busy to notice would send its next request into a connection closed for idleness.
  server.keepAliveTimeout = 0;
  return server;
};

const answer = async (
  operations: ReadonlyMap<string, Operation>,
  guard: Guard,
  operation: string | undefined,
  request: IncomingMessage,
): Promise<object> => {
  const body = await read(request);
  if (guard.admit(request) === undefined) {
    throw new ServiceError(
      'com.amazon.coral.service#AccessDeniedException',
      'The embedded DynamoDB takes requests from its gateway only.',
    );
  }
  if (!request.headers.authorization?.startsWith('AWS4-')) {
    throw new ServiceError(
      'com.amazon.coral.service#MissingAuthenticationTokenException',
      'Request is missing Authentication Token',
    );
  }
  const run = operation === undefined ? undefined : operations.get(operation);
  if (run === undefined) throw unknownOperation(operation ?? 'a request without X-Amz-Target');
  return await run(parse(body));
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

const parse = (body: string): Readonly<Record<string, unknown>> => {
  const serialization = new ServiceError(
    'com.amazon.coral.service#SerializationException',
    'The body is not a JSON object.',
  );
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw serialization;
  }
  if (!isRecord(value)) throw serialization;
  return value;
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const send = (response: ServerResponse, status: number, result: object): void => {
  const body = JSON.stringify(result);
  response.writeHead(status, {
    'content-type': 'application/x-amz-json-1.0',
    'content-length': Buffer.byteLength(body),
    'x-amzn-requestid': randomUUID(),
  });
  response.end(body);
};
