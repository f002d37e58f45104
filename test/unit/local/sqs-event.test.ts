import { describe, expect, test } from 'vitest';
import { doneMessages, sqsEventOf } from '../../../local/triggers/sqs-event.ts';

const MESSAGES = ['a', 'b', 'c'].map((MessageId) => ({
  MessageId,
  ReceiptHandle: `r-${MessageId}`,
  Body: MessageId,
}));
const done = (answer: unknown) =>
  doneMessages(MESSAGES, JSON.stringify(answer)).map(({ MessageId }) => MessageId);
const failed = (...ids: unknown[]) => ({
  batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })),
});

describe('partial batch answers', () => {
  test.each<[string, unknown, string[]]>([
    ['null', null, ['a', 'b', 'c']],
    ['an empty list', failed(), ['a', 'b', 'c']],
    ['no list', {}, ['a', 'b', 'c']],
    ['one failure', failed('b'), ['a', 'c']],
    ['an unknown id fails the batch', failed('x'), []],
    ['an empty id fails the batch', failed(''), []],
    ['nonsense fails the batch', { batchItemFailures: 'b' }, []],
  ])('%s', (_name, answer, expected) => {
    expect(done(answer)).toEqual(expected);
  });
});

test('a record carries what the queue says of the message', () => {
  const { Records } = sqsEventOf(
    [
      {
        MessageId: 'a',
        Body: 'x',
        ReceiptHandle: 'r',
        Attributes: { ApproximateReceiveCount: '2', MessageGroupId: 'g' },
      },
    ],
    'arn:q',
  );
  expect(Records).toMatchObject([
    {
      messageId: 'a',
      body: 'x',
      eventSourceARN: 'arn:q',
      attributes: { ApproximateReceiveCount: '2', MessageGroupId: 'g' },
    },
  ]);
});
