import type * as z from 'zod';
import type { Clock } from '../contract/clock.ts';
import { type ProblemBody, problemSchema } from '../contract/errors.ts';
import { fullJitter } from '../contract/jitter.ts';
import { ApiError, UnexpectedAnswerError, UnreachableError } from './errors.ts';
import { networkError } from './network-error.ts';

type TransportOptions = {
  readonly baseUrl: string;
  readonly apiKey: string | undefined;
  readonly cookie: boolean;
  readonly fetch: typeof globalThis.fetch;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly sleep: (ms: number) => Promise<void>;
};

/** Given to every call. */
export type CallOptions = {
  /** Admins only: whose session, if it is not the caller's own. */
  readonly userId?: string | undefined;
  /** Ends the call; it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
};

export type Call = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Its parameters made with `segment`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly accept?: string;
  readonly idempotencyKey?: string | undefined;
  /** Repeating it after an unknown outcome changes nothing more. */
  readonly idempotent: boolean;
  /** How long the API was asked to hold the answer back; added to the deadline. */
  readonly waitSeconds?: number;
  /** Statuses beside 2xx whose body is an answer and no problem. */
  readonly acceptedStatuses?: readonly number[];
  readonly signal?: AbortSignal | undefined;
};

export type Answer = { readonly status: number; readonly headers: Headers; readonly body: Uint8Array };

export type Transport = {
  /** The answer's bytes. */
  readonly bytes: (call: Call) => Promise<Answer>;
  /** The answer as JSON of this shape. */
  readonly json: <S extends z.ZodType>(call: Call, schema: S) => Promise<z.output<S>>;
  /** As `json`, with the answer's headers. */
  readonly page: <S extends z.ZodType>(
    call: Call,
    schema: S,
  ) => Promise<{ value: z.output<S>; headers: Headers }>;
};

/** A Retry-After above this is the caller's to wait for. */
const LONGEST_RETRY_AFTER_SECONDS = 20;

/** A parameter of a path that can't leave its segment: `..` would be resolved away even when percent-encoded. */
export const segment = (value: string): string => {
  if (value === '' || value === '.' || value === '..') throw new TypeError(`"${value}" is no name or id`);
  return encodeURIComponent(value);
};

/**
 * Carries calls to the API.
 *
 * Deadline: an attempt has `timeoutMs` (plus what the API was asked to wait), and no attempt begins later than that
 * after the call began; so a call ends within twice that time.
 *
 * Repeats, with full jitter and never before Retry-After, at most `retries` times: idempotent calls after a lost
 * connection, 429 of a limit that passes by itself, 502 and 503; other calls only after 429 of scope `rate`, which refuses
 * before anything happens (a 503 may follow a write whose outcome the API does not know). Never at a limit of FOR_LONG:
 * waiting seconds does not lift it.
 */
export const createTransport = (options: TransportOptions): Transport => {
  const { fetch } = options;
  const base = baseOf(options.baseUrl);
  const shownBase = base.href.replace(/\/$/, '');
  if (options.apiKey !== undefined && !/^[\x21-\x7e]+$/.test(options.apiKey))
    throw new TypeError('apiKey must be printable ASCII without spaces');

  const attempt = async (call: Call): Promise<Answer> => {
    const deadline = AbortSignal.timeout(options.timeoutMs + (call.waitSeconds ?? 0) * 1000);
    try {
      const response = await fetch(addressOf(base, call), {
        method: call.method,
        headers: headersOf(call, options),
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        signal: call.signal ? AbortSignal.any([deadline, call.signal]) : deadline,
        // A redirect would carry the key to another host.
        redirect: 'manual',
      });
      const { status, headers } = response;
      return { status, headers, body: new Uint8Array(await response.arrayBuffer()) };
    } catch (thrown) {
      call.signal?.throwIfAborted();
      throw networkError(thrown, shownBase);
    }
  };

  const bytes = async (call: Call): Promise<Answer> => {
    const end = options.clock() + options.timeoutMs + (call.waitSeconds ?? 0) * 1000;
    for (let n = 0; ; n++) {
      try {
        const answer = await attempt(call);
        if (isSuccess(answer, call)) return answer;
        throw refusalOf(answer, call);
      } catch (error) {
        const wait = n < options.retries ? pauseBefore(error, call, n, options.random()) : undefined;
        if (wait === undefined || options.clock() + wait >= end) throw error;
        await options.sleep(wait);
        call.signal?.throwIfAborted();
      }
    }
  };

  const page: Transport['page'] = async (call, schema) => {
    const answer = await bytes(call);
    const parsed = schema.safeParse(decodeJson(answer.body));
    if (!parsed.success) {
      const where = parsed.error.issues[0]?.path.join('.') || 'body';
      throw new UnexpectedAnswerError(
        answer.status,
        `${call.method} ${call.path} at ${shownBase} did not answer like Berth (${where})`,
      );
    }
    return { value: parsed.data, headers: answer.headers };
  };

  return { bytes, page, json: async (call, schema) => (await page(call, schema)).value };
};

