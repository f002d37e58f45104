import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AwsRefusal } from '../../../local/gateway/refusals.ts';
import { VerifiedBody } from '../../../local/gateway/s3/body.ts';
import { BodyDigests } from '../../../local/gateway/s3/digests.ts';
import { recognizeS3, s3Permissions } from '../../../local/gateway/s3/operations.ts';

const sha256 = (body: Uint8Array): string => createHash('sha256').update(body).digest('base64');
const crc = (body: Uint8Array): string => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(body));
  return bytes.toString('base64');
};
const cut = (body: Buffer, at: readonly number[]): Buffer[] => {
  const edges = [0, ...at.map((edge) => edge % (body.length + 1)), body.length].sort((a, b) => a - b);
  return edges
    .slice(1)
    .map((edge, index) => body.subarray(edges[index], edge))
    .filter(({ length }) => length > 0);
};

describe('recognizeS3', () => {
  it.each<
    [method: string, target: string, headers: Record<string, string>, operation: string, actions: string]
  >([
    ['GET', '/', {}, 'ListBuckets', 's3:ListAllMyBuckets'],
    ['GET', '/b?list-type=2&prefix=a', {}, 'ListObjectsV2', 's3:ListBucket'],
    ['GET', '/b?versions&prefix=a', {}, 'ListObjectVersions', 's3:ListBucketVersions'],
    ['HEAD', '/b/', {}, 'HeadBucket', 's3:ListBucket'],
    ['GET', '/b/k?x-id=GetObject', {}, 'GetObject', 's3:GetObject'],
    ['PUT', '/b/k', {}, 'PutObject', 's3:PutObject'],
    ['PUT', '/b/k', { 'x-amz-copy-source': 'b/j' }, 'CopyObject', 's3:GetObject s3:PutObject'],
    ['POST', '/b/k?uploads', {}, 'CreateMultipartUpload', 's3:PutObject'],
    ['PUT', '/b/k?partNumber=1&uploadId=u', {}, 'UploadPart', 's3:PutObject'],
    ['DELETE', '/b/k?uploadId=u', {}, 'AbortMultipartUpload', 's3:AbortMultipartUpload'],
    ['DELETE', '/b/k', {}, 'DeleteObject', 's3:DeleteObject'],
    ['PUT', '/b?lifecycle', {}, 'PutBucketLifecycleConfiguration', 's3:PutLifecycleConfiguration'],
  ])('takes %s %s for one operation', (method, target, headers, operation, actions) => {
    const call = recognizeS3(method, target, headers);
    expect(call.operation).toBe(operation);
    expect(
      s3Permissions(call)
        .map(({ action }) => action)
        .join(' '),
    ).toBe(actions);
  });

  it.each([
    ['PUT', '/b/k?tagging'],
    ['PUT', '/b/k?acl'],
    ['PUT', '/b/k?renameObject'],
    ['PUT', '/b/k?partNumber=1'],
    ['GET', '/b/k?versionId=v'],
    ['GET', '/b/k?attributes'],
    ['GET', '/b?uploads'],
    ['PUT', '/b?versioning'],
    ['DELETE', '/b'],
    ['POST', '/b/k'],
    ['PATCH', '/b/k'],
  ])('refuses %s %s, which the engine would take for something else', (method, target) => {
    expect(() => recognizeS3(method, target, {})).toThrow(AwsRefusal);
  });

  it('reads the headers that a presigned URL carries in its query', () => {
    const call = recognizeS3(
      'PUT',
      '/b/k?X-Amz-Signature=s&x-amz-meta-epoch=7&x-amz-checksum-crc32=AA%3D',
      {},
    );
    expect(call.headers).toEqual({ 'x-amz-meta-epoch': '7', 'x-amz-checksum-crc32': 'AA=' });
    expect(() => recognizeS3('PUT', '/b/k?x-amz-tagging=a', {})).toThrow(/x-amz-tagging/);
  });

  it('refuses a bucket that is expected to belong to another account', () => {
    const headers = { 'x-amz-expected-bucket-owner': '111111111111' };
    expect(() => recognizeS3('GET', '/b/k', headers)).toThrow(/Access Denied/);
  });
});

describe('VerifiedBody', () => {
  const body = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
  const edges = fc.array(fc.nat(2000), { maxLength: 8 });

  it('passes every body on unchanged, however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(body, edges, async (bytes, at) => {
        const digests = new BodyDigests({
          'x-amz-checksum-sha256': sha256(bytes),
          'x-amz-checksum-crc32': crc(bytes),
          'x-amz-content-sha256': Buffer.from(sha256(bytes), 'base64').toString('hex'),
        });
        const passed = Readable.from(cut(bytes, at)).pipe(new VerifiedBody(digests, false));
        expect((await buffer(passed)).equals(bytes)).toBe(true);
      }),
    );
  });

  it('never lets the end of a body through that is not what was stated', async () => {
    await fc.assert(
      fc.asyncProperty(body, edges, async (bytes, at) => {
        const other = Buffer.concat([bytes, Buffer.from('x')]);
        const stream = new VerifiedBody(new BodyDigests({ 'x-amz-checksum-sha256': sha256(bytes) }), false);
        let passed = 0;
        stream.on('data', (chunk: Buffer) => {
          passed += chunk.length;
        });
        const failed = new Promise((resolve) => stream.on('error', resolve));
        Readable.from(cut(other, at)).pipe(stream);
        expect(await failed).toMatchObject({ kind: 'badDigest' });
        expect(passed).toBeLessThan(other.length);
      }),
    );
  });

  it('reads aws-chunked framing and its trailing checksum, however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(body, edges, edges, fc.boolean(), async (bytes, chunks, at, right) => {
        const framed = Buffer.concat([
          ...cut(bytes, chunks).flatMap((chunk) => [
            Buffer.from(`${chunk.length.toString(16)}\r\n`),
            chunk,
            Buffer.from('\r\n'),
          ]),
          Buffer.from(`0\r\nx-amz-checksum-crc32:${right ? crc(bytes) : 'AAAABB=='}\r\n\r\n`),
        ]);
        const digests = new BodyDigests({}, 'x-amz-checksum-crc32');
        const passed = buffer(Readable.from(cut(framed, at)).pipe(new VerifiedBody(digests, true)));
        if (right) {
          expect((await passed).equals(framed)).toBe(true);
        } else {
          await expect(passed).rejects.toMatchObject({ kind: 'badDigest' });
        }
      }),
    );
  });

  it.each(['', '5\r\nhel', '5\r\nhello\r\n', 'zz\r\n', '0\r\n'])('refuses the framing %j', async (framed) => {
    const stream = new VerifiedBody(new BodyDigests({}), true);
    stream.end(framed);
    await expect(buffer(stream)).rejects.toMatchObject({ kind: 'malformed' });
  });
});
