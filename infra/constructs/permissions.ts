/** The statements of a function's role, from what it needs: one function per kind of resource. */
import { ArnFormat, Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IndexName } from '../../core/store.ts';
import type { BucketAction, Needs, TableAction, TaskAction } from '../functions.ts';
import { AUTH_PREFIX } from './auth-bucket.ts';
import type { Resources } from './resources.ts';

export const permissionsFor = (needs: Needs, resources: Resources): PolicyStatement[] => [
  ...(needs.table ? [onTable(needs.table, resources)] : []),
  ...Object.entries(needs.indexes ?? {}).map(([index, actions]) => onIndex(index, actions, resources)),
  ...(needs.bucket ? [onAuthStates(needs.bucket, resources)] : []),
  ...(needs.queue ? [onQueue(needs.queue, resources)] : []),
  ...(needs.tasks ?? []).flatMap((action) => onTasks(action, resources)),
];

const onTable = (actions: readonly TableAction[], { table }: Resources) =>
  new PolicyStatement({
    actions: actions.map((action) => `dynamodb:${action}`),
    resources: [table.tableArn],
  });

const onIndex = (index: string, actions: readonly ('Query' | 'Scan')[], { table }: Resources) =>
  new PolicyStatement({
    actions: actions.map((action) => `dynamodb:${action}`),
    resources: [`${table.tableArn}/index/${index satisfies IndexName | string}`],
  });

const onAuthStates = (actions: readonly BucketAction[], { authBucket }: Resources) =>
  new PolicyStatement({
    actions: actions.map((action) => `s3:${action}`),
    resources: [authBucket.arnForObjects(`${AUTH_PREFIX}*`)],
  });

const QUEUE_ACTIONS = {
  send: ['sqs:SendMessage'],
  /** What Lambda does with the role of the function that it reads the queue for. */
  consume: [
    'sqs:ReceiveMessage',
    'sqs:DeleteMessage',
    'sqs:GetQueueAttributes',
    'sqs:ChangeMessageVisibility',
  ],
} as const;

const onQueue = (use: 'send' | 'consume', { eventsQueue }: Resources) =>
  new PolicyStatement({ actions: [...QUEUE_ACTIONS[use]], resources: [eventsQueue.queueArn] });

const onTasks = (action: TaskAction, resources: Resources): PolicyStatement[] => {
  const { cluster, worker } = resources;
  const stack = Stack.of(cluster);
  const tasks = stack.formatArn({
    service: 'ecs',
    resource: 'task',
    resourceName: `${cluster.clusterName}/*`,
  });
  const inCluster = { ArnEquals: { 'ecs:cluster': cluster.clusterArn } };
  switch (action) {
    case 'run':
      return [
        new PolicyStatement({
          actions: ['ecs:RunTask'],
          // Any revision: a function of the version before still launches while a deployment replaces the revision.
          resources: [
            stack.formatArn({
              service: 'ecs',
              resource: 'task-definition',
              resourceName: `${worker.definition.family}:*`,
            }),
          ],
          conditions: inCluster,
        }),
        new PolicyStatement({
          actions: ['ecs:TagResource'],
          resources: [tasks],
          conditions: { StringEquals: { 'ecs:CreateAction': 'RunTask' } },
        }),
        new PolicyStatement({
          actions: ['iam:PassRole'],
          resources: [worker.taskRole.roleArn, worker.executionRole.roleArn],
          conditions: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
        }),
      ];
    case 'stop':
      return [new PolicyStatement({ actions: ['ecs:StopTask'], resources: [tasks], conditions: inCluster })];
    case 'describe':
      return [
        new PolicyStatement({ actions: ['ecs:DescribeTasks'], resources: [tasks], conditions: inCluster }),
      ];
    case 'list':
      // AWS knows no resource for ListTasks on Fargate; the condition keeps it to this cluster.
      return [new PolicyStatement({ actions: ['ecs:ListTasks'], resources: ['*'], conditions: inCluster })];
  }
};

/** Its own log, and nothing of anybody else's. */
export const logPermissions = (logGroupArn: string): PolicyStatement =>
  new PolicyStatement({ actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [logGroupArn] });

/** X-Ray knows no resources. */
export const tracingPermissions = (): PolicyStatement =>
  new PolicyStatement({
    actions: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'],
    resources: ['*'],
  });

/**
 * Lambda attaches a function to the VPC with the function's own role, on network interfaces that do not exist yet
 * ("*", as AWS asks). The deny keeps the function's code from using what only Lambda needs.
 */
export const vpcPermissions = (scope: Stack, functionName: string): PolicyStatement[] => {
  const actions = [
    'ec2:CreateNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSubnets',
    'ec2:DeleteNetworkInterface',
    'ec2:AssignPrivateIpAddresses',
    'ec2:UnassignPrivateIpAddresses',
  ];
  const functionArn = scope.formatArn({
    service: 'lambda',
    resource: 'function',
    resourceName: functionName,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  return [
    new PolicyStatement({ actions, resources: ['*'] }),
    new PolicyStatement({
      effect: Effect.DENY,
      actions,
      resources: ['*'],
      conditions: { ArnEquals: { 'lambda:SourceFunctionArn': functionArn } },
    }),
  ];
};
