import { Duration } from 'aws-cdk-lib';
import type { Cluster } from 'aws-cdk-lib/aws-ecs';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

/** The events of a cluster that ECS sends through EventBridge: the event, and its details. */
type ClusterEvent = {
  readonly description: string;
  readonly detailType: string;
  readonly detail: Readonly<Record<string, string[]>>;
};

export const TASK_STOPPED: ClusterEvent = {
  description: 'Tasks of Berth that stopped',
  detailType: 'ECS Task State Change',
  detail: { lastStatus: ['STOPPED'] },
};

export const HOST_DRAINING: ClusterEvent = {
  description: 'Hosts of Berth that are drained',
  detailType: 'ECS Container Instance State Change',
  detail: { status: ['DRAINING'] },
};

/** Hands an event of the cluster to a function, each time it happens. */
export class ClusterEventRule extends Construct {
  constructor(
    scope: Construct,
    id: string,
    options: {
      readonly event: ClusterEvent;
      readonly cluster: Cluster;
      readonly target: LambdaFunction;
      readonly deadLetters: Queue;
    },
  ) {
    super(scope, id);
    const { description, detailType, detail } = options.event;
    new Rule(this, 'Rule', {
      description,
      eventPattern: {
        source: ['aws.ecs'],
        detailType: [detailType],
        detail: { clusterArn: [options.cluster.clusterArn], ...detail },
      },
      targets: [
        new LambdaTarget(options.target, {
          deadLetterQueue: options.deadLetters,
          retryAttempts: 10,
          maxEventAge: Duration.hours(1),
        }),
      ],
    });
  }
}
