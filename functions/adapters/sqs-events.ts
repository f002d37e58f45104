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
    send: async (deliveries) => {
      for (const batch of batches(deliveries)) {
        const { Failed } = await client.send(
          new SendMessageBatchCommand({
            QueueUrl,
            Entries: batch.map((delivery, i) => ({
              Id: String(i),
              MessageBody: messageBody(delivery),
              MessageGroupId: groupOf(delivery),
              MessageDeduplicationId: deduplicationIdOf(delivery),
            })),
          }),
        );
        if (Failed?.length)
          throw new Problem('unavailable', 'Some events were not accepted; send them again.');
      }
    },
  };
};

/**
 * At most ten at once, and one of each group: the queue may take a part of a batch, and a group's second message with
 * its first left out would have overtaken it.
 */
const batches = (deliveries: readonly Delivery[]): Delivery[][] => {
  const made: Delivery[][] = [];
  for (const delivery of deliveries) {
    const last = made.at(-1);
    const fits = last && last.length < 10 && !last.some((other) => groupOf(other) === groupOf(delivery));
    if (fits) last.push(delivery);
    else made.push([delivery]);
  }
  return made;
};

/**
 * JSON of characters that a queue takes (SendMessage: no U+FFFE, no U+FFFF). One event that it refuses would hold up its
 * session's events for ever. Emoji are escaped as well: the local engine does not know that AWS takes them.
 */
const messageBody = (delivery: Delivery): string =>
  JSON.stringify(delivery).replace(
    /[\ud800-\udfff\ufffe\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16)}`,
  );

/** A redrive is sent although the queue has seen the event before; two of the same redrive are one. */
const deduplicationIdOf = ({ id, webhook, redrives }: Delivery): string =>
  redrives === undefined ? `${id}-${webhook}` : `${id}-${webhook}-${redrives}`;

const groupOf = (delivery: Delivery): string => `${delivery.sessionId}-${delivery.webhook}`;
