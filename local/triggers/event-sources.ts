import { SQSClient } from '@aws-sdk/client-sqs';
import type { Model } from '../assembly/model.ts';
import type { Principals } from '../gateway/principals.ts';
import { REGION } from '../iam/arn.ts';
import { SqsSource, type SqsSourceOptions } from './sqs-source.ts';

/**
 * Starts every event source mapping of the template, each polling the gateway with the role of its function. Throws
 * where one names a function or queue that is not there.
 */
export const startEventSources = (
  model: Model,
  gateway: { readonly url: string; readonly principals: Principals },
  handlers: Pick<SqsSourceOptions, 'invoke' | 'onProblem'>,
): SqsSource[] =>
  model.eventSources.map((source) => {
    const fn = model.functions.find(({ name }) => name === source.functionName);
    const queue = model.queues.find(({ arn }) => arn === source.queueArn);
    if (fn === undefined || queue === undefined) {
      throw new Error(`event source ${source.id}: there is no queue ${source.queueArn}`);
    }
    const client = new SQSClient({
      endpoint: gateway.url,
      region: REGION,
      credentials: gateway.principals.register(fn.role),
      maxAttempts: 1,
    });
    return new SqsSource({ source, queueUrl: queue.url, client, ...handlers });
  });
