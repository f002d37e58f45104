import * as z from 'zod';
import type { Identity } from '../intrinsics.ts';
import type { QueueModel } from '../model.ts';
import { COSMETIC, integer, properties } from './properties.ts';

const ATTRIBUTES = [
  'ContentBasedDeduplication',
  'DeduplicationScope',
  'DelaySeconds',
  'FifoQueue',
  'FifoThroughputLimit',
  'MaximumMessageSize',
  'MessageRetentionPeriod',
  'ReceiveMessageWaitTimeSeconds',
  'VisibilityTimeout',
] as const;

const queueSchema = properties(
  {
    FifoQueue: z.boolean().optional(),
    ContentBasedDeduplication: z.boolean().optional(),
    DeduplicationScope: z.string().optional(),
    FifoThroughputLimit: z.string().optional(),
    DelaySeconds: integer.optional(),
    MaximumMessageSize: integer.optional(),
    MessageRetentionPeriod: integer.optional(),
    ReceiveMessageWaitTimeSeconds: integer.optional(),
    VisibilityTimeout: integer.optional(),
    RedrivePolicy: z.object({ deadLetterTargetArn: z.string(), maxReceiveCount: integer }).optional(),
  },
  {
    ...COSMETIC,
    QueueName: 'is the identity',
    KmsMasterKeyId: 'data at rest is protected by the file system',
    KmsDataKeyReusePeriodSeconds: 'data at rest is protected by the file system',
    SqsManagedSseEnabled: 'data at rest is protected by the file system',
    RedriveAllowPolicy: 'one account here',
  },
);

export const interpretQueue = (value: unknown, identity: Identity): QueueModel => {
  const queue = queueSchema.parse(value);
  const attributes = Object.fromEntries(
    ATTRIBUTES.flatMap((name) => (queue[name] === undefined ? [] : [[name, String(queue[name])]])),
  );
  return {
    name: identity.attributes.QueueName ?? '',
    url: identity.ref,
    arn: identity.attributes.Arn ?? '',
    fifo: queue.FifoQueue === true,
    attributes: {
      ...attributes,
      ...(queue.RedrivePolicy === undefined ? {} : { RedrivePolicy: JSON.stringify(queue.RedrivePolicy) }),
    },
  };
};
