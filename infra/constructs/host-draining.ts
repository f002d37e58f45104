import { Duration } from 'aws-cdk-lib';
import type { Cluster } from 'aws-cdk-lib/aws-ecs';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

/** Hands every host that begins to drain to a function, which stops the sessions on it. */
export class HostDraining extends Construct {
  constructor(
    scope: Construct,
    id: string,
    options: { readonly cluster: Cluster; readonly target: LambdaFunction; readonly deadLetters: Queue },
  ) {
    super(scope, id);
    new Rule(this, 'Rule', {
      description: 'Hosts of Berth that are drained',
      eventPattern: {
        source: ['aws.ecs'],
        detailType: ['ECS Container Instance State Change'],
        detail: { clusterArn: [options.cluster.clusterArn], status: ['DRAINING'] },
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
