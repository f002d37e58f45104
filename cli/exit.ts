import { ApiError, UnexpectedAnswerError, UnreachableError, WaitTimeoutError } from '../client/index.ts';
import type { ProblemBody } from '../contract/errors.ts';
import { PhoneError } from '../contract/phone/client.ts';

/** The exit codes of the process; documented in `--help`. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  notFound: 3,
  denied: 4,
  limit: 5,
  unavailable: 6,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_HELP = `Exit codes:
  0  done
  1  failed
  2  wrong usage
  3  not found
  4  no, wrong or insufficient key
  5  a limit is reached
  6  the server is not reachable or asks to try again`;

/** An end that the command itself decided on, in words for the person at the terminal. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exit: ExitCode;
  readonly hint: string | undefined;
  constructor(exit: ExitCode, message: string, hint?: string) {
    super(message);
    this.exit = exit;
    this.hint = hint;
  }
}

/** An end whose reason a program that was started has printed. */
export class AlreadyReported extends Error {
  override readonly name = 'AlreadyReported';
  readonly exit: ExitCode;
  constructor(exit: ExitCode) {
    super();
    this.exit = exit;
  }
}

export type Failure = {
  readonly exit: ExitCode;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly problem?: ProblemBody;
};

/** Any error as one line, what to do about it, and the exit code. Unknown ones lose their stack: it helps no user. */
export const explain = (error: unknown): Failure => {
  if (error instanceof CliError) return { exit: error.exit, message: error.message, hint: error.hint };
  if (error instanceof ApiError) return explainApi(error);
  if (error instanceof UnreachableError) return explainUnreachable(error);
  if (error instanceof PhoneError) return explainPhone(error);
  if (error instanceof WaitTimeoutError) return { exit: EXIT.failure, message: error.message };
  if (error instanceof UnexpectedAnswerError)
    return { exit: EXIT.failure, message: error.message, hint: 'is --url the address of a Berth API?' };
  return { exit: EXIT.failure, message: error instanceof Error ? error.message : 'unknown failure' };
};

const explainApi = ({ status, problem, retryAfterSeconds }: ApiError): Failure => {
  const fields = (problem.errors ?? []).map((field) => `${field.path}: ${field.message}`).join('; ');
  const message = fields ? `${problem.detail} (${fields})` : problem.detail || problem.title;
  const again = retryAfterSeconds === undefined ? undefined : `try again in ${retryAfterSeconds} s`;
  const failure = { message, problem };
  switch (status) {
    case 400:
      return { ...failure, exit: EXIT.usage };
    case 401:
      return {
        ...failure,
        exit: EXIT.denied,
        hint: 'set a valid key with BERTH_API_KEY or --key; `berth keys create` creates one',
      };
    case 403:
      return { ...failure, exit: EXIT.denied, hint: 'this needs a key with more permissions' };
    case 404:
      return {
        ...failure,
        exit: EXIT.notFound,
        ...(/^\/api\/keys/.test(problem.instance)
          ? {}
          : { hint: '`berth sessions ls --all` lists all sessions' }),
      };
    case 429:
      return { ...failure, exit: EXIT.limit, hint: limitHint(problem, again) };
    case 502:
      return { ...failure, exit: EXIT.failure };
    case 503:
    case 504:
      return { ...failure, exit: EXIT.unavailable, hint: again };
    default:
      return {
        ...failure,
        exit: EXIT.failure,
        ...(status >= 500 && problem.requestId ? { hint: `request id ${problem.requestId}` } : {}),
      };
  }
};

const limitHint = (problem: ProblemBody, again: string | undefined): string | undefined => {
  if (problem.scope === 'rate' || problem.scope === 'deliveries') return again;
  if (problem.scope === 'configBytes') return 'make the config smaller';
  if (problem.scope === 'stored') return 'delete sessions that are not needed any more';
  const used =
    problem.active === undefined ? '' : `${problem.active} of ${problem.limit} in use (${problem.scope}); `;
  return `${used}stop a session, or ${again ?? 'try again later'}`;
};

const explainUnreachable = (error: UnreachableError): Failure => ({
  exit: EXIT.unavailable,
  message:
    error.reason === 'refused'
      ? `nothing listens at ${error.baseUrl} (connection refused)`
      : `no response from ${error.message}`,
  hint: 'start it with `npm start`, or name another address with --url or BERTH_URL',
});

const PHONE_NOT_FOUND: readonly PhoneError['code'][] = [
  'no_pending_page',
  'unknown_account',
  'unknown_target',
  'unknown_message',
  'unknown_chat',
  'not_found',
];

const explainPhone = (error: PhoneError): Failure => {
  if (error.code === 'unreachable')
    return {
      exit: EXIT.unavailable,
      message: error.message,
      hint: 'start one with `npm start -- --simulate`, or name it with --phone-url or BERTH_PHONE_URL',
    };
  if (error.code === 'bad_request') return { exit: EXIT.usage, message: error.message };
  return {
    exit: PHONE_NOT_FOUND.includes(error.code) ? EXIT.notFound : EXIT.failure,
    message: error.message,
  };
};
