/** The local engines answer their gateway and no other program on the machine. */
import { request as httpRequest } from 'node:http';
import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, expect, test } from 'vitest';
import { startDynamoDb } from '../../local/engines/dynamodb/index.ts';
import { startStorage } from '../../local/engines/storage/storage.ts';
import { databaseClient } from '../helpers/berth-table.ts';

const dynamodb = await startDynamoDb();
const storage = await startStorage();
storage.ensureBucket({ name: 'accounts', lifecycle: [] });
storage.ensureQueue({ name: 'events', attributes: {} });
afterAll(async () => {
  await dynamodb.close();
  await storage.close();
});

/** A request with any headers, Host among them. */
const ask = (url: string, method: string, headers: Record<string, string>, body = '') =>
  new Promise<{ status: number; text: string }>((resolve, reject) => {
    const request = httpRequest(url, { method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.on('error', reject).end(body);
  });

const listTables = {
  'x-amz-target': 'DynamoDB_20120810.ListTables',
  'content-type': 'application/x-amz-json-1.0',
  // Any signature: the engine verifies none.
  authorization: 'AWS4-HMAC-SHA256 Credential=anybody',
};
const listQueues = {
  'x-amz-target': 'AmazonSQS.ListQueues',
  'content-type': 'application/x-amz-json-1.0',
  authorization: 'AWS4-HMAC-SHA256 Credential=anybody/20260101/eu-central-1/sqs/aws4_request',
};
const calls = [
  ['the database', dynamodb.url, 'POST', listTables, '{}', 400],
  ['a queue', storage.sqsUrl, 'POST', listQueues, '{}', 403],
  ['a bucket', `${storage.s3Url}/accounts`, 'GET', {}, '', 403],
] as const;

test.each(calls)(
  'a request to the port of %s without the guard reads nothing',
  async (_, url, method, headers, body, status) => {
    const { origin, pathname } = new URL(url);
    const [, , ...rest] = pathname.split('/');
    for (const path of ['/', `/${rest.join('/')}`, `/${'A'.repeat(43)}/${rest.join('/')}`]) {
      const answer = await ask(origin + path, method, headers, body);
      expect(answer.status).toBe(status);
      expect(answer.text).not.toMatch(/TableNames|accounts|events/);
    }
    expect((await ask(url, method, headers, body)).status).toBe(200);
  },
);

test.each(calls)(
  '%s does not answer a page whose name was made to lead to loopback',
  async (_, url, method, headers, body, status) => {
    const rebound = { ...headers, host: 'evil.example:80' };
    expect((await ask(url, method, rebound, body)).status).toBe(status);
  },
);

test('each start has its own secret', async () => {
  const another = await startDynamoDb();
  expect(new URL(another.url).pathname).not.toBe(new URL(dynamodb.url).pathname);
  const client = databaseClient(another.url);
  expect((await client.send(new ListTablesCommand({}))).TableNames).toEqual([]);
  client.destroy();
  await another.close();
});
