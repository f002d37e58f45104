/** Which of the library's events become which of Berth's. One row an event. */
import type { WebhookEvent, WebhookPayload } from '../../contract/webhooks/bodies.ts';
import { countsAsUse } from '../../contract/whatsapp/chat-kind.ts';
import { chatKindOfEvent } from '../../contract/whatsapp/ignore.ts';
import {
  ackPayload,
  callPayload,
  editedPayload,
  groupPayload,
  messagePayload,
  reactionPayload,
  revokedPayload,
  unopenedPayload,
  votePayload,
  waitingPayload,
} from './payloads.ts';

type RowOf<E extends WebhookEvent> = {
  readonly event: E;
  /** As webhooks are told to expect it; undefined: nothing to tell. */
  readonly payload: (...values: unknown[]) => WebhookPayload<E> | undefined;
  /** Counts as use of the session and puts the idle deadline off; not in Status and channels. */
  readonly activity?: true;
  /** The first value is a message, whose file belongs to the payload. */
  readonly media?: true;
};
type Row = { [E in WebhookEvent]: RowOf<E> }[WebhookEvent];

const ROWS: Readonly<Record<string, Row | readonly Row[]>> = {
  message: { event: 'message', payload: messagePayload, activity: true, media: true },
  message_create: { event: 'message.any', payload: messagePayload, media: true },
  message_ack: { event: 'message.ack', payload: ackPayload },
  message_reaction: { event: 'message.reaction', payload: reactionPayload },
  message_edit: { event: 'message.edited', payload: editedPayload },
  message_ciphertext: [
    { event: 'message', payload: unopenedPayload, activity: true },
    { event: 'message.any', payload: unopenedPayload },
    { event: 'message.waiting', payload: waitingPayload },
  ],
  message_revoke_everyone: { event: 'message.revoked', payload: revokedPayload },
  group_join: { event: 'group.v2.join', payload: groupPayload },
  group_leave: { event: 'group.v2.leave', payload: groupPayload },
  group_admin_changed: { event: 'group.v2.update', payload: groupPayload },
  group_update: { event: 'group.v2.update', payload: groupPayload },
  call: { event: 'call.received', payload: callPayload },
  vote_update: { event: 'poll.vote', payload: votePayload },
  change_state: {
    event: 'engine.event',
    payload: (state) => ({ event: 'change_state', data: { state: String(state).slice(0, 50) } }),
  },
};

export const FORWARDED_EVENTS: readonly string[] = Object.keys(ROWS);

export type Forwarded = {
  readonly event: string;
  readonly payload: unknown;
  readonly activity: boolean;
  readonly media: boolean;
};

/** What the library's event says: nothing, one event, or several of the same thing. */
export const forward = (name: string, values: readonly unknown[]): readonly Forwarded[] =>
  [ROWS[name] ?? []].flat().flatMap((row: Row) => {
    const payload = row.payload(...values);
    if (payload === undefined) return [];
    const kind = chatKindOfEvent(row.event, payload);
    const activity = row.activity === true && (kind === undefined || countsAsUse(kind));
    return [{ event: row.event, payload, activity, media: row.media ?? false }];
  });
