/** Which of the library's events become which of Berth's. One row an event. */
import type { WebhookEvent, WebhookPayload } from '../../contract/webhooks/bodies.ts';
import { countsAsUse } from '../../contract/whatsapp/chat-kind.ts';
import { chatKindOfEvent } from '../../contract/whatsapp/ignore.ts';
import {
  archivePayload,
  callPayload,
  directAckPayload,
  editedPayload,
  groupAckPayload,
  reactionPayload,
  revokedPayload,
  unopenedPayload,
  votePayload,
  waitingPayload,
} from './event-payloads.ts';
import {
  adminsChanged,
  groupChanged,
  type IsMe,
  othersJoined,
  othersLeft,
  ownMembership,
  rawNotification,
} from './group-events.ts';
import { labelAdded, labelPayload, labelTaken } from './label-payloads.ts';
import { eventMessagePayload } from './payloads.ts';
import { presencePayload } from './presence-payloads.ts';

/** Data beside the library's values: the account, and the time in seconds. */
export type Known = { readonly isMe: IsMe; readonly seconds: number };

type RowOf<E extends WebhookEvent> = {
  readonly event: E;
  /** In the documented form of webhooks; undefined: no event. */
  readonly payload: (values: readonly unknown[], known: Known) => WebhookPayload<E> | undefined;
  /** Counts as use of the session and puts the idle deadline off; not in Status and channels. */
  readonly activity?: true;
  /** The first value is a message, whose file belongs to the payload. */
  readonly media?: true;
  /** The whole group belongs to the payload. */
  readonly group?: true;
};
type Row = { [E in WebhookEvent]: RowOf<E> }[WebhookEvent];

const ROWS: Readonly<Record<string, Row | readonly Row[]>> = {
  message: {
    event: 'message',
    payload: ([message]) => eventMessagePayload(message),
    activity: true,
    media: true,
  },
  message_create: {
    event: 'message.any',
    payload: ([message]) => eventMessagePayload(message),
    media: true,
  },
  message_ack: [
    { event: 'message.ack', payload: ([message, ack]) => directAckPayload(message, ack) },
    { event: 'message.ack.group', payload: ([message, ack]) => groupAckPayload(message, ack) },
  ],
  message_reaction: { event: 'message.reaction', payload: ([reaction]) => reactionPayload(reaction) },
  message_edit: { event: 'message.edited', payload: ([message]) => editedPayload(message) },
  message_ciphertext: [
    { event: 'message', payload: ([message]) => unopenedPayload(message), activity: true },
    { event: 'message.any', payload: ([message]) => unopenedPayload(message) },
    { event: 'message.waiting', payload: ([message]) => waitingPayload(message) },
  ],
  message_revoke_everyone: {
    event: 'message.revoked',
    payload: ([after, before]) => revokedPayload(after, before),
  },
  group_join: [
    { event: 'group.v2.join', payload: ([source], { isMe }) => ownMembership(source, isMe), group: true },
    { event: 'group.v2.participants', payload: ([source], { isMe }) => othersJoined(source, isMe) },
    { event: 'group.join', payload: ([source]) => rawNotification(source) },
  ],
  group_leave: [
    { event: 'group.v2.leave', payload: ([source], { isMe }) => ownMembership(source, isMe) },
    { event: 'group.v2.participants', payload: ([source], { isMe }) => othersLeft(source, isMe) },
    { event: 'group.leave', payload: ([source]) => rawNotification(source) },
  ],
  group_admin_changed: { event: 'group.v2.participants', payload: ([source]) => adminsChanged(source) },
  group_update: { event: 'group.v2.update', payload: ([source]) => groupChanged(source) },
  call: { event: 'call.received', payload: ([call], { seconds }) => callPayload(call, seconds) },
  /** Of Berth's own: the library says nothing of it. */
  call_rejected: { event: 'call.rejected', payload: ([call], { seconds }) => callPayload(call, seconds) },
  vote_update: { event: 'poll.vote', payload: ([vote]) => votePayload(vote) },
  chat_archived: {
    event: 'chat.archive',
    payload: ([chat, archived], { seconds }) => archivePayload(chat, archived, seconds),
  },
  change_state: [
    {
      event: 'engine.event',
      payload: ([state]) => ({ event: 'change_state', data: { state: String(state).slice(0, 50) } }),
    },
    { event: 'state.change', payload: ([state]) => ({ state: String(state).slice(0, 50) }) },
  ],
  page_label: { event: 'label.upsert', payload: ([label]) => labelPayload(label) },
  page_label_deleted: { event: 'label.deleted', payload: ([label]) => labelPayload(label) },
  page_chat_label: [
    { event: 'label.chat.added', payload: ([change]) => labelAdded(change) },
    { event: 'label.chat.deleted', payload: ([change]) => labelTaken(change) },
  ],
  page_presence: { event: 'presence.update', payload: ([presence]) => presencePayload(presence) },
};

export const FORWARDED_EVENTS: readonly string[] = Object.keys(ROWS);

export type Forwarded = {
  readonly event: string;
  readonly payload: unknown;
  readonly activity: boolean;
  readonly media: boolean;
  readonly group: boolean;
};

/** Before the account is known. */
const NOTHING_KNOWN: Known = { isMe: () => false, seconds: 0 };

/** The meaning of the library's event: nothing, one event, or several of the same thing. */
export const forward = (
  name: string,
  values: readonly unknown[],
  known: Known = NOTHING_KNOWN,
): readonly Forwarded[] =>
  [ROWS[name] ?? []].flat().flatMap((row: Row) => {
    const payload = row.payload(values, known);
    if (payload === undefined) return [];
    const kind = chatKindOfEvent(row.event, payload);
    const activity = row.activity === true && (kind === undefined || countsAsUse(kind));
    return [{ event: row.event, payload, activity, media: row.media ?? false, group: row.group ?? false }];
  });
