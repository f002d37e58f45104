import { ACCOUNT_ID, bucketArn, objectArn } from '../../iam/arn.ts';
import type { RequestContext } from '../../iam/conditions.ts';
import type { Permission } from '../permissions/permission.ts';
import { AwsRefusal } from '../refusals.ts';
import { splitTarget } from '../sigv4.ts';
import type { NamedObject } from './delete-body.ts';

/** An S3 request, as far as it must be understood to be let through. */
export interface S3Call {
  readonly operation: S3OperationName;
  readonly bucket: string;
  /** Empty for calls on a bucket or on the service. */
  readonly key: string;
  /** Query parameters other than the signature's and the SDK's own. */
  readonly query: ReadonlyMap<string, string>;
  /** Headers in lower case, with those that a presigned URL carries in its query. */
  readonly headers: Readonly<Record<string, string>>;
}

interface Operation {
  readonly name: string;
  readonly method: string;
  readonly on: 'service' | 'bucket' | 'object';
  /** Query parameters that make a request this operation. */
  readonly marks: readonly string[];
  /** Query parameters that the engine understands besides. */
  readonly options?: readonly string[];
  /** Whether the request copies: S3 distinguishes these by a header only. */
  readonly copies?: boolean;
}

const RESPONSE_OVERRIDES = [
  'response-content-type',
  'response-content-disposition',
  'response-cache-control',
];

/**
 * All that is let through to the engine. It answers 200 to calls that it does not support, and takes some
 * for others (PutObjectTagging for PutObject), so a request that is not exactly one of these is refused.
 */
const OPERATIONS = [
  { name: 'ListBuckets', method: 'GET', on: 'service', marks: [] },
  { name: 'CreateBucket', method: 'PUT', on: 'bucket', marks: [] },
  { name: 'HeadBucket', method: 'HEAD', on: 'bucket', marks: [] },
  {
    name: 'ListObjectsV2',
    method: 'GET',
    on: 'bucket',
    marks: ['list-type'],
    options: ['prefix', 'delimiter', 'max-keys', 'start-after', 'continuation-token'],
  },
  {
    name: 'ListObjectVersions',
    method: 'GET',
    on: 'bucket',
    marks: ['versions'],
    options: ['prefix', 'max-keys'],
  },
  { name: 'GetBucketLifecycleConfiguration', method: 'GET', on: 'bucket', marks: ['lifecycle'] },
  { name: 'PutBucketLifecycleConfiguration', method: 'PUT', on: 'bucket', marks: ['lifecycle'] },
  { name: 'DeleteObjects', method: 'POST', on: 'bucket', marks: ['delete'] },
  {
    name: 'GetObject',
    method: 'GET',
    on: 'object',
    marks: [],
    options: ['partNumber', ...RESPONSE_OVERRIDES],
  },
  { name: 'HeadObject', method: 'HEAD', on: 'object', marks: [], options: ['partNumber'] },
  { name: 'PutObject', method: 'PUT', on: 'object', marks: [], copies: false },
  { name: 'CopyObject', method: 'PUT', on: 'object', marks: [], copies: true },
  { name: 'DeleteObject', method: 'DELETE', on: 'object', marks: [] },
  { name: 'CreateMultipartUpload', method: 'POST', on: 'object', marks: ['uploads'] },
  { name: 'UploadPart', method: 'PUT', on: 'object', marks: ['uploadId', 'partNumber'], copies: false },
  { name: 'UploadPartCopy', method: 'PUT', on: 'object', marks: ['uploadId', 'partNumber'], copies: true },
  { name: 'CompleteMultipartUpload', method: 'POST', on: 'object', marks: ['uploadId'] },
  { name: 'AbortMultipartUpload', method: 'DELETE', on: 'object', marks: ['uploadId'] },
] as const satisfies readonly Operation[];

type S3OperationName = (typeof OPERATIONS)[number]['name'];

const SIGNATURE_QUERY = new Set([
  'x-amz-algorithm',
  'x-amz-credential',
  'x-amz-date',
  'x-amz-expires',
  'x-amz-signedheaders',
  'x-amz-signature',
  'x-amz-security-token',
  'x-amz-user-agent',
]);

/** `x-amz-` headers that mean something to the engine or nothing to the result; it drops others silently. */
const SUPPORTED_HEADERS = [
  /^x-amz-(content-sha256|date|security-token|user-agent)$/,
  /^x-amz-(meta-.+|checksum-(crc32|crc32c|crc64nvme|sha1|sha256|mode|algorithm))$/,
  /^x-amz-(sdk-checksum-algorithm|trailer|decoded-content-length|mp-object-size)$/,
  /^x-amz-(copy-source|copy-source-range|metadata-directive|expected-bucket-owner)$/,
];

const refuseUnsupportedHeaders = (
  { name: operation, method }: Pick<Operation, 'name' | 'method'>,
  headers: Readonly<Record<string, string>>,
): void => {
  for (const [name, value] of Object.entries(headers)) {
    const harmless =
      (name === 'x-amz-server-side-encryption' && value === 'AES256') ||
      (name === 'x-amz-checksum-type' && value === 'COMPOSITE');
    if (name.startsWith('x-amz-') && !harmless && !SUPPORTED_HEADERS.some((known) => known.test(name))) {
      throw new AwsRefusal('unknownOperation', `the header ${name} is not available locally`);
    }
    const isCondition = name === 'if-match' || name === 'if-none-match';
    const isCreation = operation === 'PutObject' && name === 'if-none-match' && value === '*';
    if (method !== 'GET' && method !== 'HEAD' && isCondition && !isCreation) {
      throw new AwsRefusal('unknownOperation', `${operation} under this condition is not available locally`);
    }
  }
  const owner = headers['x-amz-expected-bucket-owner'];
  if (owner !== undefined && owner !== ACCOUNT_ID) {
    throw new AwsRefusal('accessDenied', 'Access Denied');
  }
};

