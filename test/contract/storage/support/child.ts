import { startStorage } from '../../../../local/engines/storage/storage.ts';
import { queueArn } from '../../../../local/iam/arn.ts';

/** Storage in a separate process that a test kills. Prints its URL once it is up. */
const storage = await startStorage({ dir: process.argv[2] ?? '' });
storage.ensureBucket({ name: 'berth-auth', lifecycle: [] });
storage.ensureQueue({ name: 'dead.fifo', attributes: { ContentBasedDeduplication: 'true' } });
storage.ensureQueue({
  name: 'events.fifo',
  attributes: {
    ContentBasedDeduplication: 'true',
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: queueArn('dead.fifo'), maxReceiveCount: 1 }),
  },
});
storage.ensureQueue({
  name: 'work.fifo',
  attributes: { ContentBasedDeduplication: 'true', VisibilityTimeout: '180' },
});
process.stdout.write(`${storage.s3Url}\n`);
