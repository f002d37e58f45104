import { ChangeMessageVisibilityCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { fanOut } from '../core/live/fan-out.ts';
import { isTransient } from '../core/store.ts';
import { clientConfig } from './adapters/aws.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { gatewayConnections } from './adapters/live-connections.ts';
import { environment } from './environment.ts';

const deps = { ...base, store: dynamoDbStore(), connections: gatewayConnections() };
const sqs = new SQSClient(clientConfig());
const QueueUrl = environment('BERTH_LIVE_QUEUE_URL');

/** Of the function's 30 s; the last post may take ten more. */
const BUDGET_MS = 15_000;
/** Until a topic with something left to send is served again. */
const AGAIN_SECONDS = 1;

/**
 * On messages of the live queue: each names a topic (its group) whose connections have something to be sent. One pass
 * serves them all. A topic with something left stays in the queue; the messages behind it wait, as the next pass sends
 * what they are about.
 */
export const handler = async (event: SQSEvent): Promise<SQSBatchResponse> => {
  const endAt = base.clock() + BUDGET_MS;
  const byTopic = Map.groupBy(event.Records, ({ body }) => body);
  const left = await Promise.all(
    [...byTopic].map(async ([topic, records]) => {
      if (await served(topic, endAt)) return [];
      await Promise.all(records.map(postpone));
      return records;
    }),
  );
  return { batchItemFailures: left.flat().map(({ messageId }) => ({ itemIdentifier: messageId })) };
};

const served = async (topic: string, endAt: number): Promise<boolean> => {
  try {
    return (await fanOut(deps, topic, endAt)) === 'done';
  } catch (error) {
    if (!isTransient(error)) throw error;
    base.log.warn('live events wait: the database does not answer', { error: String(error) });
    return false;
  }
};

const postpone = async ({ receiptHandle }: SQSRecord): Promise<void> => {
  await sqs.send(
    new ChangeMessageVisibilityCommand({
      QueueUrl,
      ReceiptHandle: receiptHandle,
      VisibilityTimeout: AGAIN_SECONDS,
    }),
  );
};