const decodeSegment = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new AwsRefusal('malformed', 'the key is not validly percent-encoded');
  }
};

/** Recognizes a path-style S3 request, or refuses it as NotImplemented. */
export const recognizeS3 = (
  method: string,
  target: string,
  headers: Readonly<Record<string, string>>,
): S3Call => {
  const { path, query: pairs } = splitTarget(target);
  const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(path) ?? [];
  const query = new Map<string, string>();
  const all: Record<string, string> = { ...headers };
  for (const [name, value] of pairs) {
    const lower = name.toLowerCase();
    if (SIGNATURE_QUERY.has(lower) || lower === 'x-id') {
      continue;
    }
    if (lower.startsWith('x-amz-')) {
      all[lower] = value;
    } else {
      query.set(name, value);
    }
  }
  const on = bucket === '' ? 'service' : key === '' ? 'bucket' : 'object';
  const copies = all['x-amz-copy-source'] !== undefined;
  const found = OPERATIONS.find((operation: Operation) => {
    const names = [...operation.marks, ...(operation.options ?? [])];
    return (
      operation.method === method &&
      operation.on === on &&
      operation.marks.every((mark) => query.has(mark)) &&
      [...query.keys()].every((name) => names.includes(name)) &&
      (operation.copies ?? copies) === copies
    );
  });
  if (found === undefined) {
    const named = [...query.keys()].join(', ') || 'no parameters';
    throw new AwsRefusal('unknownOperation', `S3 ${method} on ${on} with ${named} is not available locally`);
  }
  refuseUnsupportedHeaders(found, all);
  return {
    operation: found.name,
    bucket: decodeSegment(bucket),
    key: decodeSegment(key),
    query,
    headers: all,
  };
};

const copySource = (call: S3Call): string => {
  const [bucket = '', ...key] = decodeSegment(call.headers['x-amz-copy-source'] ?? '')
    .replace(/^\//, '')
    .split('/');
  return objectArn(bucket, key.join('/'));
};

/** The condition keys of a listing. */
const listContext = (call: S3Call): RequestContext => {
  return Object.fromEntries(
    ['prefix', 'delimiter', 'max-keys'].flatMap((name) => {
      const value = call.query.get(name);
      return value === undefined ? [] : [[`s3:${name}`, value]];
    }),
  );
};

const deletion = (action: string, bucket: string, objects: readonly NamedObject[]): Permission => ({
  action,
  resources: objects.map(({ key }) => objectArn(bucket, key)),
});

/**
 * The IAM actions and ARNs that an S3 call is checked on, from "Required permissions for Amazon S3 API
 * operations".
 * @param objects what DeleteObjects names in its body
 */
export const s3Permissions = (call: S3Call, objects: readonly NamedObject[] = []): Permission[] => {
  const bucket = [bucketArn(call.bucket)];
  const object = [objectArn(call.bucket, call.key)];
  switch (call.operation) {
    case 'ListBuckets':
      return [{ action: 's3:ListAllMyBuckets', resources: ['*'] }];
    case 'CreateBucket':
      return [{ action: 's3:CreateBucket', resources: bucket }];
    case 'HeadBucket':
    case 'ListObjectsV2':
      return [{ action: 's3:ListBucket', resources: bucket, context: listContext(call) }];
    case 'GetBucketLifecycleConfiguration':
      return [{ action: 's3:GetLifecycleConfiguration', resources: bucket }];
    case 'PutBucketLifecycleConfiguration':
      return [{ action: 's3:PutLifecycleConfiguration', resources: bucket }];
    case 'DeleteObjects':
      return [
        deletion(
          's3:DeleteObject',
          call.bucket,
          objects.filter(({ versionId }) => versionId === undefined),
        ),
        deletion(
          's3:DeleteObjectVersion',
          call.bucket,
          objects.filter(({ versionId }) => versionId !== undefined),
        ),
      ].filter(({ resources }) => resources.length > 0);
    case 'ListObjectVersions':
      return [{ action: 's3:ListBucketVersions', resources: bucket, context: listContext(call) }];
    case 'GetObject':
    case 'HeadObject':
      return [{ action: 's3:GetObject', resources: object }];
    case 'DeleteObject':
      return [{ action: 's3:DeleteObject', resources: object }];
    case 'CopyObject':
    case 'UploadPartCopy':
      return [
        { action: 's3:GetObject', resources: [copySource(call)] },
        { action: 's3:PutObject', resources: object },
      ];
    case 'PutObject':
    case 'CreateMultipartUpload':
    case 'UploadPart':
    case 'CompleteMultipartUpload':
      return [{ action: 's3:PutObject', resources: object }];
    case 'AbortMultipartUpload':
      return [{ action: 's3:AbortMultipartUpload', resources: object }];
  }
};
