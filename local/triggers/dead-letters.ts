import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { ACCOUNT_ID, REGION } from '../iam/arn.ts';

type DeadLetters = {
  readonly send: (queueArn: string, body: string) => Promise<void>;
  close(): void;
};

/** Puts what could not be delivered into a queue, as EventBridge does by itself: straight to the engine. */
export const createDeadLetters = (sqsUrl: string): DeadLetters => {
  const client = new SQSClient({
    endpoint: sqsUrl,
    // The engine's URL has a secret in its path, which a queue's URL would replace.
    useQueueUrlAsEndpoint: false,
    region: REGION,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
  });
  return {
    send: async (queueArn, body) => {
      const name = queueArn.split(':').at(-1) ?? '';
      await client.send(
        new SendMessageCommand({
          QueueUrl: `${sqsUrl}/${ACCOUNT_ID}/${name}`,
          MessageBody: body,
          ...(name.endsWith('.fifo')
            ? { MessageGroupId: 'events', MessageDeduplicationId: crypto.randomUUID() }
            : {}),
        }),
      );
    },
    close: () => client.destroy(),
  };
};
