/**
 * Versions of objects, which fauxqs does not know: if the template turns versioning on, an object that is replaced or
 * deleted stays readable by its version, and a deletion leaves a marker, as in S3. Noncurrent versions and markers
 * lie in their own bucket beside the real one, so they persist the way objects do.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { LifecycleRule } from '../../assembly/model.ts';
import { OrderedS3Store } from './ordered-s3.ts';

type S3Object = ReturnType<OrderedS3Store['getObject']>;

export type ObjectVersion = {
  readonly key: string;
  readonly versionId: string;
  readonly isLatest: boolean;
  readonly isMarker: boolean;
  readonly lastModified: Date;
  readonly etag: string;
  readonly size: number;
};

const MARKER = 'berth-delete-marker';
/** Between a key and its version, in the bucket beside. */
const SEPARATOR = '//';
const ALL = { maxKeys: Number.MAX_SAFE_INTEGER };

const besideOf = (bucket: string): string =>
  `versions-${createHash('sha256').update(bucket).digest('hex').slice(0, 24)}`;

/** The same as long as the object is not replaced. */
const versionIdOf = ({ key, etag, lastModified }: S3Object): string =>
  createHash('sha256').update(`${key} ${etag} ${lastModified.getTime()}`).digest('hex').slice(0, 32);

const systemOf = ({ contentLanguage, contentDisposition, cacheControl, contentEncoding }: S3Object) => ({
  ...(contentLanguage === undefined ? {} : { contentLanguage }),
  ...(contentDisposition === undefined ? {} : { contentDisposition }),
  ...(cacheControl === undefined ? {} : { cacheControl }),
  ...(contentEncoding === undefined ? {} : { contentEncoding }),
});

export class VersionedS3Store extends OrderedS3Store {
  /** By bucket: the one beside it. */
  readonly #beside = new Map<string, string>();

  /** From now on the bucket keeps versions. */
  keepVersions(bucket: string): void {
    const beside = besideOf(bucket);
    this.createBucket(beside);
    this.#beside.set(bucket, beside);
  }

  override listBuckets(): ReturnType<OrderedS3Store['listBuckets']> {
    const hidden = new Set(this.#beside.values());
    return super.listBuckets().filter(({ name }) => !hidden.has(name));
  }

  override putObject(...args: Parameters<OrderedS3Store['putObject']>): S3Object {
    this.#keep(args[0], args[1]);
    return super.putObject(...args);
  }

  override completeMultipartUpload(
    ...args: Parameters<OrderedS3Store['completeMultipartUpload']>
  ): ReturnType<OrderedS3Store['completeMultipartUpload']> {
    // biome-ignore lint/complexity/useLiteralKeys: declared private; brackets keep its type
    const upload = this['multipartUploads'].get(args[0]);
    if (upload) this.#keep(upload.bucket, upload.key);
    return super.completeMultipartUpload(...args);
  }

  override deleteObject(bucket: string, key: string): void {
    const beside = this.#beside.get(bucket);
    if (beside !== undefined) {
      this.#keep(bucket, key);
      const marker = `${key}${SEPARATOR}${randomBytes(16).toString('hex')}`;
      super.putObject(beside, marker, Buffer.alloc(0), undefined, { [MARKER]: 'true' });
    }
    super.deleteObject(bucket, key);
  }

  /** Whether the key has a current version. */
  has(bucket: string, key: string): boolean {
    return this.#current(bucket, key) !== undefined;
  }

  /** Puts the current version, if there is one, beside. */
  #keep(bucket: string, key: string): void {
    const beside = this.#beside.get(bucket);
    const current = beside === undefined ? undefined : this.#current(bucket, key);
    if (beside === undefined || current === undefined) return;
    const { body, contentType, metadata } = this.getObject(bucket, key);
    const name = `${key}${SEPARATOR}${versionIdOf(current)}`;
    super.putObject(beside, name, body, contentType, metadata, systemOf(current));
  }

  #current(bucket: string, key: string): S3Object | undefined {
    // biome-ignore lint/complexity/useLiteralKeys: declared private; brackets keep its type
    return this['buckets'].get(bucket)?.get(key);
  }

  /** All versions and markers under a prefix, by key, the latest first. */
  listVersions(bucket: string, prefix: string): ObjectVersion[] {
    const current = this.listObjects(bucket, { ...ALL, prefix }).objects.map((object) => ({
      key: object.key,
      versionId: versionIdOf(object),
      isLatest: true,
      isMarker: false,
      lastModified: object.lastModified,
      etag: object.etag,
      size: object.contentLength,
    }));
    const present = new Set(current.map(({ key }) => key));
    const beside = this.#beside.get(bucket);
    const kept = beside === undefined ? [] : this.listObjects(beside, { ...ALL, prefix }).objects;
    const old = kept
      .map((object) => {
        const at = object.key.lastIndexOf(SEPARATOR);
        return {
          key: object.key.slice(0, at),
          versionId: object.key.slice(at + SEPARATOR.length),
          isLatest: false,
          isMarker: object.metadata[MARKER] !== undefined,
          lastModified: object.lastModified,
          etag: object.etag,
          size: object.contentLength,
        };
      })
      .sort(
        (a, b) =>
          b.lastModified.getTime() - a.lastModified.getTime() || Number(b.isMarker) - Number(a.isMarker),
      );
    // Of a key without an object, the newest of what is beside is the latest: the marker of its deletion.
    const latest = old.map((version, n) => ({
      ...version,
      isLatest: !present.has(version.key) && old.findIndex(({ key }) => key === version.key) === n,
    }));
    return [...current, ...latest].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  }

  /** Deletes one version or marker permanently. One that is not there is success. */
  deleteVersion(bucket: string, key: string, versionId: string): void {
    const current = this.#current(bucket, key);
    const beside = this.#beside.get(bucket);
    if (current !== undefined && versionIdOf(current) === versionId) super.deleteObject(bucket, key);
    else if (beside !== undefined) super.deleteObject(beside, `${key}${SEPARATOR}${versionId}`);
  }

  /**
   * Deletes noncurrent versions that have expired, and markers that hide nothing any more.
   *
   * @param isDue whether a rule's number of days has passed since a moment
   */
  expireVersions(
    bucket: string,
    isDue: (key: string, since: Date, days: (rule: LifecycleRule) => number | undefined) => boolean,
  ): number {
    const beside = this.#beside.get(bucket);
    if (beside === undefined) return 0;
    let count = 0;
    for (const { key, versionId, isMarker, isLatest, lastModified } of this.listVersions(bucket, '')) {
      if (isMarker || isLatest || !isDue(key, lastModified, (rule) => rule.expireNoncurrentDays)) continue;
      this.deleteVersion(bucket, key, versionId);
      count += 1;
    }
    const left = this.listVersions(bucket, '');
    for (const { key, versionId, isMarker } of left)
      if (isMarker && !left.some((other) => other.key === key && !other.isMarker))
        this.deleteVersion(bucket, key, versionId);
    return count;
  }
}
