import { createHash } from 'node:crypto';
import {
  BatchGetItemCommand,
  CreateTableCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { RunTaskCommand, StopTaskCommand } from '@aws-sdk/client-ecs';
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { GetQueueUrlCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DynamoDb, startDynamoDb } from '../../../local/engines/dynamodb/index.ts';
import type { ServiceCall } from '../../../local/gateway/options.ts';
import { ACCOUNT_ID, bucketArn, ecsArn, indexArn, objectArn, tableArn } from '../../../local/iam/arn.ts';
import { everything, type Stack, startStack } from './support/stack.ts';

const Bucket = 'berth-auth';
const TableName = 'berth';
const TASK_ROLE = `arn:aws:iam::${ACCOUNT_ID}:role/task`;
let now: number | undefined;
let stack: Stack;
let database: DynamoDb;
const served: ServiceCall[] = [];

beforeAll(async () => {
  database = await startDynamoDb();
  stack = await startStack({
    clock: () => now ?? Date.now(),
    partitionKeyOf: () => 'pk',
    taskDefinitionOf: (reference) => ({
      arn: ecsArn('task-definition', `${reference}:3`),
      taskRoleArn: TASK_ROLE,
    }),
    services: {
      dynamodb: (call) => database.handle(call),
      ecs: async (call) => {
        served.push(call);
        return { status: 200, body: JSON.stringify({ tasks: [], failures: [] }) };
      },
    },
  });
  stack.storage.ensureBucket({ name: Bucket, lifecycle: [] });
  stack.storage.ensureQueue({ name: 'events', attributes: {} });
  const admin = stack.role('admin', everything);
  await stack.dynamodb(admin).send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['pk', 'sk', 'user'].map((AttributeName) => ({
        AttributeName,
        AttributeType: 'S',
      })),
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'byUser',
          KeySchema: [{ AttributeName: 'user', KeyType: 'HASH' }],
          Projection: { ProjectionType: 'ALL' },
        },
      ],
    }),
  );
  await stack.s3(admin).send(new PutObjectCommand({ Bucket, Key: 'auth/there', Body: 'content' }));
});
afterAll(async () => {
  await stack.close();
  await database.close();
});

const sessionItem = { pk: { S: 'USER#1' }, sk: { S: 'QUOTA' } };

describe('a call that the role does not allow', () => {
  it('is AccessDeniedException from DynamoDB, and names who, what and where', async () => {
    const dynamodb = stack.dynamodb(
      stack.role('reader', { Action: 'dynamodb:GetItem', Resource: tableArn(TableName) }),
    );
    await dynamodb.send(new GetItemCommand({ TableName, Key: sessionItem }));
    await expect(dynamodb.send(new PutItemCommand({ TableName, Item: sessionItem }))).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: `User: arn:aws:sts::000000000000:assumed-role/reader/local is not authorized to perform: dynamodb:PutItem on resource: ${tableArn(TableName)} because no identity-based policy allows the dynamodb:PutItem action`,
    });
  });

  it('is AccessDenied from S3 and from SQS', async () => {
    const nobody = stack.role('nobody');
    await expect(
      stack.s3(nobody).send(new GetObjectCommand({ Bucket, Key: 'auth/there' })),
    ).rejects.toMatchObject({ name: 'AccessDenied', $metadata: { httpStatusCode: 403 } });
    await expect(
      stack.s3(nobody).send(new HeadObjectCommand({ Bucket, Key: 'auth/there' })),
    ).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
    const QueueUrl = `${stack.gateway.url}/${ACCOUNT_ID}/events`;
    await expect(
      stack.sqs(nobody).send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' })),
    ).rejects.toMatchObject({ name: 'AccessDenied' });
    expect(stack.storage.queueDepth('events')?.visible).toBe(0);
  });

  it('is AccessDeniedException from ECS and never reaches the engine', async () => {
    const before = served.length;
    await expect(
      stack.ecs(stack.role('nobody')).send(new StopTaskCommand({ cluster: 'berth', task: 'abc' })),
    ).rejects.toMatchObject({ name: 'AccessDeniedException' });
    expect(served).toHaveLength(before);
  });

  it('is denied by an explicit deny in spite of an allow', async () => {
    const dynamodb = stack.dynamodb(
      stack.role('denied', everything, { Effect: 'Deny', Action: 'dynamodb:Put*', Resource: '*' }),
    );
    await expect(dynamodb.send(new PutItemCommand({ TableName, Item: sessionItem }))).rejects.toThrow(
      /explicit deny/,
    );
  });
});

