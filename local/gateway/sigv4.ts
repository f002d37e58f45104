import { createHmac, createSecretKey, hash, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { Principal, Principals } from './principals.ts';
import { AwsRefusal } from './refusals.ts';

/**
 * Verification of AWS Signature Version 4, from the IAM user guide's "Create a signed AWS API request".
 * Own code because the published packages only sign: to verify a presigned URL with one means to undo its
 * moving of headers into the query first, which is longer than the algorithm.
 */

const ALGORITHM = 'AWS4-HMAC-SHA256';
const MAX_SKEW_MS = 15 * 60_000;
const MAX_PRESIGNED_SECONDS = 7 * 24 * 3600;

/** The parts of a request that a signature covers, as they came over the wire. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query exactly as received, still encoded. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface SignatureClaim {
  readonly presigned: boolean;
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** `YYYYMMDDTHHMMSSZ` as signed. */
  readonly timestamp: string;
  /** Seconds that a presigned URL is good for. */
  readonly expiresSeconds: number | undefined;
}

const hmac = (key: KeyObject, data: string): Buffer => createHmac('sha256', key).update(data).digest();

/** RFC 3986 encoding as SigV4 wants it: all but letters, digits and `-._~`. */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new AwsRefusal('malformed', 'the request target is not validly percent-encoded');
  }
};

/** Splits a request target into its raw path and its decoded query pairs, in order. */
export const splitTarget = (target: string): { path: string; query: [name: string, value: string][] } => {
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const rest = mark < 0 ? '' : target.slice(mark + 1);
  const query = rest
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair): [string, string] => {
      const equals = pair.indexOf('=');
      return equals < 0
        ? [decode(pair), '']
        : [decode(pair.slice(0, equals)), decode(pair.slice(equals + 1))];
    });
  return { path, query };
};

const parseCredential = (
  credential: string,
): {
  accessKeyId: string;
  date: string;
  region: string;
  service: string;
} => {
  const [accessKeyId, date, region, service, terminator, ...rest] = credential.split('/');
  if (!accessKeyId || !date || !region || !service || terminator !== 'aws4_request' || rest.length > 0) {
    throw new AwsRefusal('missingAuthentication', 'the credential scope is malformed');
  }
  return { accessKeyId, date, region, service };
};

/** Reads the claim from the Authorization header or from a presigned query; nothing is verified yet. */
export const readClaim = (request: SignedRequest): SignatureClaim => {
  const authorization = request.headers.authorization;
  if (typeof authorization === 'string') {
    const match =
      /^AWS4-HMAC-SHA256\s+Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]+)$/.exec(
        authorization,
      );
    const timestamp = request.headers['x-amz-date'];
    const [, credential, signedHeaders, signature] = match ?? [];
    if (!credential || !signedHeaders || !signature || typeof timestamp !== 'string') {
      throw new AwsRefusal('missingAuthentication', 'the Authorization header is not a SigV4 signature');
    }
    return {
      presigned: false,
      ...parseCredential(credential),
      signedHeaders: signedHeaders.split(';'),
      signature,
      timestamp,
      expiresSeconds: undefined,
    };
  }
  const query = new Map(splitTarget(request.target).query);
  const field = (name: string): string => {
    const value = query.get(name);
    if (value === undefined) {
      throw new AwsRefusal('missingAuthentication', 'the request is not signed');
    }
    return value;
  };
  if (field('X-Amz-Algorithm') !== ALGORITHM) {
    throw new AwsRefusal('missingAuthentication', 'only AWS4-HMAC-SHA256 is supported');
  }
  const expiresSeconds = Number(field('X-Amz-Expires'));
  if (!Number.isInteger(expiresSeconds) || expiresSeconds < 1 || expiresSeconds > MAX_PRESIGNED_SECONDS) {
    throw new AwsRefusal('malformed', 'X-Amz-Expires is between 1 second and a week');
  }
  return {
    presigned: true,
    ...parseCredential(field('X-Amz-Credential')),
    signedHeaders: field('X-Amz-SignedHeaders').split(';'),
    signature: field('X-Amz-Signature'),
    timestamp: field('X-Amz-Date'),
    expiresSeconds,
  };
};

const parseTimestamp = (timestamp: string): number => {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(timestamp);
  if (match === null) {
    throw new AwsRefusal('missingAuthentication', 'the signing time is malformed');
  }
  const [, year, month, day, hour, minute, second] = match;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
};

/** S3 signs the path as sent, encoded once; every other service signs it encoded twice. */
const canonicalPath = (path: string, service: string): string => {
  const encodeSegment = service === 's3' ? (segment: string) => encode(decode(segment)) : encode;
  return path.split('/').map(encodeSegment).join('/') || '/';
};

