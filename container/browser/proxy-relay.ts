/**
 * The way from the browser to a session's proxy. The browser connects to a port of this process on loopback, and this
 * process connects to the proxy: only so can the address be judged that is really connected to (a name that resolves
 * differently the second time gains nothing), by the rules of webhooks and files.
 *
 * A proxy that may not be called, is not there or is no proxy looks the same: the browser's connection is closed. The
 * caller's answer does not say which, or a session would be a port scanner.
 */
import { lookup } from 'node:dns';
import { once } from 'node:events';
import { connect as connectTcp, createServer, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { parseProxy } from '../../contract/proxy.ts';
import { addressIn, isPublicAddress, publicLookup } from '../../core/access/public-address.ts';
import type { Log } from '../base/log.ts';

export type ProxyRules = {
  /** A local system's own addresses; never in a deployed one. */
  readonly allowLoopback: boolean;
  /** Loopback ports that nothing may be sent to although loopback is allowed. */
  readonly refusedPorts: readonly number[];
};

export type ProxyRelay = {
  /** For Chromium's `--proxy-server`. */
  readonly server: string;
  close(): void;
};

const CONNECT_MS = 10_000;
const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443, socks4: 1080, socks5: 1080 };

/** The error of a session that cannot use its proxy, for every reason. */
export const PROXY_UNUSABLE = 'WhatsApp Web could not be loaded through the proxy';

/** The reason as a caller may see it: with a proxy, a network error of the browser does not say which one it was. */
export const shownReason = (reason: string | undefined, proxied: boolean): string | undefined =>
  proxied && reason !== undefined && /net::ERR_/.test(reason) ? PROXY_UNUSABLE : reason;

/** Listens for the browser. @param server `host:port` or a URL, as it is stored */
export const openProxyRelay = async (
  server: string,
  { allowLoopback, refusedPorts }: ProxyRules,
  log: Log,
): Promise<ProxyRelay> => {
  const [, named, rest = server] = /^(\w+):\/\/(.*)$/s.exec(parseProxy(server)?.server ?? server) ?? [];
  const scheme = named ?? 'http';
  const target = new URL(`http://${rest}`);
  const host = target.hostname.replace(/^\[|\]$/g, '');
  // A URL of http leaves its default port out.
  const port = Number(/:(\d+)\/?$/.exec(rest)?.[1] ?? DEFAULT_PORTS[scheme] ?? 80);
  const loopback = allowLoopback && !refusedPorts.includes(port);
  const forbidden = () => new Error('the proxy leads to an address that may not be called');

  const open = (): Socket => {
    const address = addressIn(target);
    if (address !== undefined && !isPublicAddress(address, loopback)) throw forbidden();
    const options = { host, port, lookup: publicLookup(lookup, loopback, forbidden) };
    return scheme === 'https'
      ? connectTls({ ...options, ...(address === undefined ? { servername: host } : {}) })
      : connectTcp(options);
  };
  const sockets = new Set<Socket>();
  const relay = createServer((browser) => {
    sockets.add(browser);
    browser.on('error', () => browser.destroy()).on('close', () => sockets.delete(browser));
    let proxy: Socket;
    try {
      proxy = open();
    } catch (error) {
      log.warn('proxy refused', { error: String(error) });
      browser.destroy();
      return;
    }
    proxy.setTimeout(CONNECT_MS, () => proxy.destroy());
    proxy.once(scheme === 'https' ? 'secureConnect' : 'connect', () => proxy.setTimeout(0));
    proxy.on('error', (error) => {
      log.warn('proxy failed', { error: error.message });
      browser.destroy();
    });
    proxy.on('close', () => browser.destroy());
    browser.on('close', () => proxy.destroy());
    browser.pipe(proxy).pipe(browser);
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  const bound = relay.address();
  if (bound === null || typeof bound === 'string') throw new Error('the proxy relay listens on no port');
  // The relay speaks TLS to the proxy itself: the browser would not find the proxy's name in the certificate.
  const spoken = scheme === 'https' ? 'http' : scheme;
  return {
    server: `${spoken}://127.0.0.1:${bound.port}`,
    close: () => {
      relay.close();
      for (const socket of sockets) socket.destroy();
    },
  };
};
