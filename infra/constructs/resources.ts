import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { IVpc, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import type { Cluster } from 'aws-cdk-lib/aws-ecs';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { EventQueue } from './event-queue.ts';
import type { Hosts } from './hosts.ts';
import type { LiveApi } from './live-api.ts';
import type { WorkerTask } from './worker-task.ts';

/** The resources that functions use. */
export type Resources = {
  readonly table: Table;
  readonly authBucket: Bucket;
  readonly events: EventQueue;
  readonly live: LiveApi;
  readonly cluster: Cluster;
  readonly worker: WorkerTask;
  /** Absent if the environment has no own hosts. */
  readonly hosts: Hosts | undefined;
  readonly vpc: IVpc;
  readonly taskSecurityGroup: SecurityGroup;
  readonly commandSecurityGroup: SecurityGroup;
  /** Of the API that callers use, without a slash at its end. */
  readonly apiUrl: string;
  readonly names: {
    readonly cluster: string;
    readonly workerFamily: string;
    readonly hostsFamily: string;
    readonly workerCall: string;
    /** Under which the data stack exports the bucket's ARN. */
    readonly authBucketExport: string;
  };
};
