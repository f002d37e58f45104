import { brotliDecompressSync, gzipSync } from 'node:zlib';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { PAGE_PATH, type PageFile } from '../../contract/dashboard-path.ts';
import { Problem, problemBody } from '../../contract/errors.ts';
import { commonHeaders } from './headers.ts';

/**
 * The sources that the page may load: only its own origin, and the WebSocket API. No page may frame it. `blob:` and
 * `data:` are for pictures that its own script made, as QR codes are.
 */
const contentSecurityPolicy = (liveOrigin: string): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `connect-src 'self' ${liveOrigin}`,
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "manifest-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'self'",
  ].join('; ');

const HEADERS = {
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
};

/** Its name has a hash of its content. */
const FOREVER = 'public, max-age=31536000, immutable';
/** Kept, and asked for each time whether it is still the one. */
const ASK_EACH_TIME = 'no-cache';

type Event = Pick<APIGatewayProxyEventV2, 'rawPath' | 'headers'> & {
  readonly requestContext: Pick<APIGatewayProxyEventV2['requestContext'], 'requestId'>;
};

/**
 * Answers with the page's files by their exact names. Every other path below the page is one of its own views and
 * gets index.html, except under `assets/`, which contains only files. `/` leads to the page.
 *
 * @param liveOrigin of the WebSocket API, `wss://…`
 */
export const servePage = (
  files: Readonly<Record<string, PageFile>>,
  event: Event,
  liveOrigin: string,
): APIGatewayProxyStructuredResultV2 => {
  const answer = answerTo(files, event);
  return {
    ...answer,
    headers: {
      ...commonHeaders(event),
      'content-security-policy': contentSecurityPolicy(liveOrigin),
      ...HEADERS,
      ...answer.headers,
    },
  };
};

const answerTo = (
  files: Readonly<Record<string, PageFile>>,
  event: Event,
): APIGatewayProxyStructuredResultV2 => {
  const { rawPath } = event;
  if (rawPath === '/')
    return { statusCode: 302, headers: { location: PAGE_PATH, 'cache-control': ASK_EACH_TIME } };
  const path = pathBelow(rawPath);
  if (path === undefined) return notFound(event);
  if (Object.hasOwn(files, path)) return fileAnswer(files[path], path, event);
  return path.startsWith('assets/') || path === 'assets'
    ? notFound(event)
    : fileAnswer(files['index.html'], 'index.html', event);
};

/** Below PAGE_PATH; undefined: somewhere else, or a path that would lead somewhere else once it is decoded and resolved. */
const pathBelow = (rawPath: string): string | undefined => {
  if (rawPath === PAGE_PATH || rawPath === `${PAGE_PATH}/`) return '';
  if (!rawPath.startsWith(`${PAGE_PATH}/`)) return undefined;
  const path = rawPath.slice(PAGE_PATH.length + 1).replace(/\/$/, '');
  return path.split('/').every(isName) ? path : undefined;
};

const isName = (segment: string): boolean => {
  try {
    const name = decodeURIComponent(segment);
    return !/^\.{0,2}$/.test(name) && !/[/\\\p{Cc}]/u.test(name);
  } catch {
    return false;
  }
};

const fileAnswer = (
  file: PageFile | undefined,
  path: string,
  { headers }: Event,
): APIGatewayProxyStructuredResultV2 => {
  if (file === undefined) throw new Error(`the page was built without ${path}`);
  const common = {
    'cache-control': path.startsWith('assets/') ? FOREVER : ASK_EACH_TIME,
    // Weak: the same for each encoding.
    etag: `W/"${file.etag}"`,
    vary: 'accept-encoding',
  };
  if (matches(headers['if-none-match'], file.etag)) return { statusCode: 304, headers: common };
  const encoding = encodingFor(headers['accept-encoding']);
  return {
    statusCode: 200,
    headers: {
      ...common,
      'content-type': file.contentType,
      ...(encoding === 'identity' ? {} : { 'content-encoding': encoding }),
    },
    isBase64Encoded: true,
    body: encoding === 'br' ? file.brotli : encodedFor(encoding, file.brotli),
  };
};

const encodedFor = (encoding: 'gzip' | 'identity', brotli: string): string => {
  const bytes = brotliDecompressSync(Buffer.from(brotli, 'base64'));
  return (encoding === 'gzip' ? gzipSync(bytes) : bytes).toString('base64');
};

/** RFC 9110, 13.1.2: `*`, or a list of tags, compared weakly. */
const matches = (ifNoneMatch: string | undefined, etag: string): boolean =>
  ifNoneMatch?.trim() === '*' ||
  (ifNoneMatch?.split(',').some((tag) => tag.trim().replace(/^W\//, '') === `"${etag}"`) ?? false);

/** RFC 9110, 12.5.3; q=0 says no. Brotli only for a client that names it; browsers do so over HTTPS. */
const encodingFor = (acceptEncoding = ''): 'br' | 'gzip' | 'identity' => {
  const names = acceptEncoding
    .toLowerCase()
    .split(',')
    .map((coding) => coding.split(';').map((part) => part.trim()))
    .filter(([, ...parameters]) => !parameters.some((each) => /^q=0(\.0*)?$/.test(each)))
    .map(([name]) => name);
  if (names.includes('br')) return 'br';
  return names.includes('gzip') || names.includes('*') ? 'gzip' : 'identity';
};

const notFound = ({ rawPath, requestContext }: Event): APIGatewayProxyStructuredResultV2 => {
  const problem = new Problem('not_found', 'The dashboard has no such file.');
  return {
    statusCode: problem.status,
    headers: { 'content-type': 'application/problem+json' },
    body: JSON.stringify(problemBody(problem, rawPath, requestContext.requestId)),
  };
};
