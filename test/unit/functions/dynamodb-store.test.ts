/** What the store makes of a database that answers with an error, over HTTP. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { StoreAmbiguous, StoreUnavailable } from '../../../core/store.ts';
import { dynamoDbStore } from '../../../functions/adapters/dynamodb-store.ts';
import { databaseClient } from '../../helpers/berth-table.ts';

let server: Server;
let answer = { status: 500, code: 'InternalFailure' };
beforeAll(async () => {
  server = createServer((_request, response) => {
    response
      .writeHead(answer.status, {
        'content-type': 'application/x-amz-json-1.0',
        'x-amzn-errortype': answer.code,
      })
      .end(JSON.stringify({ __type: `com.amazon.coral.service#${answer.code}`, message: 'no' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => void server.close());

const store = () => {
  const { port } = server.address() as AddressInfo;
  return dynamoDbStore('table', databaseClient(`http://127.0.0.1:${port}`));
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

test('a throttled call was not carried out', async () => {
  answer = { status: 400, code: 'ThrottlingException' };
  await expect(store().get(key)).rejects.toBeInstanceOf(StoreUnavailable);
});

test('what no repetition changes is thrown as it is', async () => {
  answer = { status: 400, code: 'ValidationException' };
  await expect(store().get(key)).rejects.toMatchObject({ name: 'ValidationException' });
});
