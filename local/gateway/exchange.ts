import type { IncomingMessage, ServerResponse } from 'node:http';
import { AccessCheck } from './access.ts';
import type { Forwarder } from './forward.ts';
import type { GatewayOptions } from './options.ts';
import { AwsRefusal } from './refusals.ts';
import type { SignatureClaim } from './sigv4.ts';
import { verifySignature } from './sigv4.ts';

/** One call on its way through the gateway, with what has been learnt of it. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly options: GatewayOptions;
  readonly forwarder: Forwarder;
  readonly gatewayUrl: string;
  /**
   * Aborted when the exchange ends: the caller has its answer, or has disconnected. Then the resources of the
   * exchange are freed.
   */
  readonly over: AbortSignal;
  service: string;
  operation: string;
  principal: string | undefined;
}

export const signedPart = (request: IncomingMessage) => ({
  method: request.method ?? 'GET',
  target: request.url ?? '/',
  headers: request.headers,
});

/** Verifies the signature over the payload hash given, and returns what its signer may do. */
export const authenticate = (exchange: Exchange, claim: SignatureClaim, payloadHash: string): AccessCheck => {
  const { principals, authorize, clock = Date.now } = exchange.options;
  const { roleId } = verifySignature(signedPart(exchange.request), claim, { principals, clock, payloadHash });
  exchange.principal = roleId;
  return new AccessCheck(roleId, authorize);
};

/** All headers, lists joined as HTTP joins them. */
export const flatHeaders = (request: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(request.headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, [value].flat().join(',')]],
    ),
  );

/** The engine's URL, or the refusal of a service that has none. */
export const engineOf = (service: string, url: string | undefined): string => {
  if (url === undefined) {
    throw new AwsRefusal('unknownOperation', `the service ${service} is not available locally`);
  }
  return url;
};
