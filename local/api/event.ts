import type { IncomingMessage } from 'node:http';
import type { APIGatewayEventRequestContextV2, APIGatewayProxyEventV2 } from 'aws-lambda';
import { ACCOUNT_ID } from '../iam/arn.ts';
import type { Match } from './routing.ts';

export type Received = {
  readonly request: IncomingMessage;
  readonly requestId: string;
  /** ms since the epoch */
  readonly at: number;
  readonly apiId: string;
  readonly match: Match;
  readonly rawPath: string;
  readonly rawQuery: string;
};

const TEXT = /^(text\/|application\/(json|xml|javascript|[^;]*\+(json|xml))\b)/i;

/** A text body goes as it is; anything else, or compressed, or not UTF-8, in base64. */
const encodeBody = (request: IncomingMessage, body: Buffer): { body?: string; isBase64Encoded: boolean } => {
  if (body.length === 0) {
    return { isBase64Encoded: false };
  }
  const plain =
    TEXT.test(request.headers['content-type'] ?? '') && request.headers['content-encoding'] === undefined;
  const text = plain ? body.toString('utf8') : '';
  return plain && Buffer.from(text, 'utf8').equals(body)
    ? { body: text, isBase64Encoded: false }
    : { body: body.toString('base64'), isBase64Encoded: true };
};

/** Lower-case names, repeated headers joined by commas; cookies travel apart. */
const headersOf = (request: IncomingMessage): Record<string, string> => {
  const headers = new Map<string, string>();
  for (let i = 0; i + 1 < request.rawHeaders.length; i += 2) {
    const name = (request.rawHeaders[i] ?? '').toLowerCase();
    const value = request.rawHeaders[i + 1] ?? '';
    const earlier = headers.get(name);
    headers.set(name, earlier === undefined ? value : `${earlier},${value}`);
  }
  headers.delete('cookie');
  return Object.fromEntries(headers);
};

const queryOf = (rawQuery: string): Record<string, string> | undefined => {
  if (rawQuery === '') {
    return undefined;
  }
  const values = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(rawQuery)) {
    const earlier = values.get(name);
    values.set(name, earlier === undefined ? value : `${earlier},${value}`);
  }
  return Object.fromEntries(values);
};

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `24/Nov/2026:07:05:12 +0000` */
const commonLogTime = (at: number): string => {
  const [date = '', time = ''] = new Date(at).toISOString().split('T');
  const [year, month, day] = date.split('-');
  return `${day}/${MONTHS[Number(month) - 1]}/${year}:${time.slice(0, 8)} +0000`;
};

export const routeKeyOf = ({ route }: Match): string =>
  route.path === '$default' ? '$default' : `${route.method} ${route.path}`;

const contextOf = (received: Received): APIGatewayEventRequestContextV2 => {
  const { request, requestId, at, apiId, match, rawPath } = received;
  const domainName = request.headers.host ?? 'localhost';
  return {
    accountId: ACCOUNT_ID,
    apiId,
    domainName,
    domainPrefix: domainName.split('.')[0] ?? domainName,
    http: {
      method: request.method ?? 'GET',
      path: rawPath,
      protocol: `HTTP/${request.httpVersion}`,
      sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
      userAgent: request.headers['user-agent'] ?? '',
    },
    requestId,
    routeKey: routeKeyOf(match),
    stage: '$default',
    time: commonLogTime(at),
    timeEpoch: at,
  };
};

export const splitTarget = (target: string): { rawPath: string; rawQuery: string } => {
  const at = target.indexOf('?');
  return at < 0
    ? { rawPath: target, rawQuery: '' }
    : { rawPath: target.slice(0, at), rawQuery: target.slice(at + 1) };
};

/** The event of payload format 2.0, without what an authorizer adds. */
export const eventOf = (received: Received, body: Buffer): APIGatewayProxyEventV2 => {
  const { request, match, rawPath, rawQuery } = received;
  const cookies = request.headers.cookie?.split(/; ?/);
  const query = queryOf(rawQuery);
  return {
    version: '2.0',
    routeKey: routeKeyOf(match),
    rawPath,
    rawQueryString: rawQuery,
    ...(cookies === undefined ? {} : { cookies }),
    headers: headersOf(request),
    ...(query === undefined ? {} : { queryStringParameters: query }),
    requestContext: contextOf(received),
    ...(Object.keys(match.parameters).length === 0 ? {} : { pathParameters: { ...match.parameters } }),
    ...encodeBody(request, body),
  };
};
