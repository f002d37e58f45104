import { type LiveEvent, liveEventSchema, PING_ACTION, PING_MS } from '../contract/bodies/live.ts';
import { fullJitter } from '../contract/jitter.ts';
import { UnreachableError } from './errors.ts';
import type { EventsMethods } from './methods.ts';
import type { CallOptions } from './transport.ts';

export type { LiveEvent } from '../contract/bodies/live.ts';

export type LiveOptions = CallOptions & {
  /** Names of sessions; all without it. */
  readonly sessions?: readonly string[] | undefined;
  /** Names of events; all without it. */
  readonly events?: readonly string[] | undefined;
  /** Admins only: whose sessions; `*` for the session events of all users. */
  readonly userId?: string | undefined;
  /** The cursor of the last event that was seen; without it, from now on. */
  readonly after?: string | undefined;
  /** Called when a connection is open, and when it has ended. */
  readonly onOpen?: ((open: boolean) => void) | undefined;
};

export type FollowLive = (options?: LiveOptions) => AsyncGenerator<LiveEvent, void, undefined>;

/** The used parts of a WebSocket: those of browsers, of Node and of the package `ws` have it. */
type Socket = {
  send(data: string): void;
  close(): void;
  addEventListener(type: 'open' | 'close' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
};
export type WebSocketClass = new (url: string) => Socket;

export type LiveNeeds = {
  readonly webSocket: () => WebSocketClass | undefined;
  readonly random: () => number;
  readonly sleep: (ms: number) => Promise<void>;
};

/** Connections that fail before they open, one after the other, until it is given up. */
const ATTEMPTS = 4;
const OPEN_MS = 15_000;
/** A connection on which a ping is not answered is dead, although it was not closed. */
const PONG_MS = 20_000;

/**
 * Follows events over one connection after another, each from the position of the last one. Every connect has its own
 * ticket, so the key is in no URL.
 */
export const followLive = (
  ticketFor: EventsMethods['ticket'],
  { webSocket, random, sleep }: LiveNeeds,
): FollowLive =>
  async function* ({ sessions, events, userId, after, signal, onOpen = () => {} } = {}) {
    let cursor = after;
    for (let failures = 0; ; ) {
      signal?.throwIfAborted();
      const { url, ticket, cursor: newest } = await ticketFor({ userId, signal });
      cursor ??= newest;
      const connection = connect(
        webSocket(),
        addressOf(url, { ticket, after: cursor, sessions, events, userId }),
      );
      const abort = () => connection.close();
      signal?.addEventListener('abort', abort, { once: true });
      try {
        if (await connection.opened) {
          failures = 0;
          onOpen(true);
          for await (const event of connection.events()) {
            cursor = event.cursor;
            yield event;
          }
          onOpen(false);
        } else if (++failures >= ATTEMPTS) {
          throw new UnreachableError(
            'network',
            new URL(url).origin,
            'no WebSocket connection could be opened',
          );
        }
      } finally {
        signal?.removeEventListener('abort', abort);
        connection.close();
      }
      signal?.throwIfAborted();
      await sleep(200 + fullJitter(failures, random(), 500, 10_000));
    }
  };

const addressOf = (
  url: string,
  {
    sessions,
    events,
    ...single
  }: Pick<LiveOptions, 'sessions' | 'events' | 'userId'> & {
    readonly ticket: string;
    readonly after: string;
  },
): string => {
  const address = new URL(url);
  for (const [name, value] of Object.entries(single))
    if (value !== undefined) address.searchParams.set(name, value);
  for (const session of sessions ?? []) address.searchParams.append('session', session);
  for (const event of events ?? []) address.searchParams.append('events', event);
  return address.href;
};

type Connection = {
  /** False: it ended before it was open. */
  readonly opened: Promise<boolean>;
  /** Ends when the connection does. */
  readonly events: () => AsyncGenerator<LiveEvent, void, undefined>;
  readonly close: () => void;
};

const connect = (WebSocket: WebSocketClass | undefined, url: string): Connection => {
  if (WebSocket === undefined) throw new TypeError('There is no WebSocket here; give one as `webSocket`.');
  const socket = new WebSocket(url);
  const { promise: opened, resolve: settle } = Promise.withResolvers<boolean>();
  const queue: LiveEvent[] = [];
  let ended = false;
  let wake = () => {};
  let dead: ReturnType<typeof setTimeout> | undefined;
  const end = () => {
    ended = true;
    clearTimeout(opening);
    clearTimeout(dead);
    clearInterval(pinging);
    settle(false);
    wake();
  };
  const close = () => {
    end();
    socket.close();
  };
  const opening = setTimeout(close, OPEN_MS);
  const pinging = setInterval(() => {
    socket.send(JSON.stringify({ action: PING_ACTION }));
    dead ??= setTimeout(close, PONG_MS);
  }, PING_MS);
  socket.addEventListener('open', () => {
    clearTimeout(opening);
    settle(true);
  });
  socket.addEventListener('message', ({ data }) => {
    clearTimeout(dead);
    dead = undefined;
    const event = liveEventSchema.safeParse(jsonOf(data));
    if (!event.success || ended) return;
    queue.push(event.data);
    wake();
  });
  socket.addEventListener('close', end);
  // A close follows.
  socket.addEventListener('error', () => {});
  return {
    opened,
    close,
    events: async function* () {
      for (;;) {
        const next = queue.shift();
        if (next !== undefined) yield next;
        else if (ended) return;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    },
  };
};

const jsonOf = (data: unknown): unknown => {
  try {
    return typeof data === 'string' ? JSON.parse(data) : undefined;
  } catch {
    return undefined;
  }
};
