import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, expect, test, vi } from 'vitest';
import type { Delivery } from '../../../core/ports.ts';
import { sqsEvents } from '../../../functions/adapters/sqs-events.ts';

const sqs = mockClient(SQSClient);
beforeEach(() => {
  sqs.reset();
  sqs.on(SendMessageBatchCommand).resolves({});
  sqs.on(SendMessageCommand).resolves({});
  vi.stubEnv('BERTH_EVENTS_QUEUE_URL', 'https://sqs.invalid/events.fifo');
  vi.stubEnv('BERTH_LIVE_QUEUE_URL', 'https://sqs.invalid/live.fifo');
});

const delivery = (id: string, webhook: string, more: Partial<Delivery> = {}): Delivery => ({
  id,
  timestamp: 1,
  event: 'message',
  sessionId: 'ses_1',
  userId: 'ann',
  name: 'a',
  me: null,
  webhook,
  ...more,
});

const batches = () =>
  sqs
    .commandCalls(SendMessageBatchCommand)
    .map(({ args: [{ input }] }) => (input.Entries ?? []).map((entry) => entry.MessageDeduplicationId));

test('a batch that the queue takes in part can not put a later event of a group before an earlier one', async () => {
  await sqsEvents().send([
    delivery('1', 'x'),
    delivery('1', 'y'),
    delivery('2', 'x'),
    delivery('2', 'y'),
    delivery('3', 'x'),
  ]);
  expect(batches()).toEqual([['1-x', '1-y'], ['2-x', '2-y'], ['3-x']]);
});

test('a batch has ten messages at most', async () => {
  await sqsEvents().send(Array.from({ length: 12 }, (_, n) => delivery('1', `w${n}`)));
  expect(batches().map(({ length }) => length)).toEqual([10, 2]);
});

test('a batch is no larger than the queue takes, and an event that no message can hold is refused permanently', async () => {
  const large = (webhook: string, kilobytes: number) =>
    delivery('1', webhook, { payload: { body: 'x'.repeat(kilobytes * 1024) } });
  await sqsEvents().send([large('a', 500), large('b', 500), large('c', 500)]);
  expect(batches()).toEqual([['1-a', '1-b'], ['1-c']]);
  await expect(sqsEvents().send([large('a', 1024)])).rejects.toMatchObject({ status: 413 });
});

test('messages that the queue did not take are reported, and none after them was sent', async () => {
  sqs.on(SendMessageBatchCommand).resolvesOnce({
    Failed: [{ Id: '0', SenderFault: false, Code: 'InternalError' }],
  });
  await expect(sqsEvents().send([delivery('1', 'x'), delivery('2', 'x')])).rejects.toThrow(/send them again/);
  expect(batches()).toEqual([['1-x']]);
});

test('a redrive is another message than the event was, and the same redrive is the same', async () => {
  await sqsEvents().send([delivery('1', 'x', { redrives: 1 })]);
  await sqsEvents().send([delivery('1', 'x', { redrives: 1 })]);
  await sqsEvents().send([delivery('1', 'x', { redrives: 2 })]);
  expect(batches()).toEqual([['1-x-1'], ['1-x-1'], ['1-x-2']]);
});

test('an event goes through the queue with any text: emoji, halves of them, and characters that SQS refuses', async () => {
  const text = 'ok 👍 \ud800 \ufffe \uffff \u0000 é 漢';
  await sqsEvents().send([delivery('1', 'x', { payload: { text } })]);
  const [body = ''] = sqs
    .commandCalls(SendMessageBatchCommand)
    .flatMap(({ args: [{ input }] }) => (input.Entries ?? []).map((entry) => entry.MessageBody));
  // As AWS names them (SendMessage), of those that JSON leaves as they are.
  expect(body).toMatch(/^[ -\ud7ff\ue000-\ufffd]*$/);
  expect(JSON.parse(body)).toMatchObject({ payload: { text } });
});

test('a topic of live events is a separate group, and its repeats are recognized', async () => {
  await sqsEvents().wake('ann', 'L0SM9cOFvHcCIhw=');
  expect(sqs.commandCalls(SendMessageCommand).map(({ args: [{ input }] }) => input)).toEqual([
    {
      QueueUrl: 'https://sqs.invalid/live.fifo',
      MessageBody: 'ann',
      MessageGroupId: 'ann',
      MessageDeduplicationId: 'L0SM9cOFvHcCIhw.',
    },
  ]);
});