describe('DynamoDB permissions', () => {
  const Put = { TableName, Item: sessionItem };
  const ConditionCheck = {
    TableName,
    Key: { pk: { S: 'GLOBAL' }, sk: { S: 'SHARD#0' } },
    ConditionExpression: 'attribute_not_exists(pk)',
  };

  it('check each part of a transaction as the action that it is', async () => {
    const Resource = tableArn(TableName);
    const TransactItems = [{ Put }, { ConditionCheck }];
    const half = stack.dynamodb(
      stack.role('half', { Action: ['dynamodb:PutItem', 'dynamodb:TransactWriteItems'], Resource }),
    );
    await expect(half.send(new TransactWriteItemsCommand({ TransactItems }))).rejects.toThrow(
      /dynamodb:ConditionCheckItem/,
    );
    const whole = stack.dynamodb(
      stack.role('whole', { Action: ['dynamodb:PutItem', 'dynamodb:ConditionCheckItem'], Resource }),
    );
    await whole.send(new TransactWriteItemsCommand({ TransactItems }));
    expect(stack.recorder.used()).toContainEqual({
      role: 'whole',
      action: 'dynamodb:ConditionCheckItem',
      resource: Resource,
    });
  });

  it('check a query of an index on the index', async () => {
    const query = new QueryCommand({
      TableName,
      IndexName: 'byUser',
      KeyConditionExpression: '#u = :u',
      ExpressionAttributeNames: { '#u': 'user' },
      ExpressionAttributeValues: { ':u': { S: '1' } },
    });
    const onTable = stack.role('onTable', { Action: 'dynamodb:Query', Resource: tableArn(TableName) });
    await expect(stack.dynamodb(onTable).send(query)).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
    const onIndex = stack.role('onIndex', {
      Action: 'dynamodb:Query',
      Resource: indexArn(TableName, 'byUser'),
    });
    expect((await stack.dynamodb(onIndex).send(query)).Count).toBe(0);
  });

  it('hold dynamodb:LeadingKeys against every key of a call', async () => {
    const dynamodb = stack.dynamodb(
      stack.role('leading', {
        Action: ['dynamodb:BatchGetItem', 'dynamodb:Query'],
        Resource: tableArn(TableName),
        Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': 'USER#*' } },
      }),
    );
    const batch = (...keys: string[]) =>
      new BatchGetItemCommand({
        RequestItems: { [TableName]: { Keys: keys.map((pk) => ({ pk: { S: pk }, sk: { S: 'QUOTA' } })) } },
      });
    const query = (pk: string) =>
      new QueryCommand({
        TableName,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': { S: pk } },
      });
    await dynamodb.send(batch('USER#1', 'USER#2'));
    await expect(dynamodb.send(batch('USER#1', 'GLOBAL'))).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
    await dynamodb.send(query('USER#1'));
    await expect(dynamodb.send(query('GLOBAL'))).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });
});

describe('S3 permissions', () => {
  it('distinguish objects from their bucket, and listings by prefix', async () => {
    const s3 = stack.s3(
      stack.role(
        'lister',
        {
          Action: 's3:ListBucket',
          Resource: bucketArn(Bucket),
          Condition: { StringLike: { 's3:prefix': 'auth/*' } },
        },
        { Action: 's3:GetObject', Resource: objectArn(Bucket, 'auth/*') },
      ),
    );
    expect((await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'auth/' }))).KeyCount).toBe(1);
    await s3.send(new GetObjectCommand({ Bucket, Key: 'auth/there' }));
    const denied = { name: 'AccessDenied' };
    await expect(s3.send(new ListObjectsV2Command({ Bucket }))).rejects.toMatchObject(denied);
    await expect(s3.send(new GetObjectCommand({ Bucket, Key: 'media/there' }))).rejects.toMatchObject(denied);
  });

  it('hide whether a key is absent from who may not list the bucket', async () => {
    const Key = 'auth/absent';
    const objects = { Action: 's3:GetObject', Resource: objectArn(Bucket, '*') };
    const get = new GetObjectCommand({ Bucket, Key });
    await expect(stack.s3(stack.role('getter', objects)).send(get)).rejects.toMatchObject({
      name: 'AccessDenied',
    });
    const lists = { Action: 's3:ListBucket', Resource: bucketArn(Bucket) };
    await expect(stack.s3(stack.role('knower', objects, lists)).send(get)).rejects.toMatchObject({
      name: 'NoSuchKey',
    });
  });
});

