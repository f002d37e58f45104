/** Calls of AWS clients as functions make them. The test runs them as a bundle and as they are. */
import {
  ApiGatewayManagementApiClient,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import {
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  DynamoDBClient,
  DynamoDBServiceException,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import {
  ConflictException,
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
  RunTaskCommand,
  StopTaskCommand,
} from '@aws-sdk/client-ecs';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';

const CLASSES = {
  ConditionalCheckFailedException,
  TransactionCanceledException,
  ConflictException,
  DynamoDBServiceException,
};

const TableName = 'sessions';
const Key = { pk: { S: 'SESSION#1' } };
const Bucket = 'auth';
const QueueUrl = 'https://sqs.eu-central-1.amazonaws.com/123456789012/events';

const callsOf = (endpoint: string) => {
  const config = {
    endpoint,
    region: 'eu-central-1',
    maxAttempts: 1,
    credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret' },
  };
  const dynamo = new DynamoDBClient(config);
  const ecs = new ECSClient(config);
  const lambda = new LambdaClient(config);
  const sqs = new SQSClient(config);
  const s3 = new S3Client({ ...config, forcePathStyle: true, requestChecksumCalculation: 'WHEN_REQUIRED' });
  const connections = new ApiGatewayManagementApiClient(config);
  return {
    getItem: () => dynamo.send(new GetItemCommand({ TableName, Key, ConsistentRead: true })),
    putItem: () =>
      dynamo.send(
        new PutItemCommand({ TableName, Item: { ...Key, list: { L: [{ N: '1' }, { NULL: true }] } } }),
      ),
    updateItem: () =>
      dynamo.send(
        new UpdateItemCommand({
          TableName,
          Key,
          UpdateExpression: 'SET a = :a',
          ExpressionAttributeValues: { ':a': { BOOL: true } },
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      ),
    transact: () =>
      dynamo.send(
        new TransactWriteItemsCommand({
          ClientRequestToken: 'token',
          TransactItems: [{ Put: { TableName, Item: Key } }, { Delete: { TableName, Key } }],
        }),
      ),
    query: () => dynamo.send(new QueryCommand({ TableName, KeyConditionExpression: 'pk = :pk', Limit: 5 })),
    batchGet: () => dynamo.send(new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys: [Key] } } })),
    runTask: () =>
      ecs.send(
        new RunTaskCommand({
          cluster: 'berth',
          taskDefinition: 'worker:1',
          clientToken: 'token',
          capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }],
          overrides: { containerOverrides: [{ name: 'worker', environment: [{ name: 'A', value: 'b' }] }] },
        }),
      ),
    describeTasks: () => ecs.send(new DescribeTasksCommand({ cluster: 'berth', tasks: ['arn:task'] })),
    listTasks: () => ecs.send(new ListTasksCommand({ cluster: 'berth', desiredStatus: 'RUNNING' })),
    stopTask: () => ecs.send(new StopTaskCommand({ cluster: 'berth', task: 'arn:task', reason: 'reaped' })),
    invoke: async () => {
      const { Payload, ...rest } = await lambda.send(
        new InvokeCommand({ FunctionName: 'worker-call', Payload: Buffer.from('{"a":1}') }),
      );
      return { ...rest, text: Payload?.transformToString() };
    },
    sendMessage: () => sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'hello' })),
    sendBatch: () =>
      sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries: [{ Id: '0', MessageBody: 'hello' }] })),
    putObject: () => s3.send(new PutObjectCommand({ Bucket, Key: 'a/b', Body: 'text' })),
    getObject: async () => {
      const { Body, ...rest } = await s3.send(new GetObjectCommand({ Bucket, Key: 'a/b' }));
      return { ...rest, text: await Body?.transformToString() };
    },
    headObject: () => s3.send(new HeadObjectCommand({ Bucket, Key: 'a/b' })),
    deleteObjects: () =>
      s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'a/b' }], Quiet: true } })),
    createUpload: () => s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'a/b' })),
    completeUpload: () =>
      s3.send(
        new CompleteMultipartUploadCommand({
          Bucket,
          Key: 'a/b',
          UploadId: 'upload',
          MultipartUpload: { Parts: [{ ETag: 'tag', PartNumber: 1 }] },
        }),
      ),
    listVersions: () => s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: 'a/' })),
    postToConnection: () =>
      connections.send(new PostToConnectionCommand({ ConnectionId: 'connection', Data: Buffer.from('{}') })),
  };
};

export type CallName = keyof ReturnType<typeof callsOf>;

/** What a function can see of an answer. */
export const handler = async ({
  endpoint,
  call,
}: {
  readonly endpoint: string;
  readonly call: CallName;
}): Promise<unknown> => {
  try {
    return { result: await callsOf(endpoint)[call]() };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const { stack: _, ...fields } = { ...error, name: error.name, message: error.message };
    const classes = Object.entries(CLASSES).filter(([, type]) => error instanceof type);
    return { error: fields, classes: classes.map(([name]) => name) };
  }
};
