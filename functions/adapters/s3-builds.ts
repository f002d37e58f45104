import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { BuildStorage } from '../../core/ports.ts';
import { environment } from '../environment.ts';
import { s3Config } from './aws.ts';

/** A worker fetches the page right after its bootstrap. */
const URL_SECONDS = 900;

/** HTML of builds of WhatsApp Web in S3. Workers fetch it through presigned URLs for one key each. */
export const s3Builds = (): BuildStorage => {
  const client = new S3Client(s3Config());
  const Bucket = environment('BERTH_BUILDS_BUCKET');

  return {
    put: async (Key, html) => {
      const Body = Buffer.from(html, 'utf8');
      await client.send(new PutObjectCommand({ Bucket, Key, Body, ContentType: 'text/html; charset=utf-8' }));
      return Body.length;
    },
    remove: async (Key) => {
      await client.send(new DeleteObjectCommand({ Bucket, Key }));
    },
    url: (Key) => getSignedUrl(client, new GetObjectCommand({ Bucket, Key }), { expiresIn: URL_SECONDS }),
  };
};
