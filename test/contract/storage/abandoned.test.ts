/**
 * Calls whose caller has disconnected, or whose engine does not end its answer. The gateway frees their resources.
 */
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { DescribeTasksCommand } from '@aws-sdk/client-ecs';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { ListQueuesCommand } from '@aws-sdk/client-sqs';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterEach, expect, it, vi } from 'vitest';
import { everything, type Stack, startStack } from './support/stack.ts';

let stack: Stack | undefined;
let engine: Server | undefined;

/** An engine whose answers are given by the test. */
const startEngine = async (
  listener: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> => {
  engine = createServer((request, response) => {
    request.resume().on('end', () => listener(request, response));
  });
  // It never closes an idle connection, which would free the gateway's socket.
  engine.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => engine?.listen(0, '127.0.0.1', resolve));
  const address = engine.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
};

afterEach(async () => {
  await stack?.close();
  engine?.closeAllConnections();
  engine?.close();
});

const QUEUES = '{"QueueUrls":[]}';
const JSON_TYPE = { 'content-type': 'application/x-amz-json-1.0' };

it('callers that give up before the engine answers do not use up the connections to it', async () => {
  const waiting: ServerResponse[] = [];
  let hold = true;
  const sqsUrl = await startEngine((_request, response) => {
    if (hold) waiting.push(response);
    else response.writeHead(200, JSON_TYPE).end(QUEUES);
  });
  const ecs = async () => ({ status: 200, body: '{}' });
  stack = await startStack({ engines: { sqsUrl }, services: { ecs } });
  const admin = stack.role('admin', everything);
  // More than the gateway has connections to an engine; a client has fifty at most.
  const giveUp = new AbortController();
  const clients = Array.from({ length: 6 }, () => stack?.sqs(admin));
  const callers = clients.flatMap((client) =>
    Array.from({ length: 50 }, () =>
      client?.send(new ListQueuesCommand(), { abortSignal: giveUp.signal }).catch(() => 'gave up'),
    ),
  );
  await vi.waitFor(() => expect(waiting.length).toBeGreaterThanOrEqual(256), { timeout: 30_000 });
  giveUp.abort();
  expect(new Set(await Promise.all(callers))).toEqual(new Set(['gave up']));
  // A round trip behind the closed connections: the gateway has seen them close.
  await stack.ecs(admin).send(new DescribeTasksCommand({ tasks: [] }));
  hold = false;
  for (const response of waiting) response.writeHead(200, JSON_TYPE).end(QUEUES);
  // The caller waits ten seconds. The gateway's own deadline of 30 s must not be what frees a socket.
  const abortSignal = AbortSignal.timeout(10_000);
  const client = stack.sqs(admin);
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => client.send(new ListQueuesCommand(), { abortSignal })),
  );
  for (const answer of answers) expect(answer).toMatchObject({ QueueUrls: [] });
});

/** Resolves when the connection that this request came over is closed. */
const disconnected = (request: IncomingMessage): Promise<void> =>
  new Promise((resolve) => request.socket.once('close', () => resolve()));

it('a caller that goes away in the middle of an answer frees the connection to the engine', async () => {
  const { promise: freed, resolve } = Promise.withResolvers<void>();
  const s3Url = await startEngine((request, response) => {
    disconnected(request).then(resolve);
    response.writeHead(200, { 'content-length': 10_000_000 }).write('begun');
  });
  stack = await startStack({ engines: { s3Url } });
  const s3 = stack.s3(stack.role('admin', everything));
  const answer = await s3.send(new GetObjectCommand({ Bucket: 'berth-auth', Key: 'k' }));
  s3.destroy();
  Object(answer.Body).destroy();
  await freed;
  await vi.waitFor(() =>
    expect(stack?.calls.at(-1)).toMatchObject({ operation: 'GetObject', abandoned: true }),
  );
});

it('a caller that disconnects in the middle of its body frees the connection to the engine', async () => {
  const arrived = Promise.withResolvers<IncomingMessage>();
  engine = createServer((request) => void request.once('data', () => arrived.resolve(request)));
  await new Promise<void>((resolve) => engine?.listen(0, '127.0.0.1', resolve));
  const address = engine.address();
  const s3Url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  stack = await startStack({ engines: { s3Url } });
  const url = await getSignedUrl(
    stack.s3(stack.role('admin', everything)),
    new PutObjectCommand({ Bucket: 'berth-auth', Key: 'k' }),
  );
  const upload = request(url, { method: 'PUT', headers: { 'content-length': 1_000_000 } });
  upload.on('error', () => {});
  // Twice: the gateway passes a chunk on when the next one has come.
  upload.write(Buffer.alloc(100_000));
  upload.write(Buffer.alloc(100_000));
  const closed = disconnected(await arrived.promise);
  upload.destroy();
  await closed;
});

it('an answer that cannot be handed on frees the connection to the engine', async () => {
  const { promise: freed, resolve } = Promise.withResolvers<void>();
  const s3Url = await startEngine((request, response) => {
    disconnected(request).then(resolve);
    response.end(Buffer.alloc(20_000_000));
  });
  stack = await startStack({ engines: { s3Url } });
  const url = await getSignedUrl(
    stack.s3(stack.role('admin', everything)),
    // Node refuses a line feed in a header.
    new GetObjectCommand({ Bucket: 'berth-auth', Key: 'k', ResponseContentDisposition: 'a\nb' }),
  );
  expect((await fetch(url)).status).toBe(500);
  await freed;
});

it('an answer that the engine does not end is cut at the deadline', async () => {
  const { promise: freed, resolve } = Promise.withResolvers<void>();
  const s3Url = await startEngine((request, response) => {
    disconnected(request).then(resolve);
    response.writeHead(200, { 'content-length': 100 }).write('begun');
  });
  stack = await startStack({ engines: { s3Url }, deadlineMs: 500 });
  const s3 = stack.s3(stack.role('admin', everything));
  const answer = await s3.send(new GetObjectCommand({ Bucket: 'berth-auth', Key: 'k' }));
  await expect(answer.Body?.transformToString()).rejects.toThrow();
  await freed;
  await vi.waitFor(() =>
    expect(stack?.calls.at(-1)).toMatchObject({ operation: 'GetObject', refused: 'engineTooSlow' }),
  );
});

it('a service that does not come back is answered at the deadline, and named', async () => {
  stack = await startStack({ services: { ecs: () => new Promise(() => {}) }, deadlineMs: 500 });
  const call = stack.ecs(stack.role('admin', everything)).send(new DescribeTasksCommand({ tasks: [] }));
  await expect(call).rejects.toMatchObject({ $metadata: { httpStatusCode: 503 } });
  expect(stack.calls.at(-1)).toMatchObject({
    service: 'ecs',
    operation: 'DescribeTasks',
    refused: 'engineTooSlow',
  });
});

it('a service is notified when its caller disconnects', async () => {
  const aborted = Promise.withResolvers<void>();
  const called = Promise.withResolvers<void>();
  stack = await startStack({
    services: {
      ecs: ({ over }) => {
        over.addEventListener('abort', () => aborted.resolve());
        called.resolve();
        return new Promise(() => {});
      },
    },
  });
  const giveUp = new AbortController();
  const call = stack
    .ecs(stack.role('admin', everything))
    .send(new DescribeTasksCommand({ tasks: [] }), { abortSignal: giveUp.signal });
  const ended = expect(call).rejects.toThrow();
  await called.promise;
  giveUp.abort();
  await ended;
  await aborted.promise;
});
