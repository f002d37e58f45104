/** The control port: the phone API for tests and the CLI, and the page on which a person holds the phone. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import * as z from 'zod';
import {
  type PhoneErrorCode,
  type PhoneOperation,
  type PhoneRequest,
  type PhoneResponse,
  type PhoneRoutes,
  phoneRoutes,
} from '../contract/phone/api.ts';
import { answer, answerJson, FILE_BODY_LIMIT, readJson } from './http.ts';
import { PhoneRefusal } from './refusal.ts';

/** The handler of each operation. */
export type PhoneHandlers = {
  readonly [K in PhoneOperation]: (request: PhoneRequest<K>) => PhoneResponse<K>;
};

type PhoneServerOptions = {
  readonly handlers: PhoneHandlers;
  readonly page: string;
  readonly onDefect: (error: unknown) => void;
};

const STATUS: Partial<Record<PhoneErrorCode, number>> = {
  bad_request: 400,
  code_malformed: 400,
  ambiguous_page: 409,
  code_mismatch: 409,
  wrong_account: 409,
  device_limit: 409,
  code_expired: 410,
  pairing_code_expired: 410,
  internal: 500,
};

export const phoneServer = (options: PhoneServerOptions): Server => {
  return createServer((request, response) => {
    handle(options, request, response).catch((error: unknown) => {
      if (!(error instanceof PhoneRefusal)) options.onDefect(error);
      const { code, message } =
        error instanceof PhoneRefusal ? error : { code: 'internal' as const, message: 'internal error' };
      answerJson(response, STATUS[code] ?? 404, { error: { code, message } });
    });
  });
};

const handle = async (
  options: PhoneServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  refuseForeign(request);
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  if (request.method === 'GET' && url.pathname === '/') return answerPage(response, options.page);
  const operation = operationOf(request.method, url.pathname);
  if (!operation) throw new PhoneRefusal('not_found', `no operation at ${request.method} ${url.pathname}`);
  const input =
    request.method === 'GET'
      ? Object.fromEntries(url.searchParams)
      : await readJson(request, FILE_BODY_LIMIT);
  answerJson(response, 200, run(options.handlers, operation, input));
};

const run = <K extends PhoneOperation>(
  handlers: PhoneHandlers,
  operation: K,
  input: unknown,
): PhoneResponse<K> => {
  const schema: z.ZodType = phoneRoutes[operation].request;
  const parsed = schema.safeParse(input);
  if (!parsed.success) throw new PhoneRefusal('bad_request', z.prettifyError(parsed.error));
  // The schema of this very operation made it; TypeScript loses that link through the table.
  return handlers[operation](parsed.data as PhoneRequest<K>);
};

const operationOf = (method: string | undefined, path: string): PhoneOperation | undefined => {
  const names = Object.keys(phoneRoutes) as PhoneOperation[];
  return names.find((name) => {
    const route: PhoneRoutes[PhoneOperation] = phoneRoutes[name];
    return route.method === method && route.path === path;
  });
};

/**
 * Any web page that a person opens can send requests to loopback. A foreign name in Host is DNS rebinding; a foreign
 * Origin or a body that is no JSON is another site's form.
 */
const refuseForeign = (request: IncomingMessage): void => {
  const host = request.headers.host ?? '';
  const local = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(host);
  const origin = request.headers.origin;
  const json = request.method === 'GET' || request.headers['content-type']?.startsWith('application/json');
  if (!local || !json || (origin !== undefined && origin !== `http://${host}`)) {
    throw new PhoneRefusal('bad_request', 'the phone is used from this machine, with JSON');
  }
};

const answerPage = (response: ServerResponse, page: string): void => {
  response.setHeader(
    'content-security-policy',
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'",
  );
  answer(response, 200, 'text/html', page);
};
