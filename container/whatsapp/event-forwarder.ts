/**
 * Forwards the library's events: live ones as they come, and, each time a client begins to work, first the messages
 * that came while none did. While the chats are read for that, live events wait, so that all are in order. A message
 * is delivered once: the delivered ones are known by their ids, and a repeat after a crash has the event id that it
 * had the first time.
 *
 *   worker: delivered up to 3, dies ── messages 4, 5 come ── next worker works: 4 late, 5 late ── 6 live
 */
import { createHash } from 'node:crypto';
import { encodeTime } from 'ulid';
import * as z from 'zod';
import { type Ignore, isIgnored } from '../../contract/whatsapp/ignore.ts';
import { type Message, messageSchema } from '../../contract/whatsapp/messages.ts';
import type { ForwardedMark } from '../../contract/worker/protocol.ts';
import { describeError } from '../base/faults.ts';
import type { Log } from '../base/log.ts';
import type { Time } from '../base/time.ts';
import type { Outbox } from '../control/outbox.ts';
import { catchUp } from './catch-up.ts';
import { type Forwarded, forward } from './events.ts';
import { createForwardedMessages, type ForwardedMessages, messageKey } from './forwarded-messages.ts';
import type { IsMe } from './group-events.ts';
import type { LibraryClient } from './library.ts';
import { sourced } from './payloads.ts';

type EventForwarder = {
  /** An event of the library. `byCommand`: a command caused it. */
  forward(name: string, values: readonly unknown[], byCommand: boolean): void;
  /** A client works, for this account: reads what was missed. Does nothing while it is at it. */
  works(client: LibraryClient, account: string, lid?: string): void;
  /** No client works: events wait until one does. */
  pauses(): void;
  /** The account is gone: another one begins at zero. */
  forget(): void;
  /** Forwards what waits; no more is read. */
  end(): void;
};

/** Events of messages that are recognized when the library repeats them. */
const REMEMBERED = 5_000;
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** The id of an event that reports a message: the same for every worker, and however often. */
const messageEventId = (sessionId: string, event: string, { id, timestamp }: Message): string => {
  const digest = createHash('sha256')
    .update(`${sessionId} ${event} ${messageKey(id)}`)
    .digest();
  const random = [...digest.subarray(0, 16)].map((byte) => ALPHABET[byte % 32]).join('');
  return `evt_${encodeTime(Math.max(0, timestamp) * 1000, 10).toLowerCase()}${random}`;
};

const datedSchema = z.object({ timestamp: z.number() });

/**
 * A message counts as delivered with the last of its events: `message` of a received one, `message.any` of an own
 * one.
 */
const isLastEvent = (event: string, message: Message): boolean =>
  event === (message.fromMe ? 'message.any' : 'message');

const isNewMessage = (event: string): boolean => event === 'message' || event === 'message.any';

/** How an event is sent: afterwards, or as it came. */
type How = { readonly late: boolean; readonly byCommand: boolean };
const LATE: How = { late: true, byCommand: false };

