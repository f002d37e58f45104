/**
 * The typed client of Berth's HTTP API. It needs `fetch` and nothing else, so it runs in Node, in workers and in
 * browsers. Shapes come from the same schemas as the server's validation, and every answer is checked against them.
 *
 * ```ts
 * const berth = createClient({ baseUrl: 'http://localhost:3000', apiKey });
 * await berth.sessions.create({ name: 'shop' });
 * const code = await berth.auth.qr('shop', { waitSeconds: 25 });
 * const session = await berth.sessions.waitForStatus('shop', 'WORKING');
 * await berth.messages.sendText({ session: 'shop', chatId: '491701234567@c.us', text: 'Hello' });
 * ```
 */
import { type Clock, systemClock } from '../contract/clock.ts';
import { sleep as realSleep } from '../contract/poll.ts';
import { PUBLIC_OPERATIONS } from '../contract/public-operations.ts';
import { type AdminClient, adminClient, type WebhooksClient, webhooksClient } from './admin.ts';
import { type AuthClient, authClient } from './auth.ts';
import { type CommandsClient, commandsClient } from './commands.ts';
import { methodsOf } from './derived.ts';
import { type EventsClient, eventsClient } from './events.ts';
import { type GroupsClient, groupsClient, type LidsClient, lidsClient } from './groups.ts';
import type { WebSocketClass } from './live.ts';
import type { ClientMethods } from './methods.ts';
import { type SessionsClient, sessionsClient } from './sessions.ts';
import { createTransport, type Transport } from './transport.ts';

export type { FieldError, ProblemBody } from '../contract/errors.ts';
export type { Chat, Contact, Group } from '../contract/whatsapp/chats.ts';
export type { Media, Message } from '../contract/whatsapp/messages.ts';
export { type PasskeyChallenge, signingScript } from '../contract/whatsapp/passkey.ts';
export type { PasskeyAssertionInput, PasskeyClient, QrOptions } from './auth.ts';
export type { CommandsClient } from './commands.ts';
export type { AcceptedCommand, SendOptions } from './derived.ts';
export {
  ApiError,
  type ClientError,
  UnexpectedAnswerError,
  UnreachableError,
  type UnreachableReason,
  WaitTimeoutError,
} from './errors.ts';
export type { FollowOptions, ReadEventsOptions, StreamEvent, StreamPage } from './events.ts';
export type { LiveEvent, LiveOptions } from './live.ts';
export type { CreateOptions, ListOptions, SessionEvent, WaitOptions } from './sessions.ts';
export type { CallOptions } from './transport.ts';
export { readWebhook, type WebhookEvent } from './webhook-event.ts';

/** Shown once. */
export type CreatedKey = Awaited<ReturnType<ClientMethods['keys']['create']>>;

export type ClientOptions = {
  /** The API's address; a path in it (a gateway's stage) is kept. */
  readonly baseUrl: string;
  /** Without one only `ping` and `health` answer. */
  readonly apiKey?: string | undefined;
  /** In a page of the API's own origin: its sign-in cookie says who calls, in place of a key. */
  readonly cookie?: boolean | undefined;
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Deadline of one attempt, ms; 35 s by default, just above the API's own limit. A call ends within twice that. */
  readonly timeoutMs?: number | undefined;
  /** Repeats after the first attempt, if repeating is safe; 3 by default. */
  readonly retries?: number | undefined;
  readonly clock?: Clock | undefined;
  /** 0 to 1; spreads the repeats. */
  readonly random?: (() => number) | undefined;
  readonly sleep?: ((ms: number) => Promise<void>) | undefined;
  /** For `events.live`; the global one by default, which Node has since version 22. */
  readonly webSocket?: WebSocketClass | undefined;
};

/** The methods of the table, and those that are written by hand: helpers, and what is handier than the request. */
export type Client = Omit<
  ClientMethods,
  'sessions' | 'auth' | 'groups' | 'lids' | 'commands' | 'webhooks' | 'events'
> &
  AdminClient & {
    readonly sessions: SessionsClient;
    readonly auth: AuthClient;
    readonly groups: GroupsClient;
    /** Hidden ids (`…@lid`) and phone numbers. */
    readonly lids: LidsClient;
    readonly commands: CommandsClient;
    readonly webhooks: WebhooksClient;
    readonly events: EventsClient;
  };

/** Sends a client's calls, with the client's defaults: for programs that make requests from the table themselves. */
export const clientTransport = (options: ClientOptions): Transport =>
  createTransport({
    baseUrl: options.baseUrl,
    apiKey: options.apiKey,
    cookie: options.cookie ?? false,
    // A browser's fetch refuses to be called as a method of another object.
    fetch: options.fetch ?? ((...request) => globalThis.fetch(...request)),
    timeoutMs: options.timeoutMs ?? 35_000,
    retries: options.retries ?? 3,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
    sleep: options.sleep ?? realSleep,
  });

/**
 * A client of one API with one key. Calls reject with a `ClientError` only; a bad option throws a TypeError here.
 * Neither errors nor their causes hold the key.
 */
export const createClient = (options: ClientOptions): Client => {
  const { clock = systemClock, sleep = realSleep } = options;
  const transport = clientTransport(options);
  const needs = { transport, newKey: () => crypto.randomUUID() };
  // A test holds the generated types against the same table.
  const methods = methodsOf(Object.values(PUBLIC_OPERATIONS), needs) as ClientMethods;
  return {
    ...methods,
    ...adminClient(needs, options.apiKey !== undefined || options.cookie === true),
    sessions: sessionsClient(methods.sessions, needs, { clock, sleep }),
    auth: authClient(methods.auth, needs),
    groups: groupsClient(methods.groups, needs),
    lids: lidsClient(methods.lids, needs),
    commands: commandsClient(methods.commands, clock),
    webhooks: webhooksClient(methods.webhooks, needs),
    events: eventsClient(methods.events, {
      ...needs,
      webSocket: () => options.webSocket ?? globalThis.WebSocket,
      random: options.random ?? Math.random,
      sleep,
    }),
  };
};
