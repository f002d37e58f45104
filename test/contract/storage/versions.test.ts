/** Versions in a bucket with versioning, through the gateway: as S3 keeps them, by who may see and delete them. */
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListBucketsCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { everything, type Stack, startStack } from './support/stack.ts';

const Bucket = 'berth-auth';
const DAY = 24 * 3600_000;
let stack: Stack;
let s3: S3Client;

beforeAll(async () => {
  stack = await startStack();
  stack.storage.ensureBucket({
    name: Bucket,
    versioned: true,
    lifecycle: [
      {
        id: 'replaced',
        enabled: true,
        prefix: '',
        expireDays: undefined,
        expireNoncurrentDays: 7,
        abortUploadDays: undefined,
      },
    ],
  });
  s3 = stack.s3(stack.role('writer', everything));
});
afterAll(() => stack.close());

const put = (Key: string, Body: string) => s3.send(new PutObjectCommand({ Bucket, Key, Body }));
const remove = (Key: string) =>
  s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key }], Quiet: true } }));
const versions = async (Prefix: string) => {
  const { Versions = [], DeleteMarkers = [] } = await s3.send(
    new ListObjectVersionsCommand({ Bucket, Prefix }),
  );
  return { Versions, DeleteMarkers };
};

it('keeps what was replaced and what was deleted, and marks the deletion', async () => {
  await put('auth/a/1', 'first');
  await put('auth/a/1', 'second & <more>');
  await remove('auth/a/1');
  await expect(s3.send(new GetObjectCommand({ Bucket, Key: 'auth/a/1' }))).rejects.toMatchObject({
    name: 'NoSuchKey',
  });
  const { Versions, DeleteMarkers } = await versions('auth/a/');
  expect(Versions.map(({ Key, IsLatest, Size }) => [Key, IsLatest, Size]).sort()).toEqual([
    ['auth/a/1', false, 15],
    ['auth/a/1', false, 5],
  ]);
  expect(DeleteMarkers.map(({ Key, IsLatest }) => [Key, IsLatest])).toEqual([['auth/a/1', true]]);
  expect((await s3.send(new ListBucketsCommand({}))).Buckets?.map(({ Name }) => Name)).toEqual([Bucket]);
});

it('deletes versions and markers by their ids permanently, and no others', async () => {
  await put('auth/b/1', 'x');
  await put('auth/bb/1', 'other');
  await remove('auth/b/1');
  const { Versions, DeleteMarkers } = await versions('auth/b/');
  const Objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }));
  expect(Objects).toHaveLength(2);
  await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
  expect(await versions('auth/b/')).toEqual({ Versions: [], DeleteMarkers: [] });
  expect((await versions('auth/bb/')).Versions).toHaveLength(1);
  await put('auth/b/2', 'current');
  const [current] = (await versions('auth/b/')).Versions;
  await s3.send(
    new DeleteObjectsCommand({
      Bucket,
      Delete: { Objects: [{ Key: current?.Key, VersionId: current?.VersionId }], Quiet: true },
    }),
  );
  expect(await versions('auth/b/'), 'the current version leaves no marker').toEqual({
    Versions: [],
    DeleteMarkers: [],
  });
});

it('checks separate permissions', async () => {
  await put('auth/c/1', 'x');
  await remove('auth/c/1');
  const object = `arn:aws:s3:::${Bucket}/auth/*`;
  const deleter = stack.s3(stack.role('deleter', { Action: 's3:DeleteObject', Resource: object }));
  await expect(
    deleter.send(new ListObjectVersionsCommand({ Bucket, Prefix: 'auth/c/' })),
  ).rejects.toMatchObject({
    name: 'AccessDenied',
  });
  const [old] = (await versions('auth/c/')).Versions;
  const Delete = { Objects: [{ Key: old?.Key, VersionId: old?.VersionId }], Quiet: true };
  await expect(deleter.send(new DeleteObjectsCommand({ Bucket, Delete }))).rejects.toMatchObject({
    name: 'AccessDenied',
  });
  const eraser = stack.s3(
    stack.role(
      'eraser',
      { Action: 's3:DeleteObjectVersion', Resource: object },
      {
        Action: 's3:ListBucketVersions',
        Resource: `arn:aws:s3:::${Bucket}`,
        Condition: { StringLike: { 's3:prefix': ['auth/*'] } },
      },
    ),
  );
  await eraser.send(new DeleteObjectsCommand({ Bucket, Delete }));
  const left = await eraser.send(new ListObjectVersionsCommand({ Bucket, Prefix: 'auth/c/' }));
  expect(left.Versions ?? []).toEqual([]);
  await expect(
    eraser.send(new ListObjectVersionsCommand({ Bucket, Prefix: 'media/' })),
  ).rejects.toMatchObject({
    name: 'AccessDenied',
  });
});

it('expires noncurrent versions by the rule, and then the marker that hides nothing', async () => {
  await put('auth/d/1', 'x');
  await remove('auth/d/1');
  await put('auth/e/1', 'stays');
  stack.storage.sweepLifecycle(Date.now() + 5 * DAY);
  expect((await versions('auth/d/')).Versions).toHaveLength(1);
  stack.storage.sweepLifecycle(Date.now() + 9 * DAY);
  expect(await versions('auth/d/')).toEqual({ Versions: [], DeleteMarkers: [] });
  expect((await versions('auth/e/')).Versions).toHaveLength(1);
});
