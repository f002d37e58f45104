import type * as z from 'zod';
import type { sessionEventViewSchema } from '../contract/bodies/admin.ts';
import type { SessionView } from '../contract/bodies/sessions.ts';
import type { Clock } from '../contract/clock.ts';
import type { Status } from '../contract/lifecycle.ts';
import { createSession, listSessions } from '../contract/operations/sessions.ts';
import { type Body, type Needs, type Options, perform, type Result, requestOf } from './derived.ts';
import { WaitTimeoutError } from './errors.ts';
import type { SessionsMethods } from './methods.ts';
import type { CallOptions } from './transport.ts';

/**
 * `waitSeconds` (0 to 25): resolves once the session has its QR code (`qr`), or without one after that time.
 * `idempotencyKey`: same key and same body, same session. Made for you if it is missing, so that a repeat is always
 * safe.
 */
export type CreateOptions = Options<'createSession'>;

export type ListOptions = CallOptions & {
  /** Stopped and failed sessions too. */
  readonly all?: boolean | undefined;
  /** Sessions fetched at a time, 1 to 1000. */
  readonly pageSize?: number | undefined;
};

export type WaitOptions = CallOptions & {
  /** How long to wait in all; 120 s by default. */
  readonly timeoutMs?: number | undefined;
};

export type SessionEvent = z.infer<typeof sessionEventViewSchema>;

/** The header in which a list names the cursor of its next page. */
const NEXT_CURSOR_HEADER = 'x-next-cursor';

/** The longest that the API holds one long poll back; its gateway ends a request at 30 s. Seconds. */
const LONGEST_POLL_SECONDS = 25;
/** Between polls if the API answered at once without a change. */
const POLL_PAUSE_MS = 250;

export type SessionsClient = SessionsMethods & {
  /**
   * Admits a session and, unless `start` is false, launches it. Rejects with 422 if the name exists, 429 at a limit.
   */
  readonly create: (
    request?: Body<'createSession'>,
    options?: CreateOptions,
  ) => Promise<Result<'createSession'>>;
  /** Every session, page by page as it is read. `userId: '*'` (admins) lists the sessions of all users. */
  readonly list: (options?: ListOptions) => AsyncGenerator<SessionView, void, undefined>;
  /**
   * Long-polls until the session has one of these statuses and resolves with it. Rejects with `WaitTimeoutError` when
   * the time has passed. Name STOPPED and FAILED too if the session may end instead.
   */
  readonly waitForStatus: (
    name: string,
    wanted: Status | readonly Status[],
    options?: WaitOptions,
  ) => Promise<SessionView>;
  /** One long poll: resolves when the status is no longer `known`, or with what it is after `seconds` (0 to 25). */
  readonly waitForChange: (
    name: string,
    known: Status,
    seconds: number,
    options?: CallOptions,
  ) => Promise<SessionView>;
};

type Timing = { readonly clock: Clock; readonly sleep: (ms: number) => Promise<void> };

export const sessionsClient = (
  derived: SessionsMethods,
  needs: Needs,
  { clock, sleep }: Timing,
): SessionsClient => {
  const waitForChange: SessionsClient['waitForChange'] = (name, known, seconds, { userId, signal } = {}) =>
    derived.get(name, { userId, signal, wait: `status!=${known}`, waitSeconds: seconds });

  return {
    ...derived,
    create: (request = {}, { idempotencyKey = needs.newKey(), ...options } = {}) =>
      perform(createSession, { body: request, options: { ...options, idempotencyKey } }, needs),
    list: async function* ({ all, pageSize, ...options } = {}) {
      let cursor: string | undefined;
      do {
        const request = requestOf(listSessions, { query: { all, limit: pageSize, cursor }, options }, needs);
        const { value, headers } = await needs.transport.page(request, listSessions.responses[200].body);
        yield* value;
        cursor = headers.get(NEXT_CURSOR_HEADER) ?? undefined;
      } while (cursor);
    },
    waitForStatus: async (name, wanted, { timeoutMs = 120_000, ...options } = {}) => {
      const goals: readonly Status[] = typeof wanted === 'string' ? [wanted] : wanted;
      const end = clock() + timeoutMs;
      let session = await derived.get(name, options);
      while (!goals.includes(session.status)) {
        const left = end - clock();
        if (left <= 0) throw new WaitTimeoutError(goals.join(' or '), session.status);
        const known = session.status;
        const seconds = Math.min(LONGEST_POLL_SECONDS, Math.max(1, Math.floor(left / 1000)));
        session = await waitForChange(name, known, seconds, options);
        if (session.status === known) await sleep(POLL_PAUSE_MS);
      }
      return session;
    },
    waitForChange,
  };
};
