import * as z from 'zod';
import { queueArn } from '../../iam/arn.ts';
import { AwsRefusal } from '../refusals.ts';
import type { OperationInput, Permission } from './permission.ts';

/**
 * The SQS operations that the engine really carries out, with the action that IAM checks for each.
 * A batch needs the permission of its single form. Source: the Service Authorization Reference for SQS.
 */
const ACTIONS: Readonly<Record<string, string>> = {
  SendMessage: 'sqs:SendMessage',
  SendMessageBatch: 'sqs:SendMessage',
  ReceiveMessage: 'sqs:ReceiveMessage',
  DeleteMessage: 'sqs:DeleteMessage',
  DeleteMessageBatch: 'sqs:DeleteMessage',
  ChangeMessageVisibility: 'sqs:ChangeMessageVisibility',
  ChangeMessageVisibilityBatch: 'sqs:ChangeMessageVisibility',
  GetQueueUrl: 'sqs:GetQueueUrl',
  GetQueueAttributes: 'sqs:GetQueueAttributes',
  SetQueueAttributes: 'sqs:SetQueueAttributes',
  CreateQueue: 'sqs:CreateQueue',
  PurgeQueue: 'sqs:PurgeQueue',
  ListQueues: 'sqs:ListQueues',
};

const named = z.object({ QueueUrl: z.string().optional(), QueueName: z.string().optional() });

export const sqsPermissions = ({ operation, input }: OperationInput): Permission[] => {
  const action = ACTIONS[operation];
  if (action === undefined) {
    throw new AwsRefusal('unknownOperation', `SQS ${operation} is not available locally`);
  }
  const { QueueUrl, QueueName } = named.parse(input);
  const queue = QueueUrl?.split('/').at(-1) ?? QueueName;
  return [{ action, resources: [queueArn(operation === 'ListQueues' ? '*' : (queue ?? ''))] }];
};
