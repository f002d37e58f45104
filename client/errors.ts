import type { ProblemBody } from '../contract/errors.ts';

/**
 * The API refused a call. `problem` is its RFC 9457 body, with `errors[]` for fields and `scope`, `limit` and
 * `active` for a limit. If something in between answered (a gateway's own 429), the body is made from the status.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly problem: ProblemBody;
  /** When the API asked to be called again; from the Retry-After header, else from the problem. */
  readonly retryAfterSeconds: number | undefined;

  constructor(problem: ProblemBody, retryAfterSeconds: number | undefined) {
    super(problem.detail || problem.title);
    this.status = problem.status;
    this.problem = problem;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/**
 * refused  nothing listens at the address
 * timeout  no whole answer within the deadline; whether the call took effect is unknown
 * network  everything else between here and there (unknown host, reset connection, TLS)
 */
export type UnreachableReason = 'refused' | 'timeout' | 'network';

/** No answer came. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
  readonly reason: UnreachableReason;
  readonly baseUrl: string;

  constructor(reason: UnreachableReason, baseUrl: string, detail: string) {
    super(`${baseUrl}: ${detail}`);
    this.reason = reason;
    this.baseUrl = baseUrl;
  }
}

/** An answer came that this API does not give: another server, or a version that does not match this client. */
export class UnexpectedAnswerError extends Error {
  override readonly name = 'UnexpectedAnswerError';
  readonly status: number;

  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}

/** A wait (`waitForStatus`) ended before what was waited for. `last` describes what was seen last. */
export class WaitTimeoutError extends Error {
  override readonly name = 'WaitTimeoutError';
  readonly last: string;

  constructor(waitedFor: string, last: string) {
    super(`waited for ${waitedFor}, still ${last}`);
    this.last = last;
  }
}

/** Everything that a call of the client rejects with, apart from an abort by the caller's own signal. */
export type ClientError = ApiError | UnreachableError | UnexpectedAnswerError | WaitTimeoutError;
