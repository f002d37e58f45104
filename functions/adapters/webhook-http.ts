import { lookup as dnsLookup } from 'node:dns';
import { request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import {
  addressIn,
  allowsLoopback,
  isPublicAddress,
  publicLookup,
} from '../../core/access/public-address.ts';

/** The endpoint is not one that may be called; trying again changes nothing. */
export class ForbiddenAddress extends Error {
  override readonly name = 'ForbiddenAddress';
}

type Post = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
  readonly allowLoopback: boolean;
  /** Loopback ports that may not be called although loopback is allowed. */
  readonly refusedPorts: readonly number[];
};

type PostAnswer = { readonly status: number; readonly retryAfter?: string };

/**
 * POSTs to an address on the public Internet and to no other: private, loopback, link-local and metadata addresses
 * are refused on the address that is really connected to, so that a name that resolves differently the second time
 * (DNS rebinding) gains nothing. Redirects are not followed. Answers the status and the header Retry-After.
 */
export const postPublic = ({ url, headers, body, timeoutMs, ...rules }: Post): Promise<PostAnswer> => {
  const target = new URL(url);
  const allowLoopback = allowsLoopback(target, rules);
  const address = addressIn(target);
  if (address !== undefined && !isPublicAddress(address, allowLoopback)) return Promise.reject(forbidden());
  const options: RequestOptions = {
    method: 'POST',
    headers: { ...headers, 'content-length': Buffer.byteLength(body) },
    lookup: publicLookup(dnsLookup, allowLoopback, forbidden),
    signal: AbortSignal.timeout(timeoutMs),
  };
  const send = target.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = send(target, options, (response) => {
      // The body is of no interest, and an endless one must not be read.
      response.destroy();
      const retryAfter = response.headers['retry-after'];
      resolve({ status: response.statusCode ?? 0, ...(retryAfter === undefined ? {} : { retryAfter }) });
    });
    request.on('error', reject);
    request.end(body);
  });
};

const forbidden = () => new ForbiddenAddress('The webhook resolves to a forbidden address.');
