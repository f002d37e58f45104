import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { Problem } from '../../contract/errors.ts';
import type { Delivery, EventQueue } from '../../core/ports.ts';
import { environment } from '../environment.ts';
import { clientConfig } from './aws.ts';
import { sqsLive } from './sqs-live.ts';

/** Deliveries in an SQS FIFO queue; a group is one session's one webhook, so a dead endpoint holds up only itself. */
export const sqsEvents = (): EventQueue => {
  const client = new SQSClient(clientConfig());
  const QueueUrl = environment('BERTH_EVENTS_QUEUE_URL');

  return {
    ...sqsLive(client),
    send: async (deliveries) => {
      for (const batch of batches(deliveries.map(messageOf))) {
        const { Failed } = await client.send(
          new SendMessageBatchCommand({
            QueueUrl,
            Entries: batch.map(({ body, group, deduplicationId }, i) => ({
              Id: String(i),
              MessageBody: body,
              MessageGroupId: group,
              MessageDeduplicationId: deduplicationId,
            })),
          }),
        );
        if (Failed?.length)
          throw new Problem('unavailable', 'Some events were not accepted; send them again.');
      }
    },
  };
};

type Message = {
  readonly body: string;
  readonly bytes: number;
  readonly group: string;
  readonly deduplicationId: string;
};

/** Of one message, and of all messages of a batch (SQS). */
const MAX_BYTES = 1024 * 1024;

const messageOf = (delivery: Delivery): Message => {
  const body = messageBody(delivery);
  const bytes = Buffer.byteLength(body);
  if (bytes > MAX_BYTES)
    throw new Problem('too_large', `An event of ${bytes} bytes exceeds the limit of the queue.`);
  return { body, bytes, group: groupOf(delivery), deduplicationId: deduplicationIdOf(delivery) };
};

/**
 * At most ten at once, and one of each group: the queue may take a part of a batch, and a group's second message with
 * its first left out would have overtaken it.
 */
const batches = (messages: readonly Message[]): Message[][] => {
  const made: Message[][] = [];
  for (const message of messages) {
    const last = made.at(-1);
    if (last && fits(last, message)) last.push(message);
    else made.push([message]);
  }
  return made;
};

const fits = (batch: readonly Message[], message: Message): boolean =>
  batch.length < 10 &&
  batch.every(({ group }) => group !== message.group) &&
  batch.reduce((sum, { bytes }) => sum + bytes, message.bytes) <= MAX_BYTES;

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
