import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';

/**
 * The topic of the alarms. CloudWatch cannot publish to a topic under the AWS-managed key, whose policy cannot be
 * changed: the topic has its own key.
 */
export class AlarmTopic extends Construct {
  readonly topic: Topic;

  constructor(scope: Construct, id: string, options: { readonly name: string; readonly email?: string }) {
    super(scope, id);
    const key = new Key(this, 'Key', {
      description: `Notifications of ${options.name}`,
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.DESTROY,
      // It encrypts nothing that is kept: the shortest time that KMS waits before it deletes a key.
      pendingWindow: Duration.days(7),
    });
    key.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        // In a key's policy: this key.
        resources: ['*'],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    this.topic = new Topic(this, 'Topic', { topicName: options.name, masterKey: key, enforceSSL: true });
    // A custom policy replaces the topic's default one, which lets the account's services publish. enforceSSL adds a
    // Deny, so CloudWatch must be allowed by name.
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AllowAlarms',
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    if (options.email !== undefined) this.topic.addSubscription(new EmailSubscription(options.email));
  }
}
