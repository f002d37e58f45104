/** Every reason for which the gateway itself refuses a call. */
export type AwsRefusalKind =
  | 'missingAuthentication'
  | 'unknownAccessKey'
  | 'signatureMismatch'
  | 'expired'
  | 'clockSkew'
  | 'accessDenied'
  | 'unknownOperation'
  | 'malformed'
  | 'badDigest'
  | 'tooLarge'
  | 'engineFailed'
  | 'engineTooSlow';

export class AwsRefusal extends Error {
  readonly kind: AwsRefusalKind;

  constructor(kind: AwsRefusalKind, message: string) {
    super(message);
    this.name = 'AwsRefusal';
    this.kind = kind;
  }
}

/** Of an engine that is down, or that closed the connection. */
export const engineUnreachable = (): AwsRefusal =>
  new AwsRefusal('engineFailed', 'the local engine could not be reached');

/** The wire formats that errors are written in: S3's XML, the JSON protocols, and the older Query XML. */
export type Protocol = 's3' | 'json' | 'query';

interface Shape {
  readonly status: number;
  readonly code: string;
}

/** What S3 answers, from its list of error responses. */
const S3_SHAPES: Record<AwsRefusalKind, Shape> = {
  missingAuthentication: { status: 403, code: 'AccessDenied' },
  unknownAccessKey: { status: 403, code: 'InvalidAccessKeyId' },
  signatureMismatch: { status: 403, code: 'SignatureDoesNotMatch' },
  expired: { status: 403, code: 'AccessDenied' },
  clockSkew: { status: 403, code: 'RequestTimeTooSkewed' },
  accessDenied: { status: 403, code: 'AccessDenied' },
  unknownOperation: { status: 501, code: 'NotImplemented' },
  malformed: { status: 400, code: 'InvalidRequest' },
  badDigest: { status: 400, code: 'BadDigest' },
  tooLarge: { status: 400, code: 'EntityTooLarge' },
  engineFailed: { status: 500, code: 'InternalError' },
  engineTooSlow: { status: 503, code: 'SlowDown' },
};

/** The errors common to AWS's JSON and Query services. */
const COMMON_SHAPES: Record<AwsRefusalKind, Shape> = {
  missingAuthentication: { status: 400, code: 'MissingAuthenticationTokenException' },
  unknownAccessKey: { status: 400, code: 'UnrecognizedClientException' },
  signatureMismatch: { status: 400, code: 'InvalidSignatureException' },
  expired: { status: 400, code: 'InvalidSignatureException' },
  clockSkew: { status: 400, code: 'InvalidSignatureException' },
  accessDenied: { status: 400, code: 'AccessDeniedException' },
  unknownOperation: { status: 400, code: 'UnknownOperationException' },
  malformed: { status: 400, code: 'SerializationException' },
  badDigest: { status: 400, code: 'InvalidSignatureException' },
  tooLarge: { status: 413, code: 'RequestEntityTooLargeException' },
  engineFailed: { status: 500, code: 'InternalFailure' },
  engineTooSlow: { status: 503, code: 'ServiceUnavailableException' },
};

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Writes a refusal the way the called service would, so that SDK clients raise the same error as on AWS. */
export const renderAwsRefusal = (refusal: AwsRefusal, protocol: Protocol): Answer => {
  const { status, code } = protocol === 's3' ? S3_SHAPES[refusal.kind] : COMMON_SHAPES[refusal.kind];
  const message = escapeXml(refusal.message);
  switch (protocol) {
    case 's3':
      return {
        status,
        headers: { 'content-type': 'application/xml' },
        body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`,
      };
    case 'json':
      return {
        status,
        headers: {
          'content-type': 'application/x-amz-json-1.0',
          'x-amzn-errortype': code,
          // SQS clients name their errors by this header, left over from its Query protocol.
          'x-amzn-query-error': `${code.replace(/Exception$/, '')};${status < 500 ? 'Sender' : 'Receiver'}`,
        },
        body: JSON.stringify({ __type: `com.amazon.coral.service#${code}`, message: refusal.message }),
      };
    case 'query':
      return {
        status,
        headers: { 'content-type': 'text/xml' },
        body: `<ErrorResponse><Error><Type>Sender</Type><Code>${code.replace(/Exception$/, '')}</Code><Message>${message}</Message></Error></ErrorResponse>`,
      };
  }
};

const XML_ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

const escapeXml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => XML_ESCAPES[character] ?? '');
