/** A bundle contains a part of the AWS SDK. Its requests and answers are those of the whole SDK. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleFunctions } from '../../infra/bundle.ts';
import { ERROR_CLASSES } from '../../scripts/lean-sdk.ts';
import { serve } from '../helpers/loopback-server.ts';
import { type CallName, handler as whole } from './lean-sdk-calls.ts';
import { functionsDir } from './synthesized.ts';

const outDir = mkdtempSync(join(tmpdir(), 'berth-lean-sdk-'));
let lean: typeof whole;
beforeAll(async () => {
  const [bundle] = await bundleFunctions({
    handlers: ['lean-sdk-calls'],
    functionsDir: import.meta.dirname,
    outDir,
  });
  ({ handler: lean } = await import(pathToFileURL(join(bundle?.directory ?? '', 'index.mjs')).href));
});
afterAll(() => rmSync(outDir, { recursive: true, force: true }));

type Answer = readonly [status: number, body: string, headers?: Readonly<Record<string, string>>];

/** Of each request: they differ between two requests that are the same. */
const UNIQUE = ['authorization', 'x-amz-date', 'amz-sdk-invocation-id'];

/** The SDK's CommonJS files, which the test loads, name the version before. */
const withoutVersion = (agent: unknown): string => String(agent).replace(/\b3\.\d+\.\d+\b/g, '3');

/** What a service gets from both, and what both make of its answer. */
const both = async (call: CallName, [status, body, headers = {}]: Answer) => {
  const requests: unknown[] = [];
  const endpoint = await serve(async (request, response) => {
    const sent = Object.entries(request.headers)
      .filter(([name]) => !UNIQUE.includes(name))
      .map(([name, value]) => [name, name.endsWith('user-agent') ? withoutVersion(value) : value]);
    requests.push([request.method, request.url, Object.fromEntries(sent), await text(request)]);
    response.writeHead(status, headers).end(body);
  });
  const outcomes = [await lean({ endpoint, call }), await whole({ endpoint, call })];
  return { requests, outcomes };
};

const json = (value: unknown) => JSON.stringify(value);
const xml = (name: string, body: string) =>
  `<?xml version="1.0" encoding="UTF-8"?><${name}>${body}</${name}>`;
const ITEM = { pk: { S: 'SESSION#1' }, n: { N: '5' }, list: { L: [{ BOOL: false }, { NULL: true }] } };
const TASK = {
  taskArn: 'arn:task',
  lastStatus: 'RUNNING',
  createdAt: 1_764_400_000.5,
  overrides: { cpu: '512' },
};

const ANSWERS: Readonly<Record<CallName, readonly [answer: Answer, has: unknown]>> = {
  getItem: [[200, json({ Item: ITEM })], { Item: ITEM }],
  putItem: [[200, '{}'], {}],
  updateItem: [[200, json({ Attributes: ITEM })], { Attributes: ITEM }],
  transact: [[200, '{}'], {}],
  query: [[200, json({ Items: [ITEM], LastEvaluatedKey: { pk: ITEM.pk } })], { Items: [ITEM] }],
  batchGet: [[200, json({ Responses: { sessions: [ITEM] } })], { Responses: { sessions: [ITEM] } }],
  runTask: [
    [200, json({ tasks: [TASK], failures: [] })],
    { tasks: [{ createdAt: new Date(1_764_400_000_500) }] },
  ],
  describeTasks: [[200, json({ tasks: [TASK] })], { tasks: [{ overrides: { cpu: '512' } }] }],
  listTasks: [[200, json({ taskArns: ['arn:task'] })], { taskArns: ['arn:task'] }],
  stopTask: [[200, json({ task: TASK })], { task: { taskArn: 'arn:task' } }],
  invoke: [
    [200, '{"ok":true}', { 'x-amz-function-error': 'Unhandled' }],
    { FunctionError: 'Unhandled', StatusCode: 200, text: '{"ok":true}' },
  ],
  sendMessage: [
    [200, json({ MessageId: 'm', MD5OfMessageBody: '5d41402abc4b2a76b9719d911017c592' })],
    { MessageId: 'm' },
  ],
  sendBatch: [
    [200, json({ Successful: [], Failed: [{ Id: '0', Code: 'InternalError', SenderFault: false }] })],
    { Failed: [{ Code: 'InternalError' }] },
  ],
  putObject: [[200, '', { etag: '"tag"' }], { ETag: '"tag"' }],
  getObject: [[200, 'text', { 'content-type': 'text/plain' }], { ContentType: 'text/plain', text: 'text' }],
  headObject: [[200, '', { 'content-length': '12' }], { ContentLength: 12 }],
  deleteObjects: [
    [200, xml('DeleteResult', '<Error><Key>a/b</Key><Code>AccessDenied</Code></Error>')],
    { Errors: [{ Key: 'a/b', Code: 'AccessDenied' }] },
  ],
  createUpload: [
    [200, xml('InitiateMultipartUploadResult', '<UploadId>upload</UploadId>')],
    { UploadId: 'upload' },
  ],
  completeUpload: [[200, xml('CompleteMultipartUploadResult', '<ETag>tag</ETag>')], { ETag: 'tag' }],
  listVersions: [
    [200, xml('ListVersionsResult', '<Version><Key>a/b</Key><VersionId>1</VersionId></Version>')],
    { Versions: [{ Key: 'a/b', VersionId: '1' }] },
  ],
  postToConnection: [[200, ''], {}],
};

