import { describe, expect, it } from 'vitest';
import { AwsRefusal } from '../../../local/gateway/refusals.ts';
import { readClaim, type SignedRequest, verifySignature } from '../../../local/gateway/sigv4.ts';

/** The examples of "Signature calculations for the Authorization header" and "Authenticating requests: using query parameters". */
const SIGNER = {
  roleId: 'example',
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
const SIGNED_AT = Date.UTC(2013, 4, 24);
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const principals = {
  byAccessKeyId: (id: string) => (id === SIGNER.accessKeyId ? SIGNER : undefined),
};

const headerSigned: SignedRequest = {
  method: 'GET',
  target: '/test.txt',
  headers: {
    host: 'examplebucket.s3.amazonaws.com',
    range: 'bytes=0-9',
    'x-amz-content-sha256': EMPTY,
    'x-amz-date': '20130524T000000Z',
    authorization:
      'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  },
};
const presigned: SignedRequest = {
  method: 'GET',
  target:
    '/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
  headers: { host: 'examplebucket.s3.amazonaws.com' },
};

const verify = (request: SignedRequest, payloadHash: string, nowMs = SIGNED_AT) =>
  verifySignature(request, readClaim(request), { principals, clock: () => nowMs, payloadHash });
const refusal = (work: () => unknown): string | undefined => {
  try {
    work();
    return undefined;
  } catch (error) {
    return error instanceof AwsRefusal ? error.kind : String(error);
  }
};

describe('verifySignature', () => {
  it("accepts the signatures of AWS's own examples", () => {
    expect(verify(headerSigned, EMPTY)).toBe(SIGNER);
    expect(verify(presigned, 'UNSIGNED-PAYLOAD')).toBe(SIGNER);
  });

  it.each<[string, Partial<SignedRequest>]>([
    ['method', { method: 'PUT' }],
    ['path', { target: '/test.txt2' }],
    ['query', { target: '/test.txt?versionId=1' }],
    ['signed header', { headers: { ...headerSigned.headers, range: 'bytes=0-8' } }],
    ['host', { headers: { ...headerSigned.headers, host: 'other' } }],
  ])('refuses a request whose %s was changed', (_part, change) => {
    expect(refusal(() => verify({ ...headerSigned, ...change }, EMPTY))).toBe('signatureMismatch');
  });

  it('refuses a body other than the signed one', () => {
    expect(refusal(() => verify(headerSigned, 'UNSIGNED-PAYLOAD'))).toBe('signatureMismatch');
  });

  it('refuses a header that was added and could change the meaning', () => {
    const added = { ...headerSigned, headers: { ...headerSigned.headers, 'x-amz-meta-a': 'b' } };
    expect(refusal(() => verify(added, EMPTY))).toBe('accessDenied');
  });

  it('lets a presigned request live to its last second and not beyond', () => {
    const end = SIGNED_AT + 86_400_000;
    expect(refusal(() => verify(presigned, 'UNSIGNED-PAYLOAD', end - 1))).toBeUndefined();
    expect(refusal(() => verify(presigned, 'UNSIGNED-PAYLOAD', end))).toBe('expired');
  });

  it('refuses signing times more than 15 minutes off either way', () => {
    const quarter = 15 * 60_000;
    expect(refusal(() => verify(headerSigned, EMPTY, SIGNED_AT + quarter))).toBeUndefined();
    expect(refusal(() => verify(headerSigned, EMPTY, SIGNED_AT + quarter + 1))).toBe('clockSkew');
    expect(refusal(() => verify(headerSigned, EMPTY, SIGNED_AT - quarter - 1))).toBe('clockSkew');
    expect(refusal(() => verify(presigned, 'UNSIGNED-PAYLOAD', SIGNED_AT - quarter - 1))).toBe('clockSkew');
  });
});

describe('readClaim', () => {
  const { headers } = headerSigned;
  it.each<[string, SignedRequest]>([
    ['unsigned', { ...headerSigned, headers: { host: 'h' } }],
    ['signed another way', { ...headerSigned, headers: { ...headers, authorization: 'Basic eDp5' } }],
    ['without a date', { ...headerSigned, headers: { ...headers, 'x-amz-date': undefined } }],
    [
      'of a broken scope',
      {
        ...headerSigned,
        headers: {
          ...headers,
          authorization: headers.authorization?.toString().replace('aws4_request', 'x'),
        },
      },
    ],
  ])('refuses a request that is %s', (_what, request) => {
    expect(refusal(() => readClaim(request))).toBe('missingAuthentication');
  });

  it.each(['0', '-1', '604801', '1.5', 'x'])('refuses a presigned life of %s seconds', (seconds) => {
    const target = presigned.target.replace('Expires=86400', `Expires=${seconds}`);
    expect(refusal(() => readClaim({ ...presigned, target }))).toBe('malformed');
  });
});