const canonicalQuery = (query: readonly [string, string][]): string => {
  return query
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([a, x], [b, y]) => (a === b ? (x < y ? -1 : 1) : a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
};

const canonicalHeaders = (request: SignedRequest, names: readonly string[]): string => {
  return names
    .map((name) => {
      const value = [request.headers[name] ?? ''].flat().join(',');
      return `${name}:${value.trim().replace(/\s+/g, ' ')}\n`;
    })
    .join('');
};

/** Signatures must cover the host and every `x-amz-` header, or those could be changed on the way. */
const requireCoverage = (request: SignedRequest, claim: SignatureClaim): void => {
  const must = ['host', ...Object.keys(request.headers).filter((name) => name.startsWith('x-amz-'))];
  const left = must.find((name) => !claim.signedHeaders.includes(name));
  if (left !== undefined) {
    throw new AwsRefusal(
      'accessDenied',
      `There were headers present in the request which were not signed: ${left}`,
    );
  }
};

const requireFresh = (claim: SignatureClaim, nowMs: number): void => {
  const signedAt = parseTimestamp(claim.timestamp);
  if (!claim.timestamp.startsWith(claim.date)) {
    throw new AwsRefusal('signatureMismatch', 'the signing time is not on the credential scope’s day');
  }
  if (signedAt - nowMs > MAX_SKEW_MS) {
    throw new AwsRefusal('clockSkew', 'Signature not yet current: the signing time is in the future');
  }
  if (claim.expiresSeconds !== undefined) {
    if (nowMs >= signedAt + claim.expiresSeconds * 1000) {
      throw new AwsRefusal('expired', 'Request has expired');
    }
  } else if (nowMs - signedAt > MAX_SKEW_MS) {
    throw new AwsRefusal('clockSkew', 'Signature expired: the signing time is more than 15 minutes ago');
  }
};

/**
 * Signing keys by access key and scope. A day has one for each function and service. As key objects: with a buffer for a
 * key, Node takes six times as long for a digest.
 */
const signingKeys = new Map<string, { readonly secret: string; readonly key: KeyObject }>();
const MAX_SIGNING_KEYS = 1_000;

/** Four digests, made once a day and not for each call. */
const signingKeyOf = ({ secretAccessKey: secret }: Principal, claim: SignatureClaim): KeyObject => {
  const { accessKeyId, date, region, service } = claim;
  const name = [accessKeyId, date, region, service].join('/');
  const known = signingKeys.get(name);
  if (known?.secret === secret) return known.key;
  const key = [date, region, service, 'aws4_request'].reduce(
    (previous, part) => createSecretKey(hmac(previous, part)),
    createSecretKey(`AWS4${secret}`, 'utf8'),
  );
  if (signingKeys.size >= MAX_SIGNING_KEYS) signingKeys.clear();
  signingKeys.set(name, { secret, key });
  return key;
};

interface VerifyOptions {
  readonly principals: Pick<Principals, 'byAccessKeyId'>;
  /** Wall clock, milliseconds since the epoch. */
  readonly clock: () => number;
  /** Hex SHA-256 of the body, or the literal that the client signed in its place. */
  readonly payloadHash: string;
}

/** Returns who signed the request, or throws the refusal that AWS would give. */
export const verifySignature = (
  request: SignedRequest,
  claim: SignatureClaim,
  options: VerifyOptions,
): Principal => {
  const principal = options.principals.byAccessKeyId(claim.accessKeyId);
  if (principal === undefined) {
    throw new AwsRefusal('unknownAccessKey', 'The security token included in the request is invalid.');
  }
  const { path, query } = splitTarget(request.target);
  const canonicalRequest = [
    request.method,
    canonicalPath(path, claim.service),
    canonicalQuery(query),
    canonicalHeaders(request, claim.signedHeaders),
    claim.signedHeaders.join(';'),
    options.payloadHash,
  ].join('\n');
  const scope = `${claim.date}/${claim.region}/${claim.service}/aws4_request`;
  const stringToSign = [ALGORITHM, claim.timestamp, scope, hash('sha256', canonicalRequest)].join('\n');
  const expected = hmac(signingKeyOf(principal, claim), stringToSign);
  const actual = Buffer.from(claim.signature, 'hex');
  if (actual.length !== expected.length || !timingSafeEqual(actual, expected)) {
    throw new AwsRefusal(
      'signatureMismatch',
      'The request signature we calculated does not match the signature you provided.',
    );
  }
  requireCoverage(request, claim);
  requireFresh(claim, options.clock());
  return principal;
};
