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
import { type AdminClient, adminClient } from './admin.ts';
import { type AuthClient, authClient } from './auth.ts';
import {
  type ChatsClient,
  type ContactsClient,
  chatClients,
  type GroupsClient,
  type LidsClient,
} from './chats.ts';
import { type CommandsClient, commandsClient } from './commands.ts';
import { type DashboardClient, dashboardClient } from './dashboard.ts';
import { type EngineClient, engineClient } from './engine.ts';
import { type EventsClient, eventsClient } from './events.ts';
import { type MessagesClient, messagesClient } from './messages.ts';
import { type SessionsClient, sessionsClient } from './sessions.ts';
import { createTransport } from './transport.ts';
import { type WebhooksClient, webhooksClient } from './webhooks.ts';

export type { FieldError, ProblemBody } from '../contract/errors.ts';
export type { Chat, Contact, Group } from '../contract/whatsapp/chats.ts';
export type { Media, Message } from '../contract/whatsapp/messages.ts';
export { type PasskeyChallenge, signingScript } from '../contract/whatsapp/passkey.ts';
export type { CreatedKey } from './admin.ts';
export type { PasskeyAssertionInput, PasskeyClient, QrOptions } from './auth.ts';
export type { CommandsClient } from './commands.ts';
export {
  ApiError,
  type ClientError,
  UnexpectedAnswerError,
  UnreachableError,
  type UnreachableReason,
  WaitTimeoutError,
} from './errors.ts';
export type { FollowOptions, ReadEventsOptions, StreamEvent, StreamPage } from './events.ts';
export type { AcceptedCommand, SendOptions } from './messages.ts';
export type { CallOptions, CreateOptions, ListOptions, SessionEvent, WaitOptions } from './sessions.ts';
export { readWebhook, type WebhookEvent } from './webhook-event.ts';

export type ClientOptions = {
  /** Where the API is; a path in it (a gateway's stage) is kept. */
  readonly baseUrl: string;
  /** Without one only `ping` and `health` answer. */
  readonly apiKey?: string | undefined;
  /** In a page of the API's own origin: its sign-in cookie says who calls, in place of a key. */
  readonly cookie?: boolean | undefined;
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Deadline of one attempt, ms; 35 s by default, just above the API's own limit. A call ends within twice that. */
  readonly timeoutMs?: number | undefined;
  /** Repeats after the first attempt, where repeating is safe; 3 by default. */
  readonly retries?: number | undefined;
  readonly clock?: Clock | undefined;
  /** 0 to 1; spreads the repeats. */
  readonly random?: (() => number) | undefined;
  readonly sleep?: ((ms: number) => Promise<void>) | undefined;
};

export type Client = AdminClient &
  DashboardClient & {
    readonly sessions: SessionsClient;
    readonly auth: AuthClient;
    readonly messages: MessagesClient;
    readonly chats: ChatsClient;
    readonly contacts: ContactsClient;
    readonly lids: LidsClient;
    readonly groups: GroupsClient;
    readonly commands: CommandsClient;
    readonly webhooks: WebhooksClient;
    readonly events: EventsClient;
    readonly engine: EngineClient;
  };

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * A client of one API with one key. Calls reject with a `ClientError` only; a bad option throws a TypeError here.
 * Neither errors nor their causes hold the key.
 */
export const createClient = (options: ClientOptions): Client => {
  const clock = options.clock ?? systemClock;
  const sleep = options.sleep ?? wait;
  const transport = createTransport({
    baseUrl: options.baseUrl,
    apiKey: options.apiKey,
    cookie: options.cookie ?? false,
    // A browser's fetch refuses to be called as a method of another object.
    fetch: options.fetch ?? ((...request) => globalThis.fetch(...request)),
    timeoutMs: options.timeoutMs ?? 35_000,
    retries: options.retries ?? 3,
    clock,
    random: options.random ?? Math.random,
    sleep,
  });
  const newKey = () => crypto.randomUUID();
  return {
    sessions: sessionsClient({ transport, clock, sleep, newKey }),
    auth: authClient(transport),
    messages: messagesClient(transport, newKey),
    ...chatClients(transport),
    commands: commandsClient({ transport, clock }),
    webhooks: webhooksClient(transport),
    events: eventsClient(transport),
    engine: engineClient(transport),
    ...dashboardClient(transport),
    ...adminClient(transport, options.apiKey !== undefined || options.cookie === true),
  };
};
