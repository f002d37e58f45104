import { ChangeMessageVisibilityCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { deliver } from '../core/events/deliver.ts';
import { deliverySchema, type QueuedDelivery } from '../core/events/delivery.ts';
import { deliveryAdditions } from '../core/observability/hourly-stats.ts';
import { clientConfig } from './adapters/aws.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { noteAdditions } from './adapters/hourly-stats.ts';
import { webhookPoster } from './adapters/webhook-poster.ts';
import { writeStats } from './edge/stats.ts';
import { environment } from './environment.ts';

const deps = { ...base, store: dynamoDbStore() };
const sqs = new SQSClient(clientConfig());
const QueueUrl = environment('BERTH_EVENTS_QUEUE_URL');
const DeadLetterQueueUrl = environment('BERTH_DEAD_LETTER_QUEUE_URL');

/**
 * On messages of the events queue, one at a time. A failed attempt leaves the message in the queue, invisible for as long as
 * the webhook's policy says, and a postponed one until it may be attempted; its group waits, so order is kept, and no other group does.
 */
export const handler = async (event: SQSEvent): Promise<SQSBatchResponse> => {
  const batchItemFailures: SQSBatchResponse['batchItemFailures'] = [];
  try {
    for (const record of event.Records) {
      if (!(await settled(record))) batchItemFailures.push({ itemIdentifier: record.messageId });
    }
  } finally {
    await writeStats();
  }
  return { batchItemFailures };
};

/** Whether the message is finished: delivered, no longer wanted, or kept as a dead letter. */
const settled = async (record: SQSRecord): Promise<boolean> => {
  const delivery = readable(record.body);
  if (!delivery) {
    await setAside(record);
    return true;
  }
  const { ApproximateReceiveCount, SentTimestamp, SequenceNumber = '' } = record.attributes;
  const receipt = {
    receives: Number(ApproximateReceiveCount),
    queuedMs: base.clock() - Number(SentTimestamp),
    sequence: SequenceNumber.padStart(20, '0'),
  };
  const outcome = await deliver(deps, webhookPoster, delivery, receipt);
  noteAdditions(deliveryAdditions(outcome.kind, base.clock() - delivery.timestamp));
  if (outcome.kind === 'dead' && !outcome.kept) await setAside(record);
  if (outcome.kind !== 'retry' && outcome.kind !== 'postponed') return true;
  await sqs.send(
    new ChangeMessageVisibilityCommand({
      QueueUrl,
      ReceiptHandle: record.receiptHandle,
      VisibilityTimeout: outcome.afterSeconds,
    }),
  );
  return false;
};

const readable = (body: string): QueuedDelivery | undefined => {
  try {
    return deliverySchema.parse(JSON.parse(body));
  } catch {
    return undefined;
  }
};

/** A message that nothing could come of any more must not hold up its group until its receives are used up. */
const setAside = async (record: SQSRecord): Promise<void> => {
  base.log.error('a message was set aside', { messageId: record.messageId });
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: DeadLetterQueueUrl,
      MessageBody: record.body,
      MessageGroupId: record.attributes.MessageGroupId,
      MessageDeduplicationId: record.attributes.MessageDeduplicationId,
    }),
  );
};
