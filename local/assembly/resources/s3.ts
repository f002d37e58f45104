import * as z from 'zod';
import type { BucketModel } from '../model.ts';
import { COSMETIC, integer, properties } from './properties.ts';

const ruleSchema = z.strictObject({
  Id: z.string().optional(),
  Status: z.enum(['Enabled', 'Disabled']),
  Prefix: z.string().optional(),
  ExpirationInDays: integer.optional(),
  // Removes delete markers that hide nothing any more; the engine never keeps such.
  ExpiredObjectDeleteMarker: z.boolean().optional(),
  NoncurrentVersionExpiration: z
    .strictObject({ NoncurrentDays: integer, NewerNoncurrentVersions: integer.optional() })
    .optional(),
  AbortIncompleteMultipartUpload: z.strictObject({ DaysAfterInitiation: integer }).optional(),
});

const bucketSchema = properties(
  {
    LifecycleConfiguration: z.object({ Rules: z.array(ruleSchema) }).optional(),
    VersioningConfiguration: z.object({ Status: z.enum(['Enabled', 'Suspended']) }).optional(),
  },
  {
    ...COSMETIC,
    BucketName: 'is the identity',
    BucketEncryption: 'data at rest is protected by the file system',
    PublicAccessBlockConfiguration: 'everything is on loopback',
    OwnershipControls: 'one account here',
    LoggingConfiguration: 'the gateway can log every call',
    MetricsConfigurations: 'no dashboards of AWS here',
  },
);

export const interpretBucket = (value: unknown, name: string): BucketModel => {
  const bucket = bucketSchema.parse(value);
  return {
    name,
    versioned: bucket.VersioningConfiguration?.Status === 'Enabled',
    lifecycle: (bucket.LifecycleConfiguration?.Rules ?? []).map((rule, index) => ({
      id: rule.Id ?? `rule-${index}`,
      enabled: rule.Status === 'Enabled',
      prefix: rule.Prefix ?? '',
      expireDays: rule.ExpirationInDays,
      expireNoncurrentDays: rule.NoncurrentVersionExpiration?.NoncurrentDays,
      abortUploadDays: rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation,
    })),
  };
};
