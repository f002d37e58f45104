import { SQSClient } from '@aws-sdk/client-sqs';
import type { Model } from '../assembly/model.ts';
import type { Principals } from '../gateway/principals.ts';
import { REGION } from '../iam/arn.ts';
import { SqsSource, type SqsSourceOptions } from './sqs-source.ts';

/**
 * Starts every event source mapping of the template, each polling the gateway with the role of its function. Throws
 * if one names a function or queue that does not exist, before any of them polls.
 */
export const startEventSources = (
  model: Model,
  gateway: { readonly url: string; readonly principals: Principals },
  handlers: Pick<SqsSourceOptions, 'invoke' | 'onProblem'>,
): { close(): Promise<void> } => {
  const mappings = model.eventSources.map((source) => {
    const fn = model.functions.find(({ name }) => name === source.functionName);
    const queue = model.queues.find(({ arn }) => arn === source.queueArn);
    if (fn === undefined || queue === undefined) {
      throw new Error(
        `event source ${source.id}: there is no function ${source.functionName} or no queue ${source.queueArn}`,
      );
    }
    return { source, role: fn.role, queueUrl: queue.url };
  });
  const started = mappings.map(({ source, role, queueUrl }) => {
    const client = new SQSClient({
      endpoint: gateway.url,
      region: REGION,
      credentials: gateway.principals.register(role),
      maxAttempts: 1,
    });
    return { client, poller: new SqsSource({ source, queueUrl, client, ...handlers }) };
  });
  return {
    close: async () => {
      await Promise.all(started.map(({ poller }) => poller.close()));
      for (const { client } of started) client.destroy();
    },
  };
};
