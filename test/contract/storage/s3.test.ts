import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLifecycleConfigurationCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { everything, type Stack, startStack } from './support/stack.ts';

const slices = (body: Buffer, size: number): Buffer[] => {
  return Array.from({ length: Math.ceil(body.length / size) }, (_, index) =>
    body.subarray(index * size, (index + 1) * size),
  );
};

const Bucket = 'berth-auth';
const MIB = 1024 * 1024;
let stack: Stack;
let s3: S3Client;
let Key: string;

beforeAll(async () => {
  stack = await startStack();
  stack.storage.ensureBucket({ name: Bucket, lifecycle: [] });
  s3 = stack.s3(stack.role('writer', everything));
});
afterAll(() => stack.close());
beforeEach(() => {
  Key = `auth/${randomBytes(6).toString('hex')}`;
});

const bytesOf = async (key = Key, Range?: string): Promise<Buffer> => {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: key, ...(Range ? { Range } : {}) }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
};
const isThere = (key = Key): Promise<boolean> =>
  s3.send(new HeadObjectCommand({ Bucket, Key: key })).then(
    () => true,
    () => false,
  );

describe('objects', () => {
  it('come back as they were put, with their type and metadata', async () => {
    const Body = randomBytes(1000);
    await s3.send(
      new PutObjectCommand({ Bucket, Key, Body, ContentType: 'application/x-tar', Metadata: { epoch: '7' } }),
    );
    expect(await bytesOf()).toEqual(Body);
    expect(await bytesOf(Key, 'bytes=10-19')).toEqual(Body.subarray(10, 20));
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
    expect(head).toMatchObject({
      ContentLength: 1000,
      ContentType: 'application/x-tar',
      Metadata: { epoch: '7' },
    });
    expect(head.ETag).toBe(`"${createHash('md5').update(Body).digest('hex')}"`);
  });

  it('keep keys with spaces, percent signs, unicode and dots apart', async () => {
    const keys = ['a b', 'a%20b', 'a+b', 'ä/ö', "it's (here)!*", 'x/../y', 'ünï&=?#'].map(
      (k) => `${Key}/${k}`,
    );
    for (const key of keys) {
      await s3.send(new PutObjectCommand({ Bucket, Key: key, Body: key }));
    }
    for (const key of keys) {
      expect((await bytesOf(key)).toString()).toBe(key);
    }
    const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: `${Key}/` }));
    expect(Contents?.map((object) => object.Key)).toEqual(keys.toSorted());
  });

  it('are streamed whole at 20 MiB, by stream in one request and in parts', { timeout: 60_000 }, async () => {
    const Body = randomBytes(20 * MIB);
    await s3.send(
      new PutObjectCommand({
        Bucket,
        Key,
        Body: Readable.from(slices(Body, 64 * 1024)),
        ContentLength: Body.length,
      }),
    );
    expect((await bytesOf()).equals(Body)).toBe(true);

    const parts = `${Key}-parts`;
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: parts }));
    const uploaded = await Promise.all(
      slices(Body, 8 * MIB).map(async (part, index) => {
        const PartNumber = index + 1;
        const { ETag } = await s3.send(
          new UploadPartCommand({ Bucket, Key: parts, UploadId, PartNumber, Body: part }),
        );
        return { PartNumber, ETag };
      }),
    );
    await s3.send(
      new CompleteMultipartUploadCommand({
        Bucket,
        Key: parts,
        UploadId,
        MultipartUpload: { Parts: uploaded },
      }),
    );
    expect((await bytesOf(parts)).equals(Body)).toBe(true);
  });

  it('are copied, deleted one by one and many at once', async () => {
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'one' }));
    await s3.send(new CopyObjectCommand({ Bucket, Key: `${Key}-copy`, CopySource: `${Bucket}/${Key}` }));
    expect((await bytesOf(`${Key}-copy`)).toString()).toBe('one');
    await s3.send(new DeleteObjectCommand({ Bucket, Key }));
    expect(await isThere()).toBe(false);
    await s3.send(new PutObjectCommand({ Bucket, Key: `${Key}<&>`, Body: 'two' }));
    await s3.send(
      new DeleteObjectsCommand({
        Bucket,
        Delete: { Objects: [{ Key: `${Key}-copy` }, { Key: `${Key}<&>` }] },
      }),
    );
    expect(await isThere(`${Key}-copy`)).toBe(false);
    expect(await isThere(`${Key}<&>`)).toBe(false);
  });

  it('are listed in binary order, every one of them, over pages', async () => {
    const keys = ['B', 'a', 'A', 'b', '1', '_', 'z'].map((k) => `${Key}/${k}`);
    for (const key of keys) {
      await s3.send(new PutObjectCommand({ Bucket, Key: key, Body: '' }));
    }
    const seen: (string | undefined)[] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await s3.send(
        new ListObjectsV2Command({
          Bucket,
          Prefix: `${Key}/`,
          MaxKeys: 2,
          ...(ContinuationToken === undefined ? {} : { ContinuationToken }),
        }),
      );
      seen.push(...(page.Contents ?? []).map((object) => object.Key));
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
    expect(seen).toEqual(keys.toSorted());
    const folders = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'auth/', Delimiter: '/' }));
    expect(folders.CommonPrefixes?.map(({ Prefix }) => Prefix)).toContain(`${Key}/`);
  });
});