export const createEventForwarder = (options: {
  readonly sessionId: string;
  readonly outbox: Pick<Outbox, 'add' | 'addLater' | 'begin'>;
  readonly time: Time;
  /** ms, control plane's clock */
  readonly now: () => number;
  readonly log: Log;
  /** The messages that earlier workers delivered. */
  readonly forwarded: ForwardedMark | undefined;
  readonly late: { readonly max: number; readonly maxAgeSeconds: number };
  readonly ignore: () => Ignore | undefined;
  readonly withMedia: (source: unknown, message: Message) => Promise<Message>;
  /** The payload with the whole group; never rejects. */
  readonly withGroup: (payload: unknown) => Promise<unknown>;
  readonly onActivity: () => void;
}): EventForwarder => {
  const { sessionId, outbox, time, now, log, late } = options;
  let account: string | undefined;
  let ownLid: string | undefined;
  /** When the account was linked, if this worker saw it (s): the page repeats older reactions then. */
  let linkedAt: number | undefined;
  let forwarded: ForwardedMessages | undefined;
  /** Events that wait; undefined: none has to. */
  let waiting: (readonly [name: string, values: readonly unknown[], byCommand: boolean])[] | undefined = [];
  /** Grows with each client: messages read for a client that is gone are not sent. */
  let turn = 0;
  let ended = false;
  /** The messages that earlier workers delivered. */
  const earlier = new Set(options.forwarded?.ids.map(({ id }) => id));
  /** Ids of the latest events of messages. */
  const seen = new Set<string>();
  const remember = (eventId: string) => {
    seen.add(eventId);
    for (const oldest of seen) {
      if (seen.size <= REMEMBERED) break;
      seen.delete(oldest);
    }
  };

  const seconds = () => Math.floor(now() / 1000);

  /** One event of a new message, unless it was delivered. */
  const sendMessage = ({ event, payload, activity, media }: Forwarded, source: unknown, how: How): void => {
    const message = messageSchema.parse(payload);
    const { timestamp: at } = message;
    const id = messageKey(message.id);
    const eventId = messageEventId(sessionId, event, message);
    if (earlier.has(id) || seen.has(eventId)) return;
    remember(eventId);
    const last = isLastEvent(event, message);
    if (last) forwarded?.note(id, at);
    if (isIgnored(options.ignore(), event, message)) return;
    const about = { id: eventId, ...(last ? { forwards: { id, at } } : {}) };
    const shown: Message = {
      // The sending command is known for live messages, not for those that are read later.
      ...(how.late ? message : sourced(message, how.byCommand)),
      ...(how.late ? { late: true } : {}),
    };
    if (media && message.hasMedia && !message.fromMe)
      outbox.addLater(event, options.withMedia(source, shown), about);
    else outbox.add(event, shown, about);
    if (activity && !how.late) options.onActivity();
  };

  const isMe: IsMe = (...ids) => ids.some((id) => id !== undefined && (id === account || id === ownLid));

  const isOlderThanLink = ({ event, payload }: Forwarded): boolean =>
    event === 'message.reaction' &&
    linkedAt !== undefined &&
    (datedSchema.safeParse(payload).data?.timestamp ?? linkedAt) < linkedAt;

  const send = (name: string, values: readonly unknown[], how: How): void => {
    for (const event of forward(name, values, { isMe, seconds: seconds() })) {
      if (isNewMessage(event.event)) sendMessage(event, values[0], how);
      else if (!isOlderThanLink(event) && !isIgnored(options.ignore(), event.event, event.payload)) {
        if (event.group) outbox.addLater(event.event, options.withGroup(event.payload));
        else outbox.add(event.event, event.payload);
        if (event.activity) options.onActivity();
      }
    }
  };

  const release = (): void => {
    const held = waiting ?? [];
    waiting = undefined;
    for (const [name, values, byCommand] of held) send(name, values, { late: false, byCommand });
  };

  const begin = (current: string): ForwardedMessages => {
    if (account !== current || !forwarded) {
      const mark =
        options.forwarded?.account === current && account === undefined ? options.forwarded : undefined;
      account = current;
      if (!mark) linkedAt = seconds();
      forwarded = mark ? createForwardedMessages(mark.since, mark.ids) : createForwardedMessages(seconds());
      // Even before the first message: what comes after this is what a later worker missed.
      outbox.begin(forwarded.mark(current));
    }
    return forwarded;
  };

  const read = async (client: LibraryClient, known: ForwardedMessages): Promise<void> => {
    if (late.max === 0) return;
    const mine = turn;
    const since = Math.max(known.since, seconds() - late.maxAgeSeconds);
    const { missed, cut, complete } = await catchUp({
      client,
      since,
      isForwarded: known.has,
      max: late.max,
      time,
      log,
    });
    if (mine !== turn || ended) return;
    if (cut > 0 || !complete)
      outbox.add('engine.event', { event: 'late_messages_incomplete', data: { leftOut: cut, complete } });
    if (missed.length > 0) log.info('forwarding messages that came meanwhile', { count: missed.length, cut });
    for (const { source, message } of missed) {
      send('message_create', [source], LATE);
      if (!message.fromMe) send('message', [source], LATE);
    }
  };

  return {
    forward(name, values, byCommand) {
      if (waiting) waiting.push([name, values, byCommand]);
      else send(name, values, { late: false, byCommand });
    },
    works(client, current, lid) {
      if (!waiting || ended) return;
      ownLid = lid;
      turn += 1;
      const mine = turn;
      read(client, begin(current))
        .catch((error: unknown) =>
          log.warn('missed messages were not delivered', { error: describeError(error) }),
        )
        .finally(() => {
          if (mine === turn) release();
        });
    },
    pauses() {
      turn += 1;
      if (!ended) waiting ??= [];
    },
    forget() {
      earlier.clear();
      account = undefined;
      forwarded = undefined;
    },
    end() {
      ended = true;
      turn += 1;
      release();
    },
  };
};
