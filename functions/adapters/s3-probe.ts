import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import type { StorageProbe } from '../../core/ports.ts';
import { environment } from '../environment.ts';
import { s3Config } from './aws.ts';

export const s3Probe = (): StorageProbe => {
  const client = new S3Client(s3Config());
  const Bucket = environment('BERTH_AUTH_BUCKET');
  return {
    probe: async () => {
      await client.send(new HeadBucketCommand({ Bucket }));
    },
  };
};
