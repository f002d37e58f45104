import { SIGNATURE_HEADER, TIMESTAMP_HEADER } from './signature.ts';

/** Which headers a webhook's `customHeaders` may not set, and why. */

/** They frame the request or steer the connection: one more of them makes every request malformed. */
const OF_THE_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Berth sets them. */
const OF_BERTH: ReadonlySet<string> = new Set([
  'content-type',
  'user-agent',
  'x-webhook-hmac',
  'x-webhook-hmac-algorithm',
  'x-webhook-request-id',
  SIGNATURE_HEADER,
  TIMESTAMP_HEADER,
]);

/** The reason why this header cannot be set, with its name; undefined if it can. */
export const refusedHeader = (name: string): string | undefined => {
  const lower = name.toLowerCase();
  if (OF_THE_CONNECTION.has(lower)) return `${name} belongs to the connection and cannot be set`;
  if (OF_BERTH.has(lower)) return `${name} is set by Berth`;
  return undefined;
};
