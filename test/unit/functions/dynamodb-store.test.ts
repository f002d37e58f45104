/** The store's results if the database answers with an error, over HTTP. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { StoreAmbiguous, StoreConflict, StoreUnavailable } from '../../../core/store.ts';
import { dynamoDbStore } from '../../../functions/adapters/dynamodb-store.ts';
import { databaseClient } from '../../helpers/berth-table.ts';

let server: Server;
let answer: { status: number; code?: string; body?: object } = { status: 500, code: 'InternalFailure' };
let requests = 0;
beforeAll(async () => {
  server = createServer((_request, response) => {
    requests += 1;
    const { status, code, body } = answer;
    response
      .writeHead(status, {
        'content-type': 'application/x-amz-json-1.0',
        ...(code === undefined ? {} : { 'x-amzn-errortype': code }),
      })
      .end(
        JSON.stringify({
          ...(code && { __type: `com.amazon.coral.service#${code}`, message: 'no' }),
          ...body,
        }),
      );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => void server.close());

let waits: number[] = [];
const store = () => {
  const { port } = server.address() as AddressInfo;
  waits = [];
  const sleep = async (ms: number) => void waits.push(ms);
  return dynamoDbStore('table', databaseClient(`http://127.0.0.1:${port}`), { sleep, random: () => 1 });
};
const key = { pk: 'a', sk: 'b' };

test.each([
  [500, 'InternalFailure'],
  [500, 'InternalServerError'],
  [503, 'ServiceUnavailableException'],
  [503, 'SomethingNew'],
])('a write answered with %d %s may have been made: it is ambiguous, and passes', async (status, code) => {
  answer = { status, code };
  await expect(store().write({ kind: 'delete', key })).rejects.toBeInstanceOf(StoreAmbiguous);
});

const failingWith = (error: Error) => {
  const client = databaseClient('http://127.0.0.1:1');
  client.config.requestHandler.handle = async () => {
    throw error;
  };
  return dynamoDbStore('table', client).write({ kind: 'delete', key });
};

test.each(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN'])(
  'a write whose connection failed with %s may have been made: it is ambiguous, and passes',
  async (code) => {
    await expect(failingWith(Object.assign(new Error('no'), { code }))).rejects.toBeInstanceOf(
      StoreAmbiguous,
    );
  },
);

test('a write that was aborted may have been made, for any reason that the signal gave', async () => {
  const aborted = Object.assign(new Error('aborted', { cause: 'ended' }), { name: 'AbortError' });
  await expect(failingWith(aborted)).rejects.toBeInstanceOf(StoreAmbiguous);
});

test('a throttled call was not carried out', async () => {
  answer = { status: 400, code: 'ThrottlingException' };
  await expect(store().get(key)).rejects.toBeInstanceOf(StoreUnavailable);
});

test('what no repetition changes is thrown as it is', async () => {
  answer = { status: 400, code: 'ValidationException' };
  await expect(store().get(key)).rejects.toMatchObject({ name: 'ValidationException' });
});

test('keys that were not read are read again after growing waits, six times in all', async () => {
  const Keys = [{ pk: { S: 'a' }, sk: { S: 'b' } }];
  answer = {
    status: 200,
    body: { Responses: {}, UnprocessedKeys: { table: { Keys, ConsistentRead: true } } },
  };
  requests = 0;
  await expect(store().getMany([key])).rejects.toBeInstanceOf(StoreUnavailable);
  expect(requests).toBe(6);
  expect(waits).toEqual([25, 50, 100, 200, 400]);
});

const canceled = (...codes: string[]) => ({
  status: 400,
  code: 'TransactionCanceledException',
  body: { CancellationReasons: codes.map((Code) => ({ Code, Message: 'no' })) },
});
const transacted = () => store().transact([{ kind: 'delete', key }], 'token');

test('a transaction that was cancelled by throttling or by a conflict can be repeated', async () => {
  answer = canceled('ThrottlingError');
  await expect(transacted()).rejects.toBeInstanceOf(StoreUnavailable);
  answer = canceled('ProvisionedThroughputExceeded');
  await expect(transacted()).rejects.toBeInstanceOf(StoreUnavailable);
  answer = canceled('TransactionConflict');
  await expect(transacted()).rejects.toBeInstanceOf(StoreConflict);
});

test.each(['ValidationError', 'ItemCollectionSizeLimitExceeded', 'AccessDenied'])(
  'a transaction that was cancelled with %s fails the same way each time, and is not called busy',
  async (code) => {
    answer = canceled('None', code);
    await expect(transacted()).rejects.toMatchObject({ name: 'TransactionCanceledException' });
  },
);
