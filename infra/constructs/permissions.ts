/** The permissions of a function's role, from the function's needs: one function per kind of resource. */
import { ArnFormat, Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { LIVE_STAGE } from '../../contract/bodies/live.ts';
import { AUTH_PREFIX, BUILDS_PREFIX, MEDIA_PREFIX } from '../../core/accounts/storage-keys.ts';
import { apiKeyKey, KEYS_PARTITION, limitsKey, openWaitsPartition, userQuotaKey } from '../../core/items.ts';
import type { BucketAction, Needs, TableAction, TaskAction } from '../functions.ts';
import type { Resources } from './resources.ts';

export type Grant = {
  readonly statement: PolicyStatement;
  /** Set if the resource holds a `*`: as cdk-nag writes that resource, and the reason why it cannot be narrower. */
  readonly wildcard?: { readonly resource: string; readonly reason: string };
};

export const grantsFor = (needs: Needs, resources: Resources): Grant[] => [
  ...(needs.table ? [onTable(needs.table, resources)] : []),
  ...(needs.table?.some(isWrite) && !needs.makesKeys ? [notOnKeys(needs, resources)] : []),
  ...(needs.waits ? [onWaits(resources)] : []),
  ...(needs.waits && !needs.table?.includes('GetItem') ? [onBounds(resources)] : []),
  ...Object.entries(needs.indexes ?? {}).map(([index, actions]) => onIndex(index, actions, resources)),
  ...(needs.bucket
    ? [
        onObjects(
          AUTH_PREFIX,
          needs.bucket,
          resources,
          'The objects are the auth states of all sessions; the function signs for one key at a time.',
        ),
      ]
    : []),
  ...(needs.probesBucket || needs.distinguishesAbsence ? [onBucket(resources)] : []),
  ...(needs.erases ? onVersions(resources) : []),
  ...(needs.media
    ? [
        onObjects(
          MEDIA_PREFIX,
          needs.media,
          resources,
          'The objects are the received files of all sessions; the function signs for one key at a time.',
        ),
      ]
    : []),
  ...(needs.builds
    ? [
        onObjects(
          BUILDS_PREFIX,
          needs.builds,
          resources,
          'The objects are stored builds of WhatsApp Web, which are the same for all sessions.',
        ),
      ]
    : []),
  ...(needs.queue ? onQueue[needs.queue](resources) : []),
  ...(needs.queue === 'send' || needs.wakesLive ? [onQueues(['sqs:SendMessage'], resources.live.queue)] : []),
  ...(needs.servesLive ? onLive(resources) : []),
  ...(needs.tasks ?? []).flatMap((action) => onTasks(action, resources)),
  ...(needs.callsWorkers ? [onWorkerCall(resources)] : []),
];

const onTable = (actions: readonly TableAction[], { table }: Resources): Grant => ({
  statement: new PolicyStatement({
    actions: actions.map((action) => `dynamodb:${action}`),
    resources: [table.tableArn],
  }),
});

const WRITES: readonly TableAction[] = ['PutItem', 'UpdateItem', 'DeleteItem'];
const isWrite = (action: TableAction): boolean => WRITES.includes(action);

/**
 * All items are in one table, so a function that may write any could make itself an admin key. An explicit denial of
 * the keys' partitions overrides every other permission.
 */
const notOnKeys = ({ revokesKeys }: Needs, { table }: Resources): Grant => ({
  statement: new PolicyStatement({
    effect: Effect.DENY,
    actions: WRITES.filter((action) => !revokesKeys || action !== 'DeleteItem').map(
      (action) => `dynamodb:${action}`,
    ),
    resources: [table.tableArn],
    conditions: { 'ForAnyValue:StringLike': { 'dynamodb:LeadingKeys': [KEYS_PARTITION, apiKeyKey('*').pk] } },
  }),
});

/** By the partition key: a function that else only reads writes nothing but waits. */
const onWaits = ({ table }: Resources): Grant => ({
  statement: new PolicyStatement({
    actions: ['dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:DeleteItem'],
    resources: [table.tableArn],
    conditions: {
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [openWaitsPartition('*')] },
      // Without the key, the condition above holds.
      Null: { 'dynamodb:LeadingKeys': 'false' },
    },
  }),
});

