import { ChangeMessageVisibilityCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { deliver, deliverySchema } from '../core/protocols/deliver.ts';
import { clientConfig } from './adapters/aws.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { webhookPoster } from './adapters/webhook-poster.ts';
import { environment } from './environment.ts';

const control = { ...base, store: dynamoDbStore() };
const sqs = new SQSClient(clientConfig());
const QueueUrl = environment('BERTH_EVENTS_QUEUE_URL');
const DeadLetterQueueUrl = environment('BERTH_DEAD_LETTER_QUEUE_URL');

/**
 * On messages of the events queue, one at a time (a message that only waits behind a failed one of its group would
 * have its receipts counted as attempts). A failed attempt leaves the message in the queue, invisible for as long as
 * the webhook's policy says; its group waits, so order is kept, and no other group does.
 */
export const handler = async (event: SQSEvent): Promise<SQSBatchResponse> => {
  const batchItemFailures: SQSBatchResponse['batchItemFailures'] = [];
  for (const record of event.Records) {
    if (!(await settled(record))) batchItemFailures.push({ itemIdentifier: record.messageId });
  }
  return { batchItemFailures };
};

/** Whether the message is done with: delivered, wanted by nobody, or in the dead-letter queue. */
const settled = async (record: SQSRecord): Promise<boolean> => {
  const attempt = Number(record.attributes.ApproximateReceiveCount);
  const outcome = await deliver(
    control,
    webhookPoster,
    deliverySchema.parse(JSON.parse(record.body)),
    attempt,
  );
  switch (outcome.kind) {
    case 'delivered':
    case 'dropped':
      return true;
    case 'retry':
      await sqs.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl,
          ReceiptHandle: record.receiptHandle,
          VisibilityTimeout: outcome.afterSeconds,
        }),
      );
      return false;
    case 'dead':
      await sqs.send(
        new SendMessageCommand({
          QueueUrl: DeadLetterQueueUrl,
          MessageBody: record.body,
          MessageGroupId: record.attributes.MessageGroupId,
          MessageDeduplicationId: record.attributes.MessageDeduplicationId,
        }),
      );
      return true;
  }
};
