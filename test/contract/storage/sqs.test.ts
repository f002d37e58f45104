import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SQSClient,
  StartMessageMoveTaskCommand,
  TagQueueCommand,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCOUNT_ID, queueArn } from '../../../local/iam/arn.ts';
import { everything, type Stack, startStack } from './support/stack.ts';

let stack: Stack;
let sqs: SQSClient;

beforeAll(async () => {
  stack = await startStack();
  sqs = stack.sqs(stack.role('deliverer', everything));
});
afterAll(() => stack.close());

const urlOf = (name: string): string => `${stack.gateway.url}/${ACCOUNT_ID}/${name}`;
const queue = (name: string, attributes: Record<string, string> = {}): string => {
  stack.storage.ensureQueue({ name, attributes });
  return urlOf(name);
};
const receive = async (QueueUrl: string, rest: object = {}): Promise<Message[]> => {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl,
      MaxNumberOfMessages: 10,
      MessageSystemAttributeNames: ['All'],
      ...rest,
    }),
  );
  return Messages;
};
const remove = (QueueUrl: string, { ReceiptHandle }: Message) =>
  sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));

describe('queues', () => {
  it('are found by name at the gateway, with their attributes', async () => {
    queue('found', { VisibilityTimeout: '45' });
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: 'found' }));
    expect(QueueUrl).toBe(urlOf('found'));
    const { QueueUrls } = await sqs.send(new ListQueuesCommand({ QueueNamePrefix: 'found' }));
    expect(QueueUrls).toEqual([urlOf('found')]);
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
    );
    expect(Attributes).toMatchObject({ VisibilityTimeout: '45', QueueArn: queueArn('found') });
    const made = await sqs.send(new CreateQueueCommand({ QueueName: 'found' }));
    expect(made.QueueUrl).toBe(urlOf('found'));
  });

  it('take changed attributes and keep their messages when they are made again', async () => {
    const QueueUrl = queue('again', {
      VisibilityTimeout: '45',
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: queueArn('found'), maxReceiveCount: 3 }),
    });
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'kept' }));
    queue('again', { VisibilityTimeout: '60' });
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
    );
    expect(Attributes).toMatchObject({ VisibilityTimeout: '60', ApproximateNumberOfMessages: '1' });
    expect(Attributes?.RedrivePolicy).toBeUndefined();
    expect(stack.storage.queueDepth('again')).toEqual({ visible: 1, inFlight: 0, delayed: 0 });
  });

  it('refuse calls that the engine does not carry out', async () => {
    const SourceArn = queueArn('found');
    await expect(sqs.send(new StartMessageMoveTaskCommand({ SourceArn }))).rejects.toThrow(
      /not available locally/,
    );
    await expect(sqs.send(new TagQueueCommand({ QueueUrl: urlOf('found'), Tags: {} }))).rejects.toThrow(
      /not available locally/,
    );
  });
});

describe('FIFO queues', () => {
  const send = (QueueUrl: string, MessageGroupId: string, MessageBody: string) =>
    sqs.send(new SendMessageCommand({ QueueUrl, MessageGroupId, MessageBody }));

  it('keep the order within a group, hold the group while one is in flight, and never hold another', async () => {
    const url = queue('order.fifo', { ContentBasedDeduplication: 'true', VisibilityTimeout: '30' });
    for (const n of [1, 2, 3]) {
      await send(url, 'a', `a${n}`);
      await send(url, 'b', `b${n}`);
    }
    const seen: Record<string, string[]> = { a: [], b: [] };
    const first = await receive(url);
    expect(first.map(({ Body }) => Body).toSorted()).toEqual(['a1', 'b1']);
    const held = first.find(({ Body }) => Body === 'b1');
    for (
      let batch = first.filter((message) => message !== held);
      batch.length > 0;
      batch = await receive(url)
    ) {
      for (const message of batch) {
        seen[message.Attributes?.MessageGroupId ?? '']?.push(message.Body ?? '');
        await remove(url, message);
      }
    }
    expect(seen).toEqual({ a: ['a1', 'a2', 'a3'], b: [] });
  });

  it('give a message whose visibility ran out again before its successors', async () => {
    const url = queue('redeliver.fifo', { ContentBasedDeduplication: 'true' });
    await send(url, 'a', '1');
    await send(url, 'a', '2');
    const [message] = await receive(url);
    await sqs.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: url,
        ReceiptHandle: message?.ReceiptHandle,
        VisibilityTimeout: 0,
      }),
    );
    const [repeated] = await receive(url);
    expect(repeated?.Body).toBe('1');
    expect(repeated?.Attributes?.ApproximateReceiveCount).toBe('2');
  });

  it('take the same content once', async () => {
    const url = queue('once.fifo', { ContentBasedDeduplication: 'true' });
    await send(url, 'a', 'same');
    await send(url, 'a', 'same');
    expect(stack.storage.queueDepth('once.fifo')?.visible).toBe(1);
  });

  it('move a message that fails too often to the dead-letter queue and continue with the next', async () => {
    const dead = queue('dead.fifo', { ContentBasedDeduplication: 'true' });
    const url = queue('source.fifo', {
      ContentBasedDeduplication: 'true',
      VisibilityTimeout: '0',
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: queueArn('dead.fifo'), maxReceiveCount: 2 }),
    });
    await send(url, 'a', 'poison');
    await send(url, 'a', 'good');
    const bodies: (string | undefined)[] = [];
    for (let attempt = 0; attempt < 3; attempt++) {
      bodies.push((await receive(url))[0]?.Body);
    }
    expect(bodies).toEqual(['poison', 'poison', 'good']);
    const [letter] = await receive(dead);
    expect(letter?.Body).toBe('poison');
    expect(letter?.Attributes?.MessageGroupId).toBe('a');
  });
});

describe('polling', () => {
  it('waits for a message that comes later', async () => {
    const url = queue('poll');
    const waiting = receive(url, { WaitTimeSeconds: 20 });
    await expect
      .poll(() => stack.calls.some(({ operation }) => operation === 'ReceiveMessage'))
      .toBeDefined();
    await sqs.send(
      new SendMessageBatchCommand({ QueueUrl: url, Entries: [{ Id: '1', MessageBody: 'late' }] }),
    );
    expect((await waiting).map(({ Body }) => Body)).toEqual(['late']);
  });
});
