/** Live events over a WebSocket: what a client asks for when it connects, and what it is sent. */
import * as z from 'zod';
import { sessionNameSchema, userIdSchema } from '../names.ts';
import { ownerQuerySchema } from '../operation.ts';
import { webhookEnvelopeSchema } from '../webhooks/envelope.ts';
import { eventNameSchema } from './session-config.ts';

/** The topic of all users' session events. */
export const ALL_USERS = '*';

/** The stage of the WebSocket API, and so the path that WAHA's clients connect to: `/ws`. */
export const LIVE_STAGE = 'ws';

/**
 * Limits of an API Gateway WebSocket API (developer guide, "Quotas for configuring and running a WebSocket API").
 * The local system enforces them as well.
 */
export const LIVE_LIMITS = {
  /** Of a message in either direction. */
  messageBytes: 128 * 1024,
  /** Of one frame that a client sends. */
  frameBytes: 32 * 1024,
  /** Characters of the URL of a connect. */
  urlLength: 4096,
  /** A connection on which nothing is sent for so long is closed. */
  idleMs: 10 * 60_000,
  /** A connection is closed after this in any case. */
  durationMs: 2 * 3_600_000,
} as const;

/** Between two pings of a client: well below the idle limit. */
export const PING_MS = 4 * 60_000;

/** A position in a topic's log. */
export const cursorSchema = z.string().regex(/^\d{1,15}$/, 'must be a cursor of this stream');

/** Repeated or comma-separated, as in `events=message&events=session.status`; empty names count as absent. */
const listOf = <S extends z.ZodType<string, string>>(
  item: S,
  max: number,
  choose: (names: string[]) => string[] = (names) => names,
) =>
  z
    .array(z.string())
    .default(['*'])
    .transform((values) => {
      const names = values.flatMap((value) => value.split(',')).filter((name) => name !== '');
      return names.length === 0 ? ['*'] : choose(names);
    })
    .pipe(z.array(item).min(1).max(max));

/** As for a webhook, a name that is not known here is left out; if no name is known, the request is a mistake. */
const knownEvents = (names: string[]): string[] => {
  const known = names.filter((name) => eventNameSchema.safeParse(name).success);
  return known.length > 0 ? known : names;
};

/** Of several values the last counts, as for HTTP requests that API Gateway hands on. */
const lastOf = <S extends z.ZodType<string, string>>(item: S) =>
  z
    .array(z.string())
    .transform((values) => values.at(-1))
    .pipe(item.optional())
    .optional();

/** The events that an admin may follow: one user, or all users. */
const topicSchema = z.union([z.literal(ALL_USERS), userIdSchema], { error: 'must be a user or *' });

/** Parameters of a connect. Those that WAHA or a proxy adds beside them are ignored. */
export const liveQuerySchema = z.object({
  session: listOf(
    z.union([z.literal('*'), sessionNameSchema], { error: 'must be a name or *' }),
    50,
  ).describe('Names of sessions, repeated or separated by commas; `*`: all.'),
  events: listOf(
    z.enum(eventNameSchema.options, { error: 'must be the name of an event or *' }),
    eventNameSchema.options.length,
    knownEvents,
  ).describe('Names of events, repeated or separated by commas; `*`: as for webhooks.'),
  after: lastOf(cursorSchema).describe('The cursor of the last message that was read.'),
  userId: lastOf(topicSchema).describe(
    'For admins: whose events; `*`: the session events of all users. Default: yourself.',
  ),
});
export type LiveQuery = z.infer<typeof liveQuerySchema>;

export const ticketQuerySchema = ownerQuerySchema.extend({
  userId: topicSchema
    .optional()
    .describe('For admins: whose events; `*`: the session events of all users. Default: yourself.'),
});

export const ticketSchema = z.object({
  url: z.url().describe('Connect there, with `ticket` and what else the query says.'),
  ticket: z.string().describe('Good for one connect.'),
  expiresAt: z.iso.datetime(),
  cursor: cursorSchema.describe('Connect with `after` set to it, and nothing since this response is missed.'),
});

/** How long a ticket is good. */
export const TICKET_SECONDS = 60;

/** A message of a connection: the envelope of webhooks and a cursor. */
export const liveEventSchema = webhookEnvelopeSchema
  .extend({ environment: z.unknown() })
  .partial()
  .required({ id: true, timestamp: true, event: true, session: true, payload: true })
  .extend({
    cursor: cursorSchema.describe('Connect with `after` set to it to continue behind this event.'),
    userId: z.string().optional().describe('The owner, in the stream of all users.'),
  });
export type LiveEvent = z.infer<typeof liveEventSchema>;

/** In place of events that had expired before they could be sent. Its `session` is `*`. */
export const EVENTS_MISSED = 'events.missed';

/** The message that a client sends so that its connection is not idle; the response is `PONG`. */
export const PING_ACTION = 'ping';
export const PONG = { event: 'pong' } as const;
