import * as z from 'zod';

/**
 * Errors as RFC 9457 problems. This is the closed set of what the API answers; anything else is a defect and becomes
 * a generic 500 whose detail is in the log only.
 */
export const PROBLEMS = {
  malformed: { status: 400, title: 'Malformed request' },
  unauthorized: { status: 401, title: 'Missing or invalid API key' },
  forbidden: { status: 403, title: 'Not allowed with this key' },
  not_found: { status: 404, title: 'Not found' },
  conflict: { status: 409, title: 'Conflict with another change' },
  fenced: { status: 410, title: 'This epoch has ended' },
  too_large: { status: 413, title: 'Body too large' },
  unsupported_media_type: { status: 415, title: 'Unsupported media type' },
  unprocessable: { status: 422, title: 'Not possible in this state' },
  challenge_unknown: { status: 422, title: "Not this session's passkey challenge" },
  challenge_answered: { status: 409, title: 'The passkey challenge was answered already' },
  challenge_expired: { status: 410, title: 'The passkey challenge has expired' },
  assertion_invalid: { status: 422, title: 'The passkey assertion does not match the challenge' },
  too_many: { status: 429, title: 'Limit reached' },
  internal: { status: 500, title: 'Internal error' },
  not_supported: { status: 501, title: 'The engine cannot do it' },
  worker_failed: { status: 502, title: 'The worker failed' },
  unavailable: { status: 503, title: 'Try again' },
  worker_timeout: { status: 504, title: 'No clear response in time' },
} as const;
export type ProblemCode = keyof typeof PROBLEMS;

const fieldErrorSchema = z.object({ path: z.string(), message: z.string() });
export type FieldError = z.infer<typeof fieldErrorSchema>;

/** The body of every error answer, `application/problem+json`. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  instance: z.string(),
  requestId: z.string(),
  /** `status`, `detail` and `title`, as WAHA names them. */
  statusCode: z.int().optional(),
  message: z.string().optional(),
  error: z.string().optional(),
  errors: z.array(fieldErrorSchema).optional(),
  scope: z
    .enum([
      'global',
      'user',
      'rate',
      'waits',
      'connections',
      'stored',
      'uploads',
      'starts',
      'deliveries',
      'configBytes',
    ])
    .optional(),
  limit: z.int().optional(),
  active: z.int().optional(),
  retryAfterSeconds: z.int().optional(),
  /** The session's state or status if that is the reason. */
  state: z.string().optional(),
  /** Of a command that its session is not ready for: the session's name, and the statuses that it needs. */
  session: z.string().optional(),
  expected: z.array(z.string()).optional(),
  /** Of what this engine cannot do: its name. */
  engine: z.literal('WEBJS').optional(),
});
export type ProblemBody = z.infer<typeof problemSchema>;

export type ProblemExtras = Partial<
  Pick<
    ProblemBody,
    | 'errors'
    | 'scope'
    | 'limit'
    | 'active'
    | 'retryAfterSeconds'
    | 'state'
    | 'session'
    | 'expected'
    | 'engine'
  >
>;

/** Thrown by rules and handlers; the HTTP edge turns it into a problem answer. `detail` may be shown to callers. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly extras: ProblemExtras;

  constructor(code: ProblemCode, detail: string, extras: ProblemExtras = {}) {
    super(detail);
    this.code = code;
    this.extras = extras;
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }
}

/** The answer's body for a problem; `instance` is the request's path, without its query (which may hold a key). */
export const problemBody = (problem: Problem, instance: string, requestId: string): ProblemBody => ({
  type: `https://berth.dev/problems/${problem.code}`,
  title: PROBLEMS[problem.code].title,
  status: problem.status,
  detail: problem.message,
  instance,
  requestId,
  statusCode: problem.status,
  message: problem.message,
  error: PROBLEMS[problem.code].title,
  ...problem.extras,
});
