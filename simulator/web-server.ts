/** web.whatsapp.com: the page, its script, its stream and its calls, over TLS. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Exchange } from './exchange.ts';
import { answer, answerJson, FILE_BODY_LIMIT, readBytes, readJson } from './http.ts';
import { callSchema, connectSchema } from './protocol.ts';
import { CallRefusal } from './refusal.ts';
import type { TlsIdentity } from './tls.ts';

type WebServerOptions = {
  readonly exchange: Exchange;
  readonly tls: TlsIdentity;
  readonly page: { readonly html: string; readonly script: string };
  readonly onDefect: (error: unknown) => void;
};

export const webServer = (options: WebServerOptions): Server => {
  const { exchange, tls } = options;
  const server = createServer({ cert: tls.cert, key: tls.key }, (request, response) => {
    handle(options, request, response).catch((error: unknown) => {
      options.onDefect(error);
      if (!response.headersSent) answerJson(response, 500, { error: 'internal' });
      else response.destroy();
    });
  });
  // A network that is down for all pages refuses the TCP connection.
  server.on('connection', (socket) => {
    if (exchange.pages.network().mode === 'offline') socket.destroy();
  });
  return server;
};

const handle = async (
  { exchange, page }: WebServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'https://web.whatsapp.com');
  const network = exchange.pages.network();
  if (network.mode === 'offline') return void request.socket.destroy();
  if (network.mode === 'slow') await sleep(network.delayMs);

  switch (`${request.method} ${pathname}`) {
    case 'GET /':
      return answer(response, 200, 'text/html', htmlOf(page.html, exchange));
    case 'GET /app.js':
      return answer(response, 200, 'text/javascript', page.script);
    case 'POST /sim/connect':
      return connect(exchange, request, response);
    case 'POST /sim/call':
      return call(exchange, request, response);
    case 'POST /sim/media':
      return upload(exchange, request, response);
    case 'GET /sim/media':
      return download(exchange, searchParams.get('path') ?? '', response);
    case 'GET /sim/never':
      return;
    default:
      return answer(response, 404, 'text/plain', 'not found');
  }
};

/** The HTML of the build that is served now: all that follows in the page depends on it, not on the server. */
const htmlOf = (html: string, { build, faults }: Exchange): string => {
  return html.replace('<html', `<html data-build="${build}" data-missing-module="${faults.missingModule}"`);
};

const connect = async (
  exchange: Exchange,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const asked = connectSchema.safeParse(await readJson(request));
  if (!asked.success) return answerJson(response, 400, { error: 'bad-request' });
  if (exchange.pages.network(asked.data.identityKey).mode === 'offline') return void request.socket.destroy();

  response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
  const connection = exchange.connect(asked.data, {
    write: (line) => void (response.writableEnded || response.destroyed || response.write(line)),
    end: () => response.end(),
  });
  response.on('close', () => connection.close());
};

const call = async (
  exchange: Exchange,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const asked = callSchema.safeParse(await readJson(request));
  if (!asked.success) return answerJson(response, 400, { error: 'bad-request' });
  const connection = exchange.pages.get(asked.data.connection);
  if (!connection) return answerJson(response, 410, { error: 'connection-closed' });
  if (connection.network.mode === 'slow') await sleep(connection.network.delayMs);
  try {
    answerJson(response, 200, await exchange.call(connection, asked.data.call));
  } catch (error) {
    if (!(error instanceof CallRefusal)) throw error;
    answerJson(response, error.status, { error: error.message });
  }
};

/** WhatsApp's file servers, at the page's own origin. */
const upload = async (
  exchange: Exchange,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const bytes = await readBytes(request, FILE_BODY_LIMIT);
  if (!bytes || bytes.length === 0) return answerJson(response, 400, { error: 'bad-request' });
  answerJson(response, 200, exchange.upload(bytes));
};

const download = (exchange: Exchange, path: string, response: ServerResponse): void => {
  const bytes = exchange.download(path);
  if (!bytes) {
    answerJson(response, 404, { error: 'not-found' });
    return;
  }
  response
    .writeHead(200, { 'content-type': 'application/octet-stream', 'cache-control': 'no-store' })
    .end(bytes);
};
