/** The two calls on versions that Berth makes, served in front of fauxqs: ListObjectVersions, DeleteObjects by version. */
import type { ObjectVersion, VersionedS3Store } from './versions.ts';

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

const escaped = (text: string): string => text.replace(/[<>&"']/g, (letter) => `&#${letter.charCodeAt(0)};`);

const element = (version: ObjectVersion): string => {
  const common =
    `<Key>${escaped(version.key)}</Key><VersionId>${version.versionId}</VersionId>` +
    `<IsLatest>${version.isLatest}</IsLatest><LastModified>${version.lastModified.toISOString()}</LastModified>`;
  return version.isMarker
    ? `<DeleteMarker>${common}</DeleteMarker>`
    : `<Version>${common}<ETag>${escaped(version.etag)}</ETag><Size>${version.size}</Size><StorageClass>STANDARD</StorageClass></Version>`;
};

/** The first `maxKeys`. To get more, a caller deletes these first: continuation markers are not supported. */
export const versionsXml = (
  store: VersionedS3Store,
  bucket: string,
  { prefix, maxKeys }: { readonly prefix: string; readonly maxKeys: number },
): string => {
  const versions = store.listVersions(bucket, prefix);
  const shown = versions.slice(0, maxKeys);
  return (
    `<?xml version="1.0" encoding="UTF-8"?><ListVersionsResult xmlns="${NAMESPACE}"><Name>${escaped(bucket)}</Name>` +
    `<Prefix>${escaped(prefix)}</Prefix><MaxKeys>${maxKeys}</MaxKeys><IsTruncated>${shown.length < versions.length}</IsTruncated>` +
    `${shown.map(element).join('')}</ListVersionsResult>`
  );
};

/** The answer of a quiet DeleteObjects. */
export const DELETED_XML = `<?xml version="1.0" encoding="UTF-8"?><DeleteResult xmlns="${NAMESPACE}"></DeleteResult>`;

/** The answer to a PutObject with `If-None-Match: *` for a key that is there. */
export const EXISTS_XML =
  '<?xml version="1.0" encoding="UTF-8"?><Error><Code>PreconditionFailed</Code><Message>At least one of the pre-conditions you specified did not hold</Message><Condition>If-None-Match</Condition></Error>';
