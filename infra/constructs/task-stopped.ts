import { Duration } from 'aws-cdk-lib';
import type { Cluster } from 'aws-cdk-lib/aws-ecs';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

/** Hands every stopped task of the cluster to a function. */
export class TaskStopped extends Construct {
  constructor(
    scope: Construct,
    id: string,
    options: { readonly cluster: Cluster; readonly target: LambdaFunction; readonly deadLetters: Queue },
  ) {
    super(scope, id);
    new Rule(this, 'Rule', {
      description: 'Tasks of Berth that stopped',
      eventPattern: {
        source: ['aws.ecs'],
        detailType: ['ECS Task State Change'],
        detail: { clusterArn: [options.cluster.clusterArn], lastStatus: ['STOPPED'] },
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
