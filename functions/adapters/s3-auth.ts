import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { Problem } from '../../contract/errors.ts';
import type { AuthStorage } from '../../core/ports.ts';
import { environment } from '../environment.ts';
import { nameOfError, s3Config } from './aws.ts';

/** S3 takes parts of 5 MiB and more, the last one excepted. */
const PART_BYTES = 8 * 1024 * 1024;

/** Long enough for a slow line, short enough that a leaked URL is soon worth nothing. */
const URL_SECONDS = 900;

/** Auth states in S3, moved by the workers themselves through presigned URLs for one key each. */
export const s3Auth = (): AuthStorage => {
  const client = new S3Client(s3Config());
  const Bucket = environment('BERTH_AUTH_BUCKET');

  return {
    restoreUrl: (Key) =>
      getSignedUrl(client, new GetObjectCommand({ Bucket, Key }), { expiresIn: URL_SECONDS }),

    beginUpload: async (Key, bytes, atOnce) => {
      if (atOnce && bytes <= PART_BYTES) {
        // One request in place of three. Without the condition the URL could replace what was committed.
        const put = new PutObjectCommand({ Bucket, Key, ContentLength: bytes, IfNoneMatch: '*' });
        const url = await getSignedUrl(client, put, { expiresIn: URL_SECONDS });
        return { partBytes: PART_BYTES, parts: [url], headers: { 'if-none-match': '*' } };
      }
      const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
      if (!UploadId) throw new Problem('unavailable', 'Storage did not start the upload; try again.');
      const numbers = Array.from({ length: Math.ceil(bytes / PART_BYTES) }, (_, i) => i + 1);
      const parts = await Promise.all(
        numbers.map((PartNumber) =>
          getSignedUrl(
            client,
            // The length is signed: nothing larger than announced is stored.
            new UploadPartCommand({
              Bucket,
              Key,
              UploadId,
              PartNumber,
              ContentLength: Math.min(PART_BYTES, bytes - (PartNumber - 1) * PART_BYTES),
            }),
            { expiresIn: URL_SECONDS },
          ),
        ),
      );
      return { uploadId: UploadId, partBytes: PART_BYTES, parts };
    },

    completeUpload: async (Key, UploadId, etags = []) => {
      try {
        const Parts = etags.map((ETag, i) => ({ ETag, PartNumber: i + 1 }));
        if (UploadId !== undefined)
          await client.send(
            new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }),
          );
      } catch (error) {
        // A repeat of a completion that went through finds no upload any more; the object's size decides below.
        if (nameOfError(error) !== 'NoSuchUpload') throw error;
      }
      const { ContentLength } = await client.send(new HeadObjectCommand({ Bucket, Key }));
      return { bytes: ContentLength ?? 0 };
    },

    remove: async (keys) => {
      if (keys.length === 0) return;
      const { Errors } = await client.send(
        new DeleteObjectsCommand({ Bucket, Delete: { Objects: keys.map((Key) => ({ Key })), Quiet: true } }),
      );
      const [first] = Errors ?? [];
      if (first) throw new Error(`S3 did not remove an auth state: ${first.Code ?? 'unknown'}`);
    },
  };
};
