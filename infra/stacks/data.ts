import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import * as z from 'zod';
import { acknowledge } from '../constructs/acknowledge.ts';
import { createAuthBucket } from '../constructs/auth-bucket.ts';
import { EventQueue } from '../constructs/event-queue.ts';
import { createTable } from '../constructs/table.ts';
import type { Environment } from '../environments.ts';

const importName = z
  .object({ 'Fn::ImportValue': z.string() })
  .transform((imported) => imported['Fn::ImportValue']);

/** Everything that must survive a replaced or deleted application: sessions, auth states, events not yet delivered. */
export class DataStack extends Stack {
  readonly table: Table;
  readonly authBucket: Bucket;
  readonly events: EventQueue;
  /** As `<stack>:<export>`, the name by which others import the bucket's ARN. */
  readonly authBucketExport: string;

  constructor(scope: Construct, id: string, props: StackProps & { environment: Environment }) {
    super(scope, id, props);
    const { environment } = props;
    this.table = createTable(this, 'Table', environment);
    this.authBucket = createAuthBucket(this, 'AuthBucket', {
      protected: environment.protected,
      // `npm start` has no stacks to delete: its bucket is a folder.
      emptied: !environment.protected && environment.name !== 'local',
      days: environment.authStateDays,
      mediaDays: environment.mediaDays,
    });
    acknowledge(
      this.authBucket,
      'S1',
      'Objects are reached through presigned URLs only, and the functions that sign them log it.',
    );
    this.authBucketExport = importName.parse(this.resolve(this.exportValue(this.authBucket.bucketArn)));
    this.events = new EventQueue(this, 'Events', environment);

    new CfnOutput(this, 'TableName', { value: this.table.tableName });
    new CfnOutput(this, 'AuthBucketName', { value: this.authBucket.bucketName });
    new CfnOutput(this, 'EventsQueueUrl', { value: this.events.queue.queueUrl });
    new CfnOutput(this, 'EventsDeadLettersUrl', { value: this.events.deadLetters.queueUrl });
  }
}