describe('ECS permissions', () => {
  const cluster = 'berth';
  const run = new RunTaskCommand({ cluster, taskDefinition: 'worker' });
  const runs = {
    Action: 'ecs:RunTask',
    Resource: ecsArn('task-definition', 'worker:*'),
    Condition: { ArnEquals: { 'ecs:cluster': ecsArn('cluster', cluster) } },
  };
  const passes = {
    Action: 'iam:PassRole',
    Resource: TASK_ROLE,
    Condition: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
  };

  it('ask for the task definition in its cluster and for every role that is passed', async () => {
    await expect(stack.ecs(stack.role('runs', runs)).send(run)).rejects.toThrow(/iam:PassRole/);
    await stack.ecs(stack.role('passes', runs, passes)).send(run);
    expect(served.at(-1)).toMatchObject({
      operation: 'RunTask',
      principal: 'passes',
      input: { cluster, taskDefinition: 'worker' },
      resources: [ecsArn('task-definition', 'worker:3'), TASK_ROLE],
    });
    const elsewhere = new RunTaskCommand({ cluster: 'other', taskDefinition: 'worker' });
    await expect(stack.ecs(stack.role('passes', runs, passes)).send(elsewhere)).rejects.toThrow(
      /ecs:RunTask/,
    );
  });

  it.each([
    { tags: [{ key: 'a', value: 'b' }] },
    { propagateTags: 'TASK_DEFINITION' as const },
    { enableECSManagedTags: true },
  ])('ask for tagging when a task is tagged at launch: %o', async (how) => {
    const tagged = new RunTaskCommand({ cluster, taskDefinition: 'worker', ...how });
    await expect(stack.ecs(stack.role('untagging', runs, passes)).send(tagged)).rejects.toThrow(
      /ecs:TagResource/,
    );
  });
});

