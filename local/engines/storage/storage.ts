import type { BucketModel, LifecycleRule, QueueModel } from '../../assembly/model.ts';
import { ACCOUNT_ID, queueArn } from '../../iam/arn.ts';
import { openFauxqs } from './fauxqs.ts';
import type { LifecycleSweep } from './lifecycle.ts';
import { sweepBucket } from './lifecycle.ts';

interface StorageOptions {
  /** Where objects and messages live; without it they end with the process. */
  readonly dir?: string;
  /** 0 or left out: any free port. */
  readonly port?: number;
  /** Milliseconds since the epoch, for the lifecycle sweep. */
  readonly clock?: () => number;
}

/** A queue's state without its messages. */
interface QueueDepth {
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
}

export interface Storage {
  /**
   * For the gateway only: nothing here checks signatures, permissions, or whether a call is supported. A request
   * without the secret in the path is refused.
   */
  readonly s3Url: string;
  readonly sqsUrl: string;
  /** Makes the bucket unless it is there, and takes its lifecycle rules. */
  ensureBucket(
    bucket: Pick<BucketModel, 'name' | 'lifecycle'> & Partial<Pick<BucketModel, 'versioned'>>,
  ): void;
  /** Makes the queue unless it is there, and gives it exactly these attributes; its messages stay. */
  ensureQueue(queue: Pick<QueueModel, 'name' | 'attributes'>): void;
  /** Messages of a queue by state; undefined for a queue that is not there. */
  queueDepth(name: string): QueueDepth | undefined;
  /** Deletes expired objects and stale multipart uploads of every bucket. @param nowMs the clock's time if left out */
  sweepLifecycle(nowMs?: number): LifecycleSweep;
  close(): Promise<void>;
}

/** Starts S3 and SQS on loopback, persistent in `dir` through a SIGKILL. One process per `dir`. */
export const startStorage = async (options: StorageOptions = {}): Promise<Storage> => {
  const { s3, sqs, listen, close } = openFauxqs(options.dir);
  const clock = options.clock ?? Date.now;
  const rules = new Map<string, readonly LifecycleRule[]>();
  const url = await listen(options.port ?? 0);
  return {
    s3Url: url,
    sqsUrl: url,
    ensureBucket: ({ name, lifecycle, versioned }) => {
      s3.createBucket(name);
      if (versioned === true) s3.keepVersions(name);
      rules.set(name, lifecycle);
    },
    ensureQueue: ({ name, attributes }) => {
      const wanted = { ...attributes, ...(name.endsWith('.fifo') ? { FifoQueue: 'true' } : {}) };
      const known = sqs.getQueueByArn(queueArn(name));
      if (known === undefined) {
        sqs.createQueue(name, `${url}/${ACCOUNT_ID}/${name}`, queueArn(name), wanted);
      } else {
        known.setAttributes({ RedrivePolicy: '', ...wanted });
      }
    },
    queueDepth: (name) => {
      const queue = sqs.getQueueByName(name);
      if (queue === undefined) {
        return undefined;
      }
      return {
        visible: Number(queue.getAttribute('ApproximateNumberOfMessages')),
        inFlight: Number(queue.getAttribute('ApproximateNumberOfMessagesNotVisible')),
        delayed: Number(queue.getAttribute('ApproximateNumberOfMessagesDelayed')),
      };
    },
    sweepLifecycle: (nowMs = clock()) => {
      const sweeps = [...rules].map(([bucket, lifecycle]) => sweepBucket(s3, bucket, lifecycle, nowMs));
      return {
        expiredObjects: sweeps.reduce((sum, sweep) => sum + sweep.expiredObjects, 0),
        abortedUploads: sweeps.reduce((sum, sweep) => sum + sweep.abortedUploads, 0),
      };
    },
    close,
  };
};