/** How many waits a user may have: the items of the limits and of the user's own. */
const onBounds = ({ table }: Resources): Grant => ({
  statement: new PolicyStatement({
    actions: ['dynamodb:GetItem'],
    resources: [table.tableArn],
    conditions: {
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [limitsKey.pk, userQuotaKey('*').pk] },
      // Without the key, the condition above holds.
      Null: { 'dynamodb:LeadingKeys': 'false' },
    },
  }),
});

const onIndex = (index: string, actions: readonly ('Query' | 'Scan')[], { table }: Resources): Grant => ({
  statement: new PolicyStatement({
    actions: actions.map((action) => `dynamodb:${action}`),
    resources: [`${table.tableArn}/index/${index}`],
  }),
});

const onObjects = (
  prefix: string,
  actions: readonly BucketAction[],
  { authBucket, names }: Resources,
  reason: string,
): Grant => ({
  statement: new PolicyStatement({
    actions: actions.map((action) => `s3:${action}`),
    resources: [authBucket.arnForObjects(`${prefix}*`)],
  }),
  wildcard: { resource: `${names.authBucketExport}/${prefix}*`, reason },
});

/**
 * HeadBucket is allowed by ListBucket, and so is an answer 404 to GetObject (S3's service authorization reference; API
 * reference of GetObject). Without a condition on the prefix: GetObject has none, and would be answered 403 again.
 */
const onBucket = ({ authBucket }: Resources): Grant => ({
  statement: new PolicyStatement({ actions: ['s3:ListBucket'], resources: [authBucket.bucketArn] }),
});

/** Lists versions under the two prefixes, and deletes them by their ids. */
const onVersions = ({ authBucket, names }: Resources): Grant[] => [
  {
    statement: new PolicyStatement({
      actions: ['s3:ListBucketVersions'],
      resources: [authBucket.bucketArn],
      conditions: { StringLike: { 's3:prefix': [`${AUTH_PREFIX}*`, `${MEDIA_PREFIX}*`] } },
    }),
  },
  ...[AUTH_PREFIX, MEDIA_PREFIX].map((prefix) => ({
    statement: new PolicyStatement({
      // Each deletion names a version: without one, S3 would only hide the object.
      actions: ['s3:DeleteObjectVersion'],
      resources: [authBucket.arnForObjects(`${prefix}*`)],
    }),
    wildcard: {
      resource: `${names.authBucketExport}/${prefix}*`,
      reason: 'A session may be any of all; the function deletes under the id of one that was deleted.',
    },
  })),
];

const onQueue = {
  send: ({ events }: Resources): Grant[] => [onQueues(['sqs:SendMessage'], events.queue)],
  deliver: ({ events }: Resources): Grant[] => [
    onQueues(
      ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ChangeMessageVisibility'],
      events.queue,
    ),
    onQueues(['sqs:SendMessage'], events.deadLetters),
  ],
};

/** Posts to the connections of the WebSocket API and closes them, and reads the queue that says which. */
const onLive = ({ live }: Resources): Grant[] => [
  onQueues(
    ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ChangeMessageVisibility'],
    live.queue,
  ),
  ...['POST', 'DELETE'].map((method) => {
    const path = `${LIVE_STAGE}/${method}/@connections/*`;
    return {
      statement: new PolicyStatement({
        actions: ['execute-api:ManageConnections'],
        resources: [live.arnOf(path)],
      }),
      wildcard: { resource: live.arnText(path), reason: 'Connections get their ids when they open.' },
    };
  }),
];

const onQueues = (actions: string[], queue: Queue): Grant => ({
  statement: new PolicyStatement({ actions, resources: [queue.queueArn] }),
});

const onWorkerCall = ({ cluster, names }: Resources): Grant => ({
  statement: new PolicyStatement({
    actions: ['lambda:InvokeFunction'],
    resources: [functionArn(Stack.of(cluster), names.workerCall)],
  }),
});

