import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { EventQueue } from '../../core/ports.ts';
import { environment } from '../environment.ts';
import { clientConfig } from './aws.ts';

/** Names of topics in an SQS FIFO queue; a topic is a group, so one pass of it runs at a time. */
export const sqsLive = (client = new SQSClient(clientConfig())): Pick<EventQueue, 'wake'> => {
  const QueueUrl = environment('BERTH_LIVE_QUEUE_URL');
  return {
    wake: async (topic, token) => {
      await client.send(
        new SendMessageCommand({
          QueueUrl,
          MessageBody: topic,
          MessageGroupId: topic,
          MessageDeduplicationId: token.replace(/[^\w-]/g, '.'),
        }),
      );
    },
  };
};
