import type { IncomingMessage } from 'node:http';
import { bucketArn } from '../../iam/arn.ts';
import type { AccessCheck } from '../access.ts';
import type { Exchange } from '../exchange.ts';
import { authenticate, engineOf, flatHeaders } from '../exchange.ts';
import { endToEndHeaders, readBody, relay } from '../forward.ts';
import { AwsRefusal } from '../refusals.ts';
import type { SignatureClaim } from '../sigv4.ts';
import { VerifiedBody } from './body.ts';
import { objectsToDelete } from './delete-body.ts';
import { BodyDigests } from './digests.ts';
import type { S3Call } from './operations.ts';
import { recognizeS3, s3Permissions } from './operations.ts';

/** The engine holds a whole request body in memory; larger objects go up in parts. */
const MAX_S3_BODY_BYTES = 256 * 1024 * 1024;
/** A DeleteObjects request names at most 1,000 keys of at most 1,024 bytes. */
const MAX_XML_BODY_BYTES = 2 * 1024 * 1024;
const S3_DEADLINE_MS = 60_000;

/** Payload hashes that a client may sign in place of the body's; signed chunks are not read here. */
const UNSIGNED_PAYLOADS = new Set(['UNSIGNED-PAYLOAD', 'STREAMING-UNSIGNED-PAYLOAD-TRAILER']);

/** Serves an S3 call, header-signed or presigned: bodies are streamed both ways, their checksums verified. */
export const serveS3 = async (exchange: Exchange, claim: SignatureClaim): Promise<void> => {
  const { request, options } = exchange;
  const access = authenticate(exchange, claim, payloadHash(request));
  const call = recognizeS3(request.method ?? 'GET', request.url ?? '/', flatHeaders(request));
  exchange.operation = call.operation;
  await carryOut(call, exchange, access, engineOf('s3', options.engines.s3Url));
};

const payloadHash = (request: IncomingMessage): string => {
  const stated = request.headers['x-amz-content-sha256'] ?? 'UNSIGNED-PAYLOAD';
  if (typeof stated !== 'string' || !(UNSIGNED_PAYLOADS.has(stated) || /^[0-9a-f]{64}$/.test(stated))) {
    throw new AwsRefusal('unknownOperation', `the payload form ${stated} is not available locally`);
  }
  return stated;
};

const carryOut = async (
  call: S3Call,
  { request, response, forwarder, over, options }: Exchange,
  access: AccessCheck,
  engineUrl: string,
): Promise<void> => {
  refuseUnsizedBody(request, call);
  const awsChunked = (call.headers['content-encoding'] ?? '').includes('aws-chunked');
  const digests = new BodyDigests(call.headers, call.headers['x-amz-trailer']);
  let body: Buffer | { source: IncomingMessage; through: VerifiedBody };
  if (call.operation === 'DeleteObjects') {
    body = await readBody(request, MAX_XML_BODY_BYTES);
    digests.update(body);
    digests.verify();
    access.require(s3Permissions(call, objectsToDelete(body.toString('utf8'))));
  } else {
    access.require(s3Permissions(call));
    body = { source: request, through: new VerifiedBody(digests, awsChunked) };
  }
  const answer = await forwarder.send({
    engineUrl,
    method: request.method ?? 'GET',
    target: request.url ?? '/',
    headers: endToEndHeaders(call.headers),
    body,
    deadlineMs: options.deadlineMs ?? S3_DEADLINE_MS,
    over,
  });
  const reads = call.operation === 'GetObject' || call.operation === 'HeadObject';
  if (reads && answer.statusCode === 404) {
    hideAbsence(call, answer, access);
  }
  await relay(answer, response, reads && answer.statusCode === 200 ? responseOverrides(call) : {});
};

/** S3 wants an object's length beforehand, and answers NotImplemented to chunked transfer coding without it. */
const refuseUnsizedBody = (request: IncomingMessage, call: S3Call): void => {
  const decodedLength = call.headers['x-amz-decoded-content-length'];
  if (request.headers['transfer-encoding'] !== undefined && decodedLength === undefined) {
    throw new AwsRefusal(
      'unknownOperation',
      'A header you provided implies functionality that is not implemented: Transfer-Encoding',
    );
  }
  if (Number(decodedLength ?? call.headers['content-length'] ?? 0) > MAX_S3_BODY_BYTES) {
    throw new AwsRefusal('tooLarge', 'Your proposed upload exceeds the maximum allowed size');
  }
};

/** To a caller who may not list the bucket, S3 does not distinguish an absent key from a forbidden one. */
const hideAbsence = (call: S3Call, answer: IncomingMessage, access: AccessCheck): void => {
  const listing = [{ action: 's3:ListBucket', resources: [bucketArn(call.bucket)] }];
  if (!access.allows(listing)) {
    answer.resume();
    access.require(listing);
  }
};

const responseOverrides = (call: S3Call): Record<string, string> => {
  return Object.fromEntries(
    [...call.query].flatMap(([name, value]) =>
      name.startsWith('response-') ? [[name.slice('response-'.length), value]] : [],
    ),
  );
};
