import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { AUTH_PREFIX, MEDIA_PREFIX } from '../../core/auth-keys.ts';
import type { Environment } from '../environments.ts';

/**
 * Auth states: whoever reads one is that WhatsApp account. Versions keep the previous state for a snapshot that turns
 * out to be corrupt. And the files that accounts received, for as long as callers may take to fetch them.
 */
export const createAuthBucket = (
  scope: Construct,
  id: string,
  options: {
    protected: boolean;
    days: Environment['authStateDays'];
    mediaDays: Environment['mediaDays'];
  },
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
    removalPolicy: options.protected ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
  });
