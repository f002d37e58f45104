import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { Problem } from '../../core/errors.ts';
import type { Delivery, EventQueue } from '../../core/ports.ts';
import { environment } from '../environment.ts';
import { clientConfig } from './aws.ts';

/** Deliveries in an SQS FIFO queue; a group is one session's one webhook, so a dead endpoint holds up only itself. */
export const sqsEvents = (): EventQueue => {
  const client = new SQSClient(clientConfig());
  const QueueUrl = environment('BERTH_EVENTS_QUEUE_URL');

  return {
    // One batch after the other: within a group the queue keeps the order in which it accepted.
    send: async (deliveries) => {
      for (let start = 0; start < deliveries.length; start += 10) {
        const { Failed } = await client.send(
          new SendMessageBatchCommand({
            QueueUrl,
            Entries: deliveries.slice(start, start + 10).map((delivery, i) => ({
              Id: String(i),
              MessageBody: JSON.stringify(delivery),
              MessageGroupId: groupOf(delivery),
              MessageDeduplicationId: `${delivery.id}-${delivery.webhook}`,
            })),
          }),
        );
        if (Failed?.length)
          throw new Problem('unavailable', 'Some events were not accepted; send them again.');
      }
    },
  };
};

const groupOf = (delivery: Delivery): string => `${delivery.sessionId}-${delivery.webhook}`;