const onTasks = (action: TaskAction, resources: Resources): Grant[] => {
  const inCluster = { ArnEquals: { 'ecs:cluster': resources.cluster.clusterArn } };
  const { names, worker } = resources;
  switch (action) {
    case 'run':
      return [
        ecsGrant(
          resources,
          'ecs:RunTask',
          `task-definition/${names.workerFamily}:*`,
          inCluster,
          ANY_REVISION,
        ),
        ...(resources.hosts
          ? [
              ecsGrant(
                resources,
                'ecs:RunTask',
                `task-definition/${names.hostsFamily}:*`,
                inCluster,
                ANY_REVISION,
              ),
            ]
          : []),
        tagGrant(resources),
        {
          statement: new PolicyStatement({
            actions: ['iam:PassRole'],
            resources: [worker.taskRole.roleArn, worker.executionRole.roleArn],
            conditions: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
          }),
        },
      ];
    case 'stop':
      return [ecsGrant(resources, 'ecs:StopTask', `task/${names.cluster}/*`, inCluster, ANY_TASK)];
    case 'describe':
      return [ecsGrant(resources, 'ecs:DescribeTasks', `task/${names.cluster}/*`, inCluster, ANY_TASK)];
    case 'list':
      return [
        {
          statement: new PolicyStatement({
            actions: ['ecs:ListTasks'],
            resources: ['*'],
            conditions: inCluster,
          }),
          wildcard: {
            resource: '*',
            reason: 'ListTasks on Fargate has no resource; its condition keeps it to this cluster.',
          },
        },
      ];
  }
};

/** A task that is launched gets the tags of its task definition. */
const tagGrant = (resources: Resources): Grant =>
  ecsGrant(
    resources,
    'ecs:TagResource',
    `task/${resources.names.cluster}/*`,
    { StringEquals: { 'ecs:CreateAction': 'RunTask' } },
    ANY_TASK,
  );

const ANY_TASK = 'Tasks get their ids when they start; all of the cluster are Berth’s.';
const ANY_REVISION =
  'A function of the version before still launches while a deployment replaces the task definition.';

const ecsGrant = (
  { cluster }: Resources,
  action: string,
  path: string,
  conditions: Record<string, Record<string, string>>,
  reason: string,
): Grant => ({
  statement: new PolicyStatement({
    actions: [action],
    resources: [
      `arn:${Stack.of(cluster).partition}:ecs:${Stack.of(cluster).region}:${Stack.of(cluster).account}:${path}`,
    ],
    conditions,
  }),
  wildcard: { resource: `arn:<AWS::Partition>:ecs:<AWS::Region>:<AWS::AccountId>:${path}`, reason },
});

/** By its name, so that no function depends on another. */
const functionArn = (scope: Stack, resourceName: string): string =>
  scope.formatArn({
    service: 'lambda',
    resource: 'function',
    resourceName,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });

/** Only its own log. */
export const logGrant = (logGroupArn: string): Grant => ({
  statement: new PolicyStatement({
    actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    resources: [logGroupArn],
  }),
});

export const tracingGrant = (): Grant => ({
  statement: new PolicyStatement({
    actions: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'],
    resources: ['*'],
  }),
  wildcard: { resource: '*', reason: 'X-Ray has no resources to name for traces.' },
});

/**
 * Lambda attaches a function to the VPC with the function's own role, on network interfaces that do not exist yet.
 * The deny keeps the function's code from using what only Lambda needs.
 */
export const vpcGrants = (scope: Stack, functionName: string): Grant[] => {
  const actions = [
    'ec2:CreateNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSubnets',
    'ec2:DeleteNetworkInterface',
    'ec2:AssignPrivateIpAddresses',
    'ec2:UnassignPrivateIpAddresses',
  ];
  return [
    {
      statement: new PolicyStatement({ actions, resources: ['*'] }),
      wildcard: {
        resource: '*',
        reason: 'Lambda manages the network interfaces with this role; the function’s own code is denied it.',
      },
    },
    {
      statement: new PolicyStatement({
        effect: Effect.DENY,
        actions,
        resources: ['*'],
        conditions: { ArnEquals: { 'lambda:SourceFunctionArn': functionArn(scope, functionName) } },
      }),
    },
  ];
};
