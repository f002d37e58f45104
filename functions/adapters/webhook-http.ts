import { lookup as dnsLookup } from 'node:dns';
import { request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/** The endpoint is not one that may be called; trying again changes nothing. */
export class ForbiddenAddress extends Error {
  override readonly name = 'ForbiddenAddress';
}

export type Post = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
  readonly allowLoopback: boolean;
};

/**
 * POSTs to an address on the public Internet and to no other: private, loopback, link-local and metadata addresses
 * are refused on the address that is really connected to, so that a name that resolves differently the second time
 * (DNS rebinding) gains nothing. Redirects are not followed. Answers the status.
 */
export const postPublic = ({ url, headers, body, timeoutMs, allowLoopback }: Post): Promise<number> => {
  const target = new URL(url);
  const host = target.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) && !isAllowed(host, allowLoopback)) return Promise.reject(forbidden());
  const options: RequestOptions = {
    method: 'POST',
    headers: { ...headers, 'content-length': Buffer.byteLength(body) },
    lookup: guardedLookup(allowLoopback),
    signal: AbortSignal.timeout(timeoutMs),
  };
  const send = target.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = send(target, options, (response) => {
      // The body is of no interest, and an endless one must not be read.
      response.destroy();
      resolve(response.statusCode ?? 0);
    });
    request.on('error', reject);
    request.end(body);
  });
};

const forbidden = () => new ForbiddenAddress('The webhook resolves to an address that may not be called.');

const isAllowed = (address: string, allowLoopback: boolean): boolean => {
  if (!ipaddr.isValid(address)) return false;
  const range = ipaddr.process(address).range();
  return range === 'unicast' || (allowLoopback && range === 'loopback');
};

const guardedLookup =
  (allowLoopback: boolean): LookupFunction =>
  (hostname, options, callback) => {
    dnsLookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '', 0);
      const [first] = addresses;
      if (!first || addresses.some(({ address }) => !isAllowed(address, allowLoopback)))
        return callback(forbidden(), '', 0);
      if (options.all) return callback(null, addresses);
      callback(null, first.address, first.family);
    });
  };
