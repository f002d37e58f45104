import type { Message } from '@aws-sdk/client-sqs';
import type { SQSBatchResponse, SQSEvent, SQSRecord, SQSRecordAttributes } from 'aws-lambda';
import * as z from 'zod';
import { REGION } from '../iam/arn.ts';

const attributesOf = ({ Attributes = {} }: Message): SQSRecordAttributes => ({
  ...Attributes,
  ApproximateReceiveCount: Attributes.ApproximateReceiveCount ?? '1',
  SentTimestamp: Attributes.SentTimestamp ?? '0',
  SenderId: Attributes.SenderId ?? '',
  ApproximateFirstReceiveTimestamp: Attributes.ApproximateFirstReceiveTimestamp ?? '0',
});

const recordOf = (message: Message, queueArn: string): SQSRecord => ({
  messageId: message.MessageId ?? '',
  receiptHandle: message.ReceiptHandle ?? '',
  body: message.Body ?? '',
  attributes: attributesOf(message),
  messageAttributes: Object.fromEntries(
    Object.entries(message.MessageAttributes ?? {}).map(([name, value]) => [
      name,
      {
        dataType: value.DataType ?? 'String',
        ...(value.StringValue === undefined ? {} : { stringValue: value.StringValue }),
        ...(value.BinaryValue === undefined
          ? {}
          : { binaryValue: Buffer.from(value.BinaryValue).toString('base64') }),
      },
    ]),
  ),
  md5OfBody: message.MD5OfBody ?? '',
  eventSource: 'aws:sqs',
  eventSourceARN: queueArn,
  awsRegion: REGION,
});

/** What Lambda hands to a function for a batch of messages. */
export const sqsEventOf = (messages: readonly Message[], queueArn: string): SQSEvent => ({
  Records: messages.map((message) => recordOf(message, queueArn)),
});

const responseSchema = z
  .object({
    batchItemFailures: z.array(z.object({ itemIdentifier: z.string().min(1) })).nullish(),
  })
  .nullable();

/**
 * Which messages of a batch the function dealt with, from its answer. By Lambda's rule an answer that is not
 * understood, or that names a message that was not in the batch, counts as a failure of the whole batch.
 */
export const doneMessages = (messages: readonly Message[], payload: string): readonly Message[] => {
  const parsed = responseSchema.safeParse(JSON.parse(payload));
  if (!parsed.success) {
    return [];
  }
  const failures: SQSBatchResponse['batchItemFailures'] = parsed.data?.batchItemFailures ?? [];
  const failed = new Set(failures.map(({ itemIdentifier }) => itemIdentifier));
  const known = new Set(messages.map(({ MessageId }) => MessageId));
  return [...failed].every((id) => known.has(id))
    ? messages.filter(({ MessageId }) => MessageId === undefined || !failed.has(MessageId))
    : [];
};
