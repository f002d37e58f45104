/** Listens on loopback for the requests of one API, and for those that open a WebSocket. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { Problem, problemBody } from '../../contract/errors.ts';
import type { SocketApi } from '../websocket/api.ts';
import { splitTarget } from './event.ts';
import { type ApiOptions, HttpApi } from './http-api.ts';

/** A connection on which nothing moves for so long is closed, such as one whose caller does not read its answer. */
const SILENT_CONNECTION_MS = 65_000;
/** More than Node would let through by itself, so that the gateway's limit is the one that answers. */
const NODE_HEADER_BYTES = 64 * 1024;

export type ApiListener = {
  readonly url: string;
  readonly port: number;
  /** From now on requests are answered; until then they get a 503. */
  serve(options: ApiOptions): void;
  /**
   * From now on requests to open a WebSocket go there. An ordinary request to a path that it `serves` is rejected.
   */
  serveSockets(api: Pick<SocketApi, 'serves' | 'upgrade'>): void;
  /** Takes no new connections and lets requests end, for at most `graceMs`. */
  close(graceMs: number): Promise<void>;
};

/**
 * Listens on loopback before there is anything to serve: the template's values name the address, and a port in use is
 * found before anything else is started. Rejects with EADDRINUSE if it is.
 * @param port 0: any free port
 */
export const openApi = async (port: number): Promise<ApiListener> => {
  let api: HttpApi | undefined;
  let sockets: Pick<SocketApi, 'serves' | 'upgrade'> | undefined;
  const isForSockets = (request: IncomingMessage): boolean =>
    sockets?.serves(splitTarget(request.url ?? '/').rawPath) ?? false;
  const server = createServer(
    {
      maxHeaderSize: NODE_HEADER_BYTES,
      keepAliveTimeout: 60_000,
      requestTimeout: 30_000,
      // Other upgrades that clients offer, such as `h2c`, are ignored: the request is an ordinary one.
      shouldUpgradeCallback: (request) =>
        request.headers.upgrade?.toLowerCase() === 'websocket' && isForSockets(request),
    },
    (request, response) => {
      if (isForSockets(request)) {
        // As API Gateway answers an ordinary request to a WebSocket API.
        response.writeHead(403, { 'content-type': 'application/json' }).end('{"message":"Forbidden"}');
        return;
      }
      if (api === undefined) {
        const body = JSON.stringify(
          problemBody(
            new Problem('unavailable', 'Berth is starting.'),
            splitTarget(request.url ?? '/').rawPath,
            randomUUID(),
          ),
        );
        response.writeHead(503, { 'content-type': 'application/problem+json', 'retry-after': '2' }).end(body);
        return;
      }
      void api.serve(request, response);
    },
  );
  server.timeout = SILENT_CONNECTION_MS;
  server.on('upgrade', (request, stream, head) => void sockets?.upgrade(request, stream, head));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new Error('the API listens on no port');
  }
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    serve: (options) => {
      api = new HttpApi(options);
    },
    serveSockets: (served) => {
      sockets = served;
    },
    close: async (graceMs) => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const cut = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearTimeout(cut);
    },
  };
};
