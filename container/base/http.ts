/**
 * One HTTP exchange by Node's own client. The worker does not use `fetch`: loading it takes a third of the time between
 * a worker's start and its first call, and it holds several MB for as long as the worker lives.
 */
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';

export type HttpRequest = {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Bounds the whole exchange, the body of the response too. */
  readonly timeoutMs: number;
  /** Called once the request has been handed to the system. */
  readonly onSent?: (() => void) | undefined;
};

export type HttpResponse = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Must be read to its end or destroyed: an unread body keeps its connection. */
  readonly body: IncomingMessage;
};

/** Rejects if there is no response, and for a redirect: neither the worker API nor storage answers with one. */
export const exchange = async (
  url: string,
  { method, headers = {}, body, timeoutMs, onSent }: HttpRequest,
): Promise<HttpResponse> => {
  const send = url.startsWith('https:') ? httpsRequest : httpRequest;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = send(url, { method, headers: { ...headers }, signal: AbortSignal.timeout(timeoutMs) });
    request.once('response', resolve);
    // Not once: an abort after the response has arrived is reported here and at the response.
    request.on('error', reject);
    if (onSent) request.once('finish', onSent);
    request.end(body);
  });
  const { statusCode: status = 0 } = response;
  if (status >= 300 && status < 400) {
    response.destroy();
    throw new Error(`answered with a redirect (${status})`);
  }
  return { status, headers: response.headers, body: response };
};

/** The whole body of a response as text. */
export const readText = ({ body }: Pick<HttpResponse, 'body'>): Promise<string> => text(body);