describe('presigned URLs', () => {
  const uploader = () =>
    stack.role('uploader', {
      Action: ['s3:PutObject', 's3:GetObject'],
      Resource: objectArn(Bucket, 'auth/*'),
    });
  const sign = (command: PutObjectCommand | GetObjectCommand, credentials = uploader(), expiresIn = 60) =>
    getSignedUrl(stack.s3(credentials), command, { expiresIn });
  const codeOf = async (response: Response): Promise<string | undefined> =>
    /<Code>(\w+)<\/Code>/.exec(await response.text())?.[1];

  it('put exactly the bytes that were announced, and nothing else', async () => {
    const Key = 'auth/presigned é(1)';
    const sha256 = createHash('sha256').update('snapshot').digest('base64');
    const url = await sign(new PutObjectCommand({ Bucket, Key, ChecksumSHA256: sha256 }));
    expect(new URL(url).origin).toBe(stack.gateway.url);
    const other = await fetch(url, { method: 'PUT', body: 'something else' });
    expect([other.status, await codeOf(other)]).toEqual([400, 'BadDigest']);
    expect((await fetch(url, { method: 'PUT', body: 'snapshot' })).status).toBe(200);
    expect(await (await fetch(await sign(new GetObjectCommand({ Bucket, Key })))).text()).toBe('snapshot');
  });

  it('put an object once, if they were signed so', async () => {
    const Key = 'auth/once';
    const s3 = stack.s3(uploader());
    s3.config.requestChecksumCalculation = async () => 'WHEN_REQUIRED';
    const put = new PutObjectCommand({ Bucket, Key, ContentLength: 8, IfNoneMatch: '*' });
    const url = await getSignedUrl(s3, put);
    const send = (body: string, headers = { 'if-none-match': '*' }) =>
      fetch(url, { method: 'PUT', body, headers });
    const bare = await fetch(url, { method: 'PUT', body: 'snapshot' });
    expect([bare.status, await codeOf(bare)], 'the condition is signed').toEqual([
      403,
      'SignatureDoesNotMatch',
    ]);
    expect((await send('too many bytes')).status, 'so is the length').toBe(403);
    expect((await send('snapshot')).status).toBe(200);
    const again = await send('replaced');
    expect([again.status, await codeOf(again)]).toEqual([412, 'PreconditionFailed']);
    expect(await (await fetch(await sign(new GetObjectCommand({ Bucket, Key })))).text()).toBe('snapshot');
  });

  it('refuse any body when the client signed the checksum of none, as S3 does', async () => {
    const url = await sign(new PutObjectCommand({ Bucket, Key: 'auth/default-client' }));
    const answer = await fetch(url, { method: 'PUT', body: 'snapshot' });
    expect([answer.status, await codeOf(answer)]).toEqual([400, 'BadDigest']);
  });

  it('want to know the length of a body before it comes', async () => {
    const s3 = stack.s3(uploader());
    s3.config.requestChecksumCalculation = async () => 'WHEN_REQUIRED';
    const url = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: 'auth/unsized' }));
    const body = new Blob(['snapshot']).stream();
    const answer = await fetch(url, { method: 'PUT', body, duplex: 'half' });
    expect([answer.status, await codeOf(answer)]).toEqual([501, 'NotImplemented']);
    expect((await fetch(url, { method: 'PUT', body: 'snapshot' })).status).toBe(200);
  });

  it('answer a get with what was put', async () => {
    const Key = 'auth/round-trip';
    await stack.s3(uploader()).send(new PutObjectCommand({ Bucket, Key, Body: 'snapshot' }));
    const answer = await fetch(
      await sign(new GetObjectCommand({ Bucket, Key, ResponseContentDisposition: 'attachment' })),
    );
    expect(await answer.text()).toBe('snapshot');
    expect(answer.headers.get('content-disposition')).toBe('attachment');
  });

  it('are refused once expired, by the injected clock', async () => {
    const url = await sign(new GetObjectCommand({ Bucket, Key: 'auth/there' }));
    expect((await fetch(url)).status).toBe(200);
    now = Date.now() + 61_000;
    try {
      const late = await fetch(url);
      expect(late.status).toBe(403);
      expect(await late.text()).toContain('Request has expired');
    } finally {
      now = undefined;
    }
  });

  it.each<[string, (url: URL) => void]>([
    [
      'key',
      (url) => {
        url.pathname = url.pathname.replace('there', 'other');
      },
    ],
    ['expiry', (url) => url.searchParams.set('X-Amz-Expires', '600000')],
    ['parameters', (url) => url.searchParams.set('response-content-type', 'text/html')],
    ['signature', (url) => url.searchParams.set('X-Amz-Signature', '0'.repeat(64))],
  ])('are refused with another %s', async (_part, tamper) => {
    const url = new URL(await sign(new GetObjectCommand({ Bucket, Key: 'auth/there' })));
    tamper(url);
    const answer = await fetch(url);
    expect(answer.status).toBe(403);
    expect(await codeOf(answer)).toBe('SignatureDoesNotMatch');
  });

  it('are refused for another method, an unsigned header, a wrong secret and an unknown key', async () => {
    const command = new GetObjectCommand({ Bucket, Key: 'auth/there' });
    const url = await sign(command);
    expect((await fetch(url, { method: 'PUT', body: 'x' })).status).toBe(403);
    expect((await fetch(url, { headers: { 'x-amz-meta-a': 'b' } })).status).toBe(403);
    const wrong = await sign(command, { ...uploader(), secretAccessKey: 'wrong' });
    expect(await codeOf(await fetch(wrong))).toBe('SignatureDoesNotMatch');
    const unknown = await sign(command, { accessKeyId: 'ASIAUNKNOWN', secretAccessKey: 'x' });
    expect(await codeOf(await fetch(unknown))).toBe('InvalidAccessKeyId');
    const unsigned = await fetch(`${stack.gateway.url}/${Bucket}/auth/there`);
    expect([unsigned.status, await codeOf(unsigned)]).toEqual([403, 'AccessDenied']);
  });

  it('may do at use what their signer may do then, no more', async () => {
    const signer = stack.role('signer', {
      Action: 's3:GetObject',
      Resource: objectArn(Bucket, 'auth/there'),
    });
    const url = await sign(new GetObjectCommand({ Bucket, Key: 'auth/there' }), signer);
    expect((await fetch(url)).status).toBe(200);
    stack.role('signer');
    expect(await codeOf(await fetch(url))).toBe('AccessDenied');
  });
});

describe('signatures', () => {
  it('of a wrong secret or an unknown key are refused by each service in its own words', async () => {
    const wrong = { ...stack.role('admin', everything), secretAccessKey: 'wrong' };
    const unknown = { accessKeyId: 'ASIAUNKNOWN', secretAccessKey: 'x' };
    const get = new GetItemCommand({ TableName, Key: sessionItem });
    await expect(stack.dynamodb(wrong).send(get)).rejects.toMatchObject({
      name: 'InvalidSignatureException',
    });
    await expect(stack.dynamodb(unknown).send(get)).rejects.toMatchObject({
      name: 'UnrecognizedClientException',
    });
    const object = new GetObjectCommand({ Bucket, Key: 'auth/there' });
    await expect(stack.s3(wrong).send(object)).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' });
    await expect(
      stack.sqs(wrong).send(new GetQueueUrlCommand({ QueueName: 'events' })),
    ).rejects.toMatchObject({ $metadata: { httpStatusCode: 400 } });
  });

  it('are the same credentials however often a role is registered', () => {
    expect(stack.role('stable')).toEqual(stack.role('stable'));
    expect(stack.role('stable')).not.toEqual(stack.role('other'));
  });
});
