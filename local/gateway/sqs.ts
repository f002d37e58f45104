import * as z from 'zod';

const withUrls = z.looseObject({
  QueueUrl: z.string().optional(),
  QueueUrls: z.array(z.string()).optional(),
});

/** Operations whose answer names queue URLs. */
const NAMING = new Set(['CreateQueue', 'GetQueueUrl', 'ListQueues']);

export const namesQueues = (operation: string): boolean => NAMING.has(operation);

/**
 * Makes an answer's queue URLs lead through the gateway. The engine remembers the port that it had once, and its URLs hold
 * the secret of its start, which no caller may learn: only account and name of the queue are kept.
 */
export const throughGateway = (body: string, gatewayUrl: string): string => {
  const answer = withUrls.parse(JSON.parse(body));
  const moved = (url: string): string =>
    new URL(new URL(url).pathname.split('/').slice(-2).join('/'), `${gatewayUrl}/`).href;
  return JSON.stringify({
    ...answer,
    ...(answer.QueueUrl === undefined ? {} : { QueueUrl: moved(answer.QueueUrl) }),
    ...(answer.QueueUrls === undefined ? {} : { QueueUrls: answer.QueueUrls.map(moved) }),
  });
};
