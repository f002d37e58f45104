import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Schedule, ScheduleExpression, ScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

/**
 * Functions that run every few minutes. EventBridge Scheduler and not scheduled rules: it has a retry policy with an
 * age (a sweep older than the next one is pointless) and its own dead-letter queue, and a role per schedule in place
 * of a permission on the function.
 */
export class Sweeps extends Construct {
  constructor(
    scope: Construct,
    id: string,
    options: {
      readonly functions: Readonly<Record<string, LambdaFunction>>;
      readonly minutes: number;
      readonly groupName: string;
      readonly deadLetters: Queue;
    },
  ) {
    super(scope, id);
    const interval = Duration.minutes(options.minutes);
    const scheduleGroup = new ScheduleGroup(this, 'Group', {
      scheduleGroupName: options.groupName,
      // It holds nothing. Kept, its fixed name would stop the next attempt after a failed deployment.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    for (const [name, target] of Object.entries(options.functions)) {
      // The next sweep is the retry.
      target.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: interval });
      const schedule = new Schedule(this, name, {
        description: `Runs ${name}`,
        schedule: ScheduleExpression.rate(interval),
        scheduleGroup,
        target: new LambdaInvoke(target, {
          role: this.#createRole(name, target, options.deadLetters).withoutPolicyUpdates(),
          deadLetterQueue: options.deadLetters,
          retryAttempts: 2,
          maxEventAge: interval,
        }),
      });
      // The template names the group by its fixed name, from which CloudFormation learns of no order.
      schedule.node.addDependency(scheduleGroup);
    }
  }

  #createRole(name: string, target: LambdaFunction, deadLetters: Queue): Role {
    return new Role(this, `${name}Role`, {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
      description: `Runs ${name}`,
      inlinePolicies: {
        Invoke: new PolicyDocument({
          statements: [
            new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [target.functionArn] }),
            new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [deadLetters.queueArn] }),
          ],
        }),
      },
    });
  }
}
