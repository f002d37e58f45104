import * as z from 'zod';
import { sessionEventViewSchema } from '../contract/bodies/admin.ts';
import {
  type createSessionRequestSchema,
  type SessionView,
  sessionViewSchema,
  type updateSessionRequestSchema,
} from '../contract/bodies/sessions.ts';
import type { Clock } from '../contract/clock.ts';
import type { Status } from '../contract/lifecycle.ts';
import { type Account, accountSchema } from '../contract/worker/protocol.ts';
import { WaitTimeoutError } from './errors.ts';
import { path, type Transport } from './transport.ts';

/** Given to every call. */
export type CallOptions = {
  /** Admins only: whose session, where it is not the caller's own. */
  readonly userId?: string | undefined;
  /** Ends the call; it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
};

export type CreateOptions = CallOptions & {
  /** Same key and same body: the same session. Made for you where it is missing, so that a repeat is always safe. */
  readonly idempotencyKey?: string | undefined;
};

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
export const NEXT_CURSOR_HEADER = 'x-next-cursor';

/** The longest that the API holds one long poll back; its gateway ends a request at 30 s. Seconds. */
const LONGEST_POLL_SECONDS = 25;
/** Between polls where the API answered at once without a change. */
const POLL_PAUSE_MS = 250;

export type SessionsClient = {
  /** Admits a session and, unless `start` is false, launches it. Rejects with 422 where the name exists, 429 at a limit. */
  readonly create: (
    request?: z.input<typeof createSessionRequestSchema>,
    options?: CreateOptions,
  ) => Promise<SessionView>;
  /** Every session, page by page as it is read. `userId: '*'` (admins) lists everybody's. */
  readonly list: (options?: ListOptions) => AsyncGenerator<SessionView, void, undefined>;
  readonly get: (name: string, options?: CallOptions) => Promise<SessionView>;
  /** Replaces the config. */
  readonly update: (
    name: string,
    request: z.input<typeof updateSessionRequestSchema>,
    options?: CallOptions,
  ) => Promise<SessionView>;
  /** No QR code is needed where `linked` is true. Starting what runs changes nothing. */
  readonly start: (name: string, options?: CallOptions) => Promise<SessionView>;
  /** Ends the session and keeps the account. */
  readonly stop: (name: string, options?: CallOptions) => Promise<SessionView>;
  readonly restart: (name: string, options?: CallOptions) => Promise<SessionView>;
  /** Unlinks the account at WhatsApp and removes its auth state. */
  readonly logout: (name: string, options?: CallOptions) => Promise<void>;
  /** Removes the session and its auth state. */
  readonly delete: (name: string, options?: CallOptions) => Promise<void>;
  /** Recent lifecycle events. */
  readonly events: (name: string, options?: CallOptions) => Promise<SessionEvent[]>;
  /** The linked account, null while there is none. */
  readonly me: (name: string, options?: CallOptions) => Promise<Account | null>;
  /**
   * Long-polls until the session has one of these statuses and resolves with it. Rejects with `WaitTimeoutError`
   * when the time is over. Name STOPPED and FAILED too where the session may end instead.
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

export type SessionsNeeds = {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly sleep: (ms: number) => Promise<void>;
  readonly newKey: () => string;
};

export const sessionsClient = ({ transport, clock, sleep, newKey }: SessionsNeeds): SessionsClient => {
  const one = (name: string, options: CallOptions = {}) => ({
    path: path`/api/sessions/${name}`,
    query: { userId: options.userId },
    signal: options.signal,
  });

  const act =
    (verb: 'start' | 'stop' | 'restart', idempotent: boolean) =>
    async (name: string, options?: CallOptions) =>
      transport.json(
        { ...one(name, options), method: 'POST', path: `${path`/api/sessions/${name}`}/${verb}`, idempotent },
        sessionViewSchema,
      );

  const poll = async (name: string, wait: string, seconds: number, options: CallOptions = {}) =>
    transport.json(
      {
        ...one(name, options),
        method: 'GET',
        query: { userId: options.userId, wait, timeout: seconds },
        waitSeconds: seconds,
        idempotent: true,
      },
      sessionViewSchema,
    );

  const waitForStatus: SessionsClient['waitForStatus'] = async (name, wanted, options = {}) => {
    const goals: readonly Status[] = typeof wanted === 'string' ? [wanted] : wanted;
    const end = clock() + (options.timeoutMs ?? 120_000);
    let session = await client.get(name, options);
    while (!goals.includes(session.status)) {
      const left = end - clock();
      if (left <= 0) throw new WaitTimeoutError(goals.join(' or '), session.status);
      const known = session.status;
      const seconds = Math.min(LONGEST_POLL_SECONDS, Math.max(1, Math.floor(left / 1000)));
      session = await client.waitForChange(name, known, seconds, options);
      if (session.status === known) await sleep(POLL_PAUSE_MS);
    }
    return session;
  };

  const client: SessionsClient = {
    create: (request = {}, options = {}) =>
      transport.json(
        {
          method: 'POST',
          path: '/api/sessions',
          query: { userId: options.userId },
          body: request,
          idempotencyKey: options.idempotencyKey ?? newKey(),
          idempotent: true,
          signal: options.signal,
        },
        sessionViewSchema,
      ),
    list: async function* (options = {}) {
      let cursor: string | undefined;
      do {
        const query = { all: options.all, userId: options.userId, limit: options.pageSize, cursor };
        const { value, headers } = await transport.page(
          { method: 'GET', path: '/api/sessions', query, idempotent: true, signal: options.signal },
          z.array(sessionViewSchema),
        );
        yield* value;
        cursor = headers.get(NEXT_CURSOR_HEADER) ?? undefined;
      } while (cursor);
    },
    get: async (name, options) =>
      transport.json({ ...one(name, options), method: 'GET', idempotent: true }, sessionViewSchema),
    update: async (name, request, options) =>
      transport.json(
        { ...one(name, options), method: 'PUT', body: request, idempotent: true },
        sessionViewSchema,
      ),
    start: act('start', true),
    stop: act('stop', true),
    // Twice is two restarts: the second would end what the first just started.
    restart: act('restart', false),
    logout: async (name, options) => {
      await transport.bytes({
        ...one(name, options),
        method: 'POST',
        path: path`/api/sessions/${name}/logout`,
        idempotent: true,
      });
    },
    delete: async (name, options) => {
      await transport.bytes({ ...one(name, options), method: 'DELETE', idempotent: true });
    },
    events: async (name, options) =>
      transport.json(
        { ...one(name, options), method: 'GET', path: path`/api/sessions/${name}/events`, idempotent: true },
        z.array(sessionEventViewSchema),
      ),
    me: async (name, options) =>
      transport.json(
        { ...one(name, options), method: 'GET', path: path`/api/sessions/${name}/me`, idempotent: true },
        accountSchema.nullable(),
      ),
    waitForStatus,
    waitForChange: (name, known, seconds, options) => poll(name, `status!=${known}`, seconds, options),
  };
  return client;
};
