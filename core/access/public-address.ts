/**
 * Which addresses may be called on behalf of a caller (webhooks, files by URL): those of the public Internet. Applied
 * to the address that is really connected to, so that a name that resolves differently the second time (DNS rebinding)
 * gains nothing.
 */
import ipaddr from 'ipaddr.js';

const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/** Neither private, loopback, link-local nor a cloud's metadata; loopback if a local system allows it. */
export const isPublicAddress = (address: string, allowLoopback: boolean): boolean => {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  const range = parsed.range();
  if (range === 'loopback') return allowLoopback;
  // Of IPv6 only 2000::/3 is assigned to the public Internet (IANA); the rest is reserved or translates into IPv4.
  return range === 'unicast' && (parsed.kind() === 'ipv4' || parsed.match(GLOBAL_UNICAST));
};

/** Whether loopback is allowed for this URL: the local system's own ports never are. */
export const allowsLoopback = (
  url: URL,
  rules: { readonly allowLoopback: boolean; readonly refusedPorts: readonly number[] },
): boolean => {
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  return rules.allowLoopback && !rules.refusedPorts.includes(port);
};

/** A URL's host as an address, if it is one: no name is looked up then, so no look-up can refuse it. */
export const addressIn = (url: URL): string | undefined => {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return ipaddr.isValid(host) ? host : undefined;
};

type Found = { readonly address: string; readonly family: number };
type Options = { readonly all?: boolean | undefined };
type Callback<A> = (error: Error | null, address: A, family?: number) => void;

/**
 * A look-up for `node:http` and `node:https` that refuses a name of which any address is not public.
 *
 * @param lookup Node's own, of all addresses
 * @param forbidden the error that it refuses with
 */
export const publicLookup =
  <O extends Options>(
    lookup: (
      hostname: string,
      options: O & { all: true },
      callback: (error: Error | null, addresses: Found[]) => void,
    ) => void,
    allowLoopback: boolean,
    forbidden: () => Error,
  ) =>
  (hostname: string, options: O, callback: Callback<string | Found[]>): void =>
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '', 0);
      const [first] = addresses;
      if (!first || addresses.some(({ address }) => !isPublicAddress(address, allowLoopback)))
        return callback(forbidden(), '', 0);
      if (options.all) return callback(null, addresses);
      callback(null, first.address, first.family);
    });