describe('checksums', () => {
  it.each([
    ['CRC32', { ChecksumCRC32: 'AAAAAA==' }],
    ['SHA-256', { ChecksumSHA256: createHash('sha256').update('other').digest('base64') }],
    ['MD5', { ContentMD5: createHash('md5').update('other').digest('base64') }],
  ])('that are wrong (%s) refuse the object and leave what was there', async (_name, stated) => {
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'before' }));
    await expect(
      s3.send(new PutObjectCommand({ Bucket, Key, Body: 'after', ...stated })),
    ).rejects.toMatchObject({ name: 'BadDigest' });
    expect((await bytesOf()).toString()).toBe('before');
  });
});

describe('calls that the engine does not carry out', () => {
  it('are refused and change nothing', async () => {
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'kept' }));
    const refused = { name: 'NotImplemented', $metadata: { httpStatusCode: 501 } };
    const tags = { TagSet: [{ Key: 'a', Value: 'b' }] };
    await expect(s3.send(new PutObjectTaggingCommand({ Bucket, Key, Tagging: tags }))).rejects.toMatchObject(
      refused,
    );
    await expect(s3.send(new GetObjectCommand({ Bucket, Key, VersionId: 'x' }))).rejects.toMatchObject(
      refused,
    );
    await expect(s3.send(new ListObjectVersionsCommand({ Bucket, KeyMarker: 'a' }))).rejects.toMatchObject(
      refused,
    );
    await expect(s3.send(new PutObjectCommand({ Bucket, Key, Tagging: 'a=b' }))).rejects.toMatchObject(
      refused,
    );
    await expect(s3.send(new PutObjectCommand({ Bucket, Key, IfMatch: '"x"' }))).rejects.toMatchObject(
      refused,
    );
    expect((await bytesOf()).toString()).toBe('kept');
  });
});

describe('buckets', () => {
  it('are there once made, however often they are made', async () => {
    stack.storage.ensureBucket({ name: Bucket, lifecycle: [] });
    await s3.send(new HeadBucketCommand({ Bucket }));
    const { Buckets } = await s3.send(new ListBucketsCommand());
    expect(Buckets?.filter(({ Name }) => Name === Bucket)).toHaveLength(1);
    await expect(s3.send(new HeadBucketCommand({ Bucket: 'berth-none' }))).rejects.toMatchObject({
      name: 'NotFound',
    });
  });

  it('give back the lifecycle configuration that they were given', async () => {
    const Rules = [
      { ID: 'old', Status: 'Enabled' as const, Filter: { Prefix: 'auth/' }, Expiration: { Days: 30 } },
    ];
    await s3.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }));
    expect((await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules).toEqual(Rules);
  });
});

describe('the lifecycle sweep', () => {
  const DAY = 24 * 3600_000;
  const rule = {
    id: 'r',
    enabled: true,
    prefix: '',
    expireDays: undefined,
    expireNoncurrentDays: undefined,
    abortUploadDays: undefined,
  };

  it('expires by prefix and age, aborts stale uploads, and leaves the rest', async () => {
    const bucket = 'berth-lifecycle';
    stack.storage.ensureBucket({
      name: bucket,
      lifecycle: [
        { ...rule, prefix: 'auth/', expireDays: 30 },
        { ...rule, prefix: 'media/', expireDays: 7 },
        { ...rule, prefix: 'keep/', expireDays: 1, enabled: false },
        { ...rule, abortUploadDays: 1 },
      ],
    });
    for (const key of ['auth/a', 'media/m', 'keep/k', 'other/o']) {
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: key }));
    }
    const { UploadId } = await s3.send(
      new CreateMultipartUploadCommand({ Bucket: bucket, Key: 'auth/part' }),
    );
    const left = async () => {
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
      return Contents.map(({ Key: key }) => key);
    };
    const now = Date.now();
    expect(stack.storage.sweepLifecycle(now)).toEqual({ expiredObjects: 0, abortedUploads: 0 });
    expect(stack.storage.sweepLifecycle(now + 2 * DAY)).toEqual({ expiredObjects: 0, abortedUploads: 1 });
    await expect(
      s3.send(
        new UploadPartCommand({ Bucket: bucket, Key: 'auth/part', UploadId, PartNumber: 1, Body: 'x' }),
      ),
    ).rejects.toMatchObject({ name: 'NoSuchUpload' });
    expect(stack.storage.sweepLifecycle(now + 8 * DAY)).toEqual({ expiredObjects: 1, abortedUploads: 0 });
    expect(await left()).toEqual(['auth/a', 'keep/k', 'other/o']);
    expect(stack.storage.sweepLifecycle(now + 29 * DAY)).toEqual({ expiredObjects: 0, abortedUploads: 0 });
    expect(stack.storage.sweepLifecycle(now + 31 * DAY)).toEqual({ expiredObjects: 1, abortedUploads: 0 });
    expect(await left()).toEqual(['keep/k', 'other/o']);
  });
});
