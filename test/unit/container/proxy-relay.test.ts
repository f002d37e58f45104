/** A session's proxy is reached by the rules of webhooks, and says nothing about ports that it cannot use. */
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type Server as TcpServer,
} from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { Log } from '../../../container/base/log.ts';
import {
  openProxyRelay,
  PROXY_UNUSABLE,
  type ProxyRelay,
  type ProxyRules,
  shownReason,
} from '../../../container/browser/proxy-relay.ts';

const nothing = () => {};
const log: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing, hide: nothing };
const LOCAL: ProxyRules = { allowLoopback: true, refusedPorts: [] };
const DEPLOYED: ProxyRules = { allowLoopback: false, refusedPorts: [] };

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const listening = async (server: Server | TcpServer): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as AddressInfo).port;
};

/** A proxy that answers every request itself. */
const startProxy = async () => {
  const seen: string[] = [];
  const port = await listening(
    createServer((asked, response) => {
      seen.push(asked.url ?? '');
      response.setHeader('connection', 'close').end('through the proxy');
    }),
  );
  return { port, seen };
};

const openRelay = async (server: string, rules: ProxyRules): Promise<ProxyRelay> => {
  const relay = await openProxyRelay(server, rules, log);
  closing.push(() => relay.close());
  return relay;
};

/** The response to a browser that sends a request through the relay. */
const through = (relay: ProxyRelay): Promise<string> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(relay.server);
    const options = { hostname, port, path: 'http://web.whatsapp.com/', agent: false };
    request(options, (response: IncomingMessage) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve(text));
    })
      .on('error', () => resolve('closed'))
      .end();
  });

test('the browser reaches the proxy through the relay', async () => {
  const proxy = await startProxy();
  for (const server of [`127.0.0.1:${proxy.port}`, `http://localhost:${proxy.port}`])
    expect(await through(await openRelay(server, LOCAL))).toBe('through the proxy');
  expect(proxy.seen).toEqual(['http://web.whatsapp.com/', 'http://web.whatsapp.com/']);
});

test('a deployed worker reaches no loopback, private or metadata address, in any notation', async () => {
  const proxy = await startProxy();
  for (const host of ['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1'])
    expect(await through(await openRelay(`http://${host}:${proxy.port}`, DEPLOYED))).toBe('closed');
  for (const host of ['169.254.169.254', '169.254.170.2', '10.0.0.1', '192.168.1.1', '[fd00:ec2::254]'])
    expect(await through(await openRelay(`http://${host}:80`, DEPLOYED))).toBe('closed');
  expect(proxy.seen).toEqual([]);
});

test('the local system’s own ports are refused if loopback is allowed', async () => {
  const proxy = await startProxy();
  const rules = { allowLoopback: true, refusedPorts: [proxy.port] };
  expect(await through(await openRelay(`127.0.0.1:${proxy.port}`, rules))).toBe('closed');
  expect(proxy.seen).toEqual([]);
});

test('a refused address, a closed port and an open one that is no proxy look the same', async () => {
  const mute = await listening(createTcpServer((socket) => socket.destroy()));
  const gone = createTcpServer();
  const closed = await listening(gone);
  await new Promise((resolve) => gone.close(resolve));
  closing.pop();
  for (const server of ['10.0.0.1:80', `127.0.0.1:${closed}`, `127.0.0.1:${mute}`])
    expect(await through(await openRelay(server, LOCAL))).toBe('closed');
});

test('the caller’s answer names no error of the network', () => {
  for (const code of ['ERR_PROXY_CONNECTION_FAILED', 'ERR_TUNNEL_CONNECTION_FAILED', 'ERR_EMPTY_RESPONSE'])
    expect(shownReason(`given up after 3 restarts: net::${code} at https://web.whatsapp.com`, true)).toBe(
      PROXY_UNUSABLE,
    );
  expect(shownReason('given up after 3 restarts: net::ERR_TIMED_OUT', false)).toMatch(/ERR_TIMED_OUT/);
  expect(shownReason('the page crashed', true)).toBe('the page crashed');
  expect(shownReason(undefined, true)).toBeUndefined();
});

test('connections end with the relay', async () => {
  const held = await listening(createTcpServer(() => {}));
  const relay = await openRelay(`127.0.0.1:${held}`, LOCAL);
  const socket = connect(Number(new URL(relay.server).port), '127.0.0.1');
  await new Promise((resolve) => socket.once('connect', resolve));
  const ended = new Promise((resolve) => socket.once('close', resolve));
  relay.close();
  await ended;
});
