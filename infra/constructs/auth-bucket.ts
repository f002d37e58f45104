import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { AUTH_PREFIX } from '../../core/auth-keys.ts';
import type { Environment } from '../environments.ts';

/**
 * Auth states: whoever reads one is that WhatsApp account. Versions keep the previous state for a snapshot that turns
 * out to be corrupt.
 */
export const createAuthBucket = (
  scope: Construct,
  id: string,
  options: { protected: boolean; days: Environment['authStateDays'] },
): Bucket =>
  new Bucket(scope, id, {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    versioned: true,
    lifecycleRules: [
      { id: 'unused', prefix: AUTH_PREFIX, expiration: Duration.days(options.days.unused) },
      { id: 'replaced', noncurrentVersionExpiration: Duration.days(options.days.replaced) },
      {
        id: 'incomplete',
        abortIncompleteMultipartUploadAfter: Duration.days(options.days.incomplete),
        expiredObjectDeleteMarker: true,
      },
    ],
    removalPolicy: options.protected ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
  });
