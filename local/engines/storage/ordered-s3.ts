// fauxqs exports no store; it is reached by file, as in fauxqs.ts.
import { S3Store } from '../../../node_modules/fauxqs/dist/s3/s3Store.js';

/** S3 lists keys in binary order; fauxqs sorts them by locale but pages in binary order, and so skips keys. */
export class OrderedS3Store extends S3Store {
  override listObjects(...[bucket, options = {}]: Parameters<S3Store['listObjects']>): Listing {
    // biome-ignore lint/complexity/useLiteralKeys: declared private; brackets keep its type
    const objects = this['buckets'].get(bucket);
    if (objects === undefined) {
      return super.listObjects(bucket, options);
    }
    const { prefix = '', delimiter, maxKeys = 1000, startAfter = options.marker ?? '' } = options;
    const listing: Listing = { objects: [], commonPrefixes: [], isTruncated: false };
    const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > startAfter).sort(binary);
    for (const key of keys) {
      const end = delimiter ? key.indexOf(delimiter, prefix.length) : -1;
      const folder = end < 0 ? undefined : key.slice(0, end + (delimiter ?? '').length);
      if (folder !== undefined && (folder === listing.commonPrefixes.at(-1) || folder <= startAfter)) {
        continue;
      }
      if (listing.objects.length + listing.commonPrefixes.length >= maxKeys) {
        return { ...listing, isTruncated: true };
      }
      const object = objects.get(key);
      if (folder !== undefined) {
        listing.commonPrefixes.push(folder);
      } else if (object !== undefined) {
        listing.objects.push(object);
      }
    }
    return listing;
  }
}

type Listing = ReturnType<S3Store['listObjects']>;
const binary = (a: string, b: string): number => (a < b ? -1 : 1);
