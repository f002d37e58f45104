import { Duration } from 'aws-cdk-lib';
import { DeduplicationScope, FifoThroughputLimit, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { removalOf } from './removal.ts';

/** Six times the deliverer's time-out, as AWS asks for event sources. */
const VISIBILITY = Duration.minutes(3);
/**
 * The most that SQS allows. A webhook's own policy ends its attempts (30 at most), and the deliverer keeps the event as
 * an item of the table, at the latest after 900 receipts (core/events/deliver.ts). Receipts are also used up by
 * messages that wait for their endpoint or their user's share, and by Lambda's own throttling.
 */
const MAX_RECEIVES = 1000;

/** Events on their way to webhooks, in order per session (message group), and those that could not be handled. */
export class EventQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, options: { protected: boolean }) {
    super(scope, id);
    const common = {
      fifo: true,
      // High throughput: 300 calls a second for each group (one session's one webhook). In the default mode it is 300
      // calls a second for the whole queue, over all senders. Deduplication ids are unique within a group as well.
      deduplicationScope: DeduplicationScope.MESSAGE_GROUP,
      fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
      removalPolicy: removalOf(options),
    };
    this.deadLetters = new Queue(this, 'DeadLetters', common);
    this.queue = new Queue(this, 'Queue', {
      ...common,
      retentionPeriod: Duration.days(4),
      visibilityTimeout: VISIBILITY,
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: MAX_RECEIVES },
    });
  }
}
