import { DeleteObjectsCommand, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';
import type { ObjectEraser } from '../../core/ports.ts';
import { environment } from '../environment.ts';
import { s3Config } from './aws.ts';

/** S3 takes and gives 1,000 at most. */
const PAGE = 1000;

/** Deletes objects permanently: each version and each delete marker by its id. */
export const s3Eraser = (): ObjectEraser => {
  const client = new S3Client(s3Config());
  const Bucket = environment('BERTH_AUTH_BUCKET');
  return {
    erase: async (Prefix) => {
      let count = 0;
      for (;;) {
        // Always from the beginning: what was listed before is gone.
        const page = await client.send(new ListObjectVersionsCommand({ Bucket, Prefix, MaxKeys: PAGE }));
        const found = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])];
        if (found.length === 0) return count;
        const Objects = found.map(({ Key, VersionId }) => ({ Key, VersionId }));
        const { Errors } = await client.send(
          new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
        );
        const [first] = Errors ?? [];
        if (first) throw new Error(`S3 did not delete a version: ${first.Code ?? 'unknown'}`);
        count += page.Versions?.length ?? 0;
      }
    },
  };
};
