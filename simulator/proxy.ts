/**
 * A proxy in the way: an HTTP proxy with a login, through which the simulated WhatsApp can be reached and nothing else. A
 * browser behind it looks no name up by itself, so its resolver rules don't lead it there.
 */
import { timingSafeEqual } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { WHATSAPP_HOST } from './tls.ts';

type ProxyCounts = { readonly connections: number; readonly refused: number };

export type ProxyServer = {
  readonly server: Server;
  readonly username: string;
  readonly password: string;
  /** Its address; once it listens. */
  url(): string;
  counts(): ProxyCounts;
  /** Ends every tunnel: they are no longer the server's. */
  cut(): void;
};

/**
 * @param webPort the port of the simulated WhatsApp Web; undefined until it does
 */
export const simulatorProxy = (webPort: () => number, random: (bytes: number) => string): ProxyServer => {
  const username = 'berth';
  const password = random(12);
  const wanted = Buffer.from(`Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`);
  const tunnels = new Set<Socket>();
  let connections = 0;
  let refused = 0;

  const mayPass = (header: string | undefined): boolean => {
    const given = Buffer.from(header ?? '');
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  };

  const server = createServer((_request, response) => {
    response.writeHead(405, { 'content-type': 'text/plain' }).end('This proxy opens tunnels only.\n');
  });
  server.on('connect', (request, client, head) => {
    client.on('error', () => client.destroy());
    if (!mayPass(request.headers['proxy-authorization'])) {
      refused += 1;
      client.end(
        'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="simulator"\r\nContent-Length: 0\r\n\r\n',
      );
      return;
    }
    if (request.url !== `${WHATSAPP_HOST}:443`) {
      refused += 1;
      client.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    connections += 1;
    const upstream = connect(webPort(), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      if (head.length > 0) upstream.write(head);
      upstream.pipe(client);
      client.pipe(upstream);
    });
    tunnels.add(upstream);
    upstream.on('error', () => client.destroy());
    upstream.on('close', () => {
      tunnels.delete(upstream);
      client.destroy();
    });
    client.on('close', () => upstream.destroy());
  });

  return {
    server,
    username,
    password,
    url() {
      const address = server.address();
      return `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`;
    },
    counts: () => ({ connections, refused }),
    cut() {
      for (const tunnel of tunnels) tunnel.destroy();
    },
  };
};
