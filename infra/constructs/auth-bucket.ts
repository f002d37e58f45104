import { CfnResource, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { AUTH_PREFIX, MEDIA_PREFIX } from '../../core/accounts/storage-keys.ts';
import type { Environment } from '../environments.ts';
import { removalOf } from './removal.ts';

/**
 * Auth states: a reader of one can act as that WhatsApp account. Versions keep the previous state for a snapshot that turns
 * out to be corrupt. And the files that accounts received, for as long as callers may take to fetch them.
 */
export const createAuthBucket = (
  scope: Construct,
  id: string,
  options: {
    protected: boolean;
    /** Deleting the stack empties the bucket first; CloudFormation deletes no bucket that holds anything. */
    emptied: boolean;
    days: Environment['authStateDays'];
    mediaDays: Environment['mediaDays'];
  },
): Bucket => {
  const bucket = new Bucket(scope, id, {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    versioned: true,
    lifecycleRules: [
      { id: 'unused', prefix: AUTH_PREFIX, expiration: Duration.days(options.days.unused) },
      {
        id: 'media',
        prefix: MEDIA_PREFIX,
        expiration: Duration.days(options.mediaDays),
        // The bucket keeps versions; what callers were sent is not to be kept behind their backs.
        noncurrentVersionExpiration: Duration.days(1),
      },
      { id: 'replaced', noncurrentVersionExpiration: Duration.days(options.days.replaced) },
      {
        id: 'incomplete',
        abortIncompleteMultipartUploadAfter: Duration.days(options.days.incomplete),
        expiredObjectDeleteMarker: true,
      },
    ],
    removalPolicy: removalOf(options),
    autoDeleteObjects: options.emptied,
  });
  if (options.emptied) tameEmptier(Stack.of(bucket));
  return bucket;
};

/** Of CDK's construct for the function that empties buckets. */
const EMPTIER = 'Custom::S3AutoDeleteObjectsCustomResourceProvider';

/**
 * CDK's function writes a log group that it creates by itself and that is never deleted, under a managed policy. Here the log
 * belongs to the stack, and the role may write that log and nothing else; the bucket's policy lets it empty the bucket.
 */
const tameEmptier = (stack: Stack): void => {
  const provider = stack.node.findChild(EMPTIER);
  const [handler, role] = ['Handler', 'Role'].map((child) => provider.node.findChild(child));
  if (!(handler instanceof CfnResource && role instanceof CfnResource))
    throw new Error(`${EMPTIER} is made of other resources than before`);
  const log = new LogGroup(stack, 'EmptierLog', {
    retention: RetentionDays.ONE_WEEK,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  // Implied by its reference to the role's ARN.
  handler.addDeletionOverride('DependsOn');
  handler.addPropertyOverride('LoggingConfig', { LogGroup: log.logGroupName });
  role.addPropertyDeletionOverride('ManagedPolicyArns');
  role.addPropertyOverride('Policies', [
    {
      PolicyName: 'Log',
      PolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
            Resource: log.logGroupArn,
          },
        ],
      },
    },
  ]);
};
