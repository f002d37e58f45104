import type { IncomingMessage } from 'node:http';
import type { CorsModel } from '../assembly/model.ts';

/** The CORS headers that the API's configuration gives one request; none if the origin is not allowed. */
export const corsHeaders = (
  cors: CorsModel | undefined,
  request: IncomingMessage,
): Record<string, string> => {
  const origin = request.headers.origin;
  if (cors === undefined || origin === undefined) {
    return {};
  }
  const anyOrigin = cors.allowOrigins.includes('*');
  if (!anyOrigin && !cors.allowOrigins.includes(origin)) {
    return {};
  }
  return {
    'access-control-allow-origin': anyOrigin ? '*' : origin,
    ...(cors.allowCredentials ? { 'access-control-allow-credentials': 'true' } : {}),
    ...(cors.exposeHeaders.length === 0
      ? {}
      : { 'access-control-expose-headers': cors.exposeHeaders.join(',') }),
  };
};

export const isPreflight = (request: IncomingMessage): boolean =>
  request.method === 'OPTIONS' &&
  request.headers.origin !== undefined &&
  request.headers['access-control-request-method'] !== undefined;

/** The gateway's own answer to a preflight request. No route and no function is called. */
export const preflightHeaders = (cors: CorsModel, request: IncomingMessage): Record<string, string> => {
  const allowed = corsHeaders(cors, request);
  return Object.keys(allowed).length === 0
    ? {}
    : {
        ...allowed,
        'access-control-allow-methods': cors.allowMethods.join(','),
        'access-control-allow-headers': cors.allowHeaders.join(','),
        ...(cors.maxAgeSeconds === undefined ? {} : { 'access-control-max-age': String(cors.maxAgeSeconds) }),
      };
};
