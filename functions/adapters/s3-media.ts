import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { MediaStorage } from '../../core/ports.ts';
import { environment } from '../environment.ts';
import { s3Config } from './aws.ts';

/** A file passes right after its URL was signed. */
const UPLOAD_SECONDS = 300;

/** Received files in S3, put there by workers and fetched by callers, both through presigned URLs for one key. */
export const s3Media = (): MediaStorage => {
  const client = new S3Client(s3Config());
  const Bucket = environment('BERTH_MEDIA_BUCKET');

  return {
    // The length is signed: nothing larger than announced is stored.
    uploadUrl: (Key, ContentLength) =>
      getSignedUrl(client, new PutObjectCommand({ Bucket, Key, ContentLength }), {
        expiresIn: UPLOAD_SECONDS,
      }),

    link: (Key, { mimetype, filename, seconds }) =>
      getSignedUrl(
        client,
        new GetObjectCommand({
          Bucket,
          Key,
          ResponseContentType: mimetype,
          ResponseContentDisposition: `attachment; filename*=UTF-8''${encodeRfc5987(filename)}`,
        }),
        { expiresIn: seconds },
      ),
  };
};

/** RFC 8187: what `encodeURIComponent` leaves and a header's parameter does not take. */
const encodeRfc5987 = (text: string): string =>
  encodeURIComponent(text).replace(/['()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16)}`);
