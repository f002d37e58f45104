import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import {
  ChangeMessageVisibilityCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openFauxqs } from '../../../local/engines/storage/fauxqs.ts';
import { ACCOUNT_ID, queueArn, REGION } from '../../../local/iam/arn.ts';
import { SqsStore } from '../../../node_modules/fauxqs/dist/sqs/sqsStore.js';
import { withDir } from './support/stack.ts';

const CHILD = fileURLToPath(new URL('./support/child.ts', import.meta.url));
const Bucket = 'berth-auth';
const started = new Set<ChildProcess>();

const start = async (
  dir: string,
): Promise<{ child: ChildProcess; s3: S3Client; sqs: SQSClient; url: string }> => {
  const child = spawn(process.execPath, [CHILD, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  started.add(child);
  const [url] = await once(createInterface({ input: child.stdout }), 'line');
  const config = {
    endpoint: String(url),
    region: REGION,
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
    maxAttempts: 1,
  };
  return { child, s3: new S3Client(config), sqs: new SQSClient(config), url: String(url) };
};

const kill = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
  started.delete(child);
};

afterEach(async () => {
  await Promise.all([...started].map(kill));
});

describe('storage killed by SIGKILL', () => {
  it(
    'offers at once what a consumer of the killed process had received, and keeps longer pauses',
    { timeout: 60_000 },
    () =>
      withDir(async (dir) => {
        const receive = async ({ sqs, url }: Awaited<ReturnType<typeof start>>) => {
          const QueueUrl = `${url}/${ACCOUNT_ID}/work.fifo`;
          const { Messages = [] } = await sqs.send(
            new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
          );
          return Messages;
        };
        const first = await start(dir);
        const QueueUrl = `${first.url}/${ACCOUNT_ID}/work.fifo`;
        for (const MessageBody of ['in work', 'pauses'])
          await first.sqs.send(
            new SendMessageCommand({ QueueUrl, MessageBody, MessageGroupId: MessageBody }),
          );
        const received = await receive(first);
        expect(received.map(({ Body }) => Body).toSorted()).toEqual(['in work', 'pauses']);
        const ReceiptHandle = received.find(({ Body }) => Body === 'pauses')?.ReceiptHandle;
        await first.sqs.send(
          new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 3600 }),
        );
        await kill(first.child);

        const second = await start(dir);
        expect((await receive(second)).map(({ Body }) => Body)).toEqual(['in work']);
        await kill(second.child);
      }),
  );

  it('still has every object, upload part and message that it acknowledged', { timeout: 60_000 }, () =>
    withDir(async (dir) => {
      const Body = randomBytes(100_000);
      const part = randomBytes(5 * 1024 * 1024);
      const first = await start(dir);
      const QueueUrl = `${first.url}/${ACCOUNT_ID}/events.fifo`;
      await first.s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body }));
      const Key = 'parts';
      const { UploadId } = await first.s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
      const { ETag } = await first.s3.send(
        new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: part }),
      );
      for (const MessageBody of ['1', '2', '3']) {
        await first.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageGroupId: 'g' }));
      }
      await kill(first.child);

      const second = await start(dir);
      const object = await second.s3.send(new GetObjectCommand({ Bucket, Key: 'a' }));
      expect(Body.equals((await object.Body?.transformToByteArray()) ?? Buffer.alloc(0))).toBe(true);
      await second.s3.send(
        new CompleteMultipartUploadCommand({
          Bucket,
          Key,
          UploadId,
          MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
        }),
      );
      const whole = await second.s3.send(new GetObjectCommand({ Bucket, Key }));
      expect(whole.ContentLength).toBe(part.length);

      const receive = async (client: SQSClient, queue: string) => {
        const { Messages = [] } = await client.send(
          new ReceiveMessageCommand({
            QueueUrl: `${second.url}/${ACCOUNT_ID}/${queue}`,
            VisibilityTimeout: 0,
          }),
        );
        return Messages.map(({ Body: body }) => body);
      };
      // The second receive moves `1` to the dead-letter queue, and only then may it be killed.
      expect(await receive(second.sqs, 'events.fifo')).toEqual(['1']);
      expect(await receive(second.sqs, 'events.fifo')).toEqual(['2']);
      await kill(second.child);

      const third = await start(dir);
      expect(await receive(third.sqs, 'dead.fifo')).toEqual(['1']);
      expect(await receive(third.sqs, 'events.fifo')).toEqual(['3']);
    }),
  );
});

describe('a message on its way to the dead-letter queue', () => {
  it('is on disk in one queue or the other at every moment', () =>
    withDir(async (dir) => {
      const { sqs, close } = openFauxqs(dir);
      const arns = { source: queueArn('source'), dead: queueArn('dead') };
      const policy = JSON.stringify({ deadLetterTargetArn: arns.dead, maxReceiveCount: 1 });
      const dead = sqs.createQueue('dead', 'http://local/000000000000/dead', arns.dead);
      const source = sqs.createQueue('source', 'http://local/000000000000/source', arns.source, {
        RedrivePolicy: policy,
        VisibilityTimeout: '0',
      });
      const disk = new DatabaseSync(join(dir, 'fauxqs.db'), { readOnly: true });
      const onDisk = () => disk.prepare('SELECT queue_name AS queue FROM sqs_messages').all();
      try {
        const message = SqsStore.createMessage('poison');
        source.enqueue(message);
        source.dequeue(1);
        const seen: unknown[] = [];
        const enqueue = dead.enqueue.bind(dead);
        vi.spyOn(dead, 'enqueue').mockImplementation((moved) => {
          seen.push(...onDisk());
          enqueue(moved);
        });
        source.dequeue(1, 0, () => dead);
        seen.push(...onDisk());
        await Promise.resolve();
        seen.push(...onDisk());
        expect(seen).toEqual([{ queue: 'source' }, { queue: 'dead' }, { queue: 'dead' }]);
      } finally {
        disk.close();
        await close();
      }
    }));
});
