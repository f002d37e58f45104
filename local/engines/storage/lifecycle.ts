import type { LifecycleRule } from '../../assembly/model.ts';
import type { Fauxqs } from './fauxqs.ts';

const DAY_MS = 24 * 3600_000;

export interface LifecycleSweep {
  readonly expiredObjects: number;
  readonly abortedUploads: number;
}

/**
 * When S3 would act on something `days` after it began: it rounds up to the next midnight UTC
 * ("Lifecycle configuration elements", S3 user guide).
 */
const dueAt = (beganMs: number, days: number): number => {
  return Math.ceil((beganMs + days * DAY_MS) / DAY_MS) * DAY_MS;
};

/**
 * Carries out a bucket's lifecycle rules as of `nowMs`: objects, then versions that are noncurrent, then uploads.
 */
export const sweepBucket = (
  s3: Fauxqs['s3'],
  bucket: string,
  rules: readonly LifecycleRule[],
  nowMs: number,
): LifecycleSweep => {
  const active = rules.filter((rule) => rule.enabled);
  const isDue = (key: string, began: Date, days: (rule: LifecycleRule) => number | undefined): boolean =>
    active.some((rule) => {
      const limit = days(rule);
      return limit !== undefined && key.startsWith(rule.prefix) && dueAt(began.getTime(), limit) <= nowMs;
    });
  const expired = s3
    .listObjects(bucket, { maxKeys: Number.MAX_SAFE_INTEGER })
    .objects.filter(({ key, lastModified }) => isDue(key, lastModified, (rule) => rule.expireDays));
  // biome-ignore lint/complexity/useLiteralKeys: declared private; brackets keep its type
  const stale = [...s3['multipartUploads'].values()].filter(
    (upload) =>
      upload.bucket === bucket && isDue(upload.key, upload.initiated, (rule) => rule.abortUploadDays),
  );
  for (const { key } of expired) {
    s3.deleteObject(bucket, key);
  }
  s3.expireVersions(bucket, isDue);
  for (const { uploadId } of stale) {
    s3.abortMultipartUpload(uploadId);
  }
  return { expiredObjects: expired.length, abortedUploads: stale.length };
};