test.each(Object.entries(ANSWERS))(
  '%s sends the same request and reads the same answer',
  async (call, [answer, has]) => {
    const { requests, outcomes } = await both(call as CallName, answer);
    expect(requests).toHaveLength(2);
    expect(requests[0]).toEqual(requests[1]);
    expect(outcomes[0]).toMatchObject({ result: has });
    expect(outcomes[0]).toEqual(outcomes[1]);
  },
);

const awsError = (type: string, fields: Readonly<Record<string, unknown>> = {}) =>
  json({ __type: type, ...fields });

/** Errors that code reads a field of or knows by `instanceof`. */
const WITH_CLASS: readonly (readonly [CallName, Answer, unknown])[] = [
  [
    'updateItem',
    [
      400,
      awsError('com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException', {
        message: 'no',
        Item: ITEM,
      }),
    ],
    {
      error: { name: 'ConditionalCheckFailedException', message: 'no', Item: ITEM },
      classes: ['ConditionalCheckFailedException', 'DynamoDBServiceException'],
    },
  ],
  [
    'transact',
    [
      400,
      awsError('com.amazonaws.dynamodb.v20120810#TransactionCanceledException', {
        Message: 'cancelled',
        CancellationReasons: [{ Code: 'ConditionalCheckFailed', Item: ITEM }, { Code: 'None' }],
      }),
    ],
    {
      error: { CancellationReasons: [{ Code: 'ConditionalCheckFailed', Item: ITEM }, { Code: 'None' }] },
      classes: ['TransactionCanceledException', 'DynamoDBServiceException'],
    },
  ],
  [
    'runTask',
    [400, awsError('ConflictException', { message: 'used', resourceIds: ['arn:task'] })],
    { error: { name: 'ConflictException', resourceIds: ['arn:task'] }, classes: ['ConflictException'] },
  ],
];

test.each(WITH_CLASS)('%s fails with the same class and fields', async (call, answer, has) => {
  const { outcomes } = await both(call, answer);
  expect(outcomes[0]).toMatchObject({ ...(has as object) });
  expect(outcomes[0]).toEqual(outcomes[1]);
});

const s3Error = (code: string) =>
  xml('Error', `<Code>${code}</Code><Message>said</Message><RequestId>r</RequestId>`);

/** Errors whose class is left out. */
const WITHOUT_CLASS: readonly (readonly [CallName, name: string, Answer])[] = [
  [
    'query',
    'ProvisionedThroughputExceededException',
    [400, awsError('a#ProvisionedThroughputExceededException', { message: 'said' })],
  ],
  [
    'query',
    'ValidationException',
    [400, awsError('com.amazon.coral.validate#ValidationException', { message: 'said' })],
  ],
  [
    'query',
    'InternalServerError',
    [500, awsError('com.amazonaws.dynamodb.v20120810#InternalServerError', { message: 'said' })],
  ],
  [
    'transact',
    'TransactionInProgressException',
    [400, awsError('com.amazonaws.dynamodb.v20120810#TransactionInProgressException', { Message: 'said' })],
  ],
  [
    'stopTask',
    'InvalidParameterException',
    [400, awsError('InvalidParameterException', { message: 'said' })],
  ],
  ['runTask', 'ClusterNotFoundException', [400, awsError('ClusterNotFoundException', { message: 'said' })]],
  [
    'invoke',
    'TooManyRequestsException',
    [
      429,
      json({ Message: 'said', Reason: 'ConcurrentInvocationLimitExceeded' }),
      { 'x-amzn-errortype': 'TooManyRequestsException' },
    ],
  ],
  [
    'sendMessage',
    'QueueDoesNotExist',
    [400, awsError('com.amazonaws.sqs#QueueDoesNotExist', { message: 'said' })],
  ],
  ['completeUpload', 'NoSuchUpload', [404, s3Error('NoSuchUpload')]],
  ['getObject', 'NoSuchKey', [404, s3Error('NoSuchKey')]],
  ['headObject', 'NotFound', [404, '']],
  [
    'postToConnection',
    'GoneException',
    [410, json({ message: 'said' }), { 'x-amzn-errortype': 'GoneException' }],
  ],
  [
    'postToConnection',
    'LimitExceededException',
    [429, json({ message: 'said' }), { 'x-amzn-errortype': 'LimitExceededException' }],
  ],
];

test.each(WITHOUT_CLASS)(
  '%s fails with the name %s, the same message and status',
  async (call, name, answer) => {
    const { outcomes } = await both(call, answer);
    const seen = outcomes.map((outcome) => {
      const { error, classes } = outcome as { error: Readonly<Record<string, unknown>>; classes: unknown };
      return {
        name: error.name,
        message: error.message,
        fault: error.$fault,
        metadata: error.$metadata,
        classes,
      };
    });
    expect(seen[0]).toMatchObject({ name });
    expect(seen[0]).toEqual(seen[1]);
  },
);

test('each error class that a function imports is kept', () => {
  const sources = readdirSync(functionsDir, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(functionsDir, name), 'utf8'));
  const imported = sources
    .flatMap((source) => [...source.matchAll(/^import \{([^}]+)\} from '@aws-sdk\/client-/gm)])
    .flatMap(([, names = '']) => names.match(/\b\w+(?:Exception|Error)\b|\bNo(?:t|Such)[A-Z]\w+/g) ?? [])
    .filter((name) => !name.endsWith('ServiceException'));
  expect(imported.length).toBeGreaterThan(0);
  expect(ERROR_CLASSES).toEqual(expect.arrayContaining(imported));
});