const baseOf = (baseUrl: string): URL => {
  const base = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  if (!base || !/^https?:$/.test(base.protocol)) throw new TypeError('baseUrl must be an http or https URL');
  if (base.username || base.password) throw new TypeError('baseUrl must not hold a user name or password');
  base.search = '';
  base.hash = '';
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  return base;
};

/** Behind the base's own path: an API Gateway stage or a proxy may sit below one. */
const addressOf = (base: URL, call: Call): URL => {
  const address = new URL(`.${call.path}`, base);
  for (const [key, value] of Object.entries(call.query ?? {}))
    if (value !== undefined) address.searchParams.set(key, String(value));
  return address;
};

const headersOf = (
  call: Call,
  { apiKey, cookie }: Pick<TransportOptions, 'apiKey' | 'cookie'>,
): Record<string, string> => ({
  accept: call.accept ?? 'application/json',
  // No other site's page can make a browser send this header along with the cookie.
  ...(cookie ? { 'x-berth-dashboard': '1' } : {}),
  ...(apiKey === undefined ? {} : { 'x-api-key': apiKey }),
  ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
  ...(call.idempotencyKey === undefined ? {} : { 'idempotency-key': call.idempotencyKey }),
});

const isSuccess = (answer: Answer, call: Call): boolean =>
  (answer.status >= 200 && answer.status < 300) || (call.acceptedStatuses ?? []).includes(answer.status);

const refusalOf = (answer: Answer, call: Call): ApiError | UnexpectedAnswerError => {
  if (answer.status < 400)
    return new UnexpectedAnswerError(answer.status, `${call.path} answered ${answer.status}, a redirect`);
  const problem = problemSchema.safeParse(decodeJson(answer.body));
  const header = answer.headers.get('retry-after') ?? '';
  const body = problem.success
    ? problem.data
    : {
        type: 'about:blank',
        title: `HTTP ${answer.status}`,
        status: answer.status,
        detail: `${call.method} ${call.path} answered ${answer.status} without saying why`,
        instance: call.path,
        requestId: answer.headers.get('apigw-requestid') ?? '',
      };
  return new ApiError(body, /^\d+$/.test(header) ? Number(header) : body.retryAfterSeconds);
};

/** Limits under which the same request is refused again, until something is stopped, deleted or made smaller. */
const FOR_LONG: readonly ProblemBody['scope'][] = ['global', 'user', 'stored', 'configBytes'];

/** Milliseconds until the next attempt; undefined: none. */
const pauseBefore = (error: unknown, call: Call, n: number, random: number): number | undefined => {
  const jitter = fullJitter(n, random, 200, 5_000);
  if (error instanceof UnreachableError) return call.idempotent ? jitter : undefined;
  if (!(error instanceof ApiError)) return undefined;
  const { status, problem, retryAfterSeconds: after } = error;
  if (FOR_LONG.includes(problem.scope) || (after ?? 0) > LONGEST_RETRY_AFTER_SECONDS) return undefined;
  const refusedForNow = status === 429 && problem.scope === 'rate' && after !== undefined;
  const repeatable = call.idempotent && [429, 502, 503].includes(status);
  return refusedForNow || repeatable ? (after ?? 0) * 1000 + jitter : undefined;
};

const decodeJson = (body: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
};
