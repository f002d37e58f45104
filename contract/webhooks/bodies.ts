/** The bodies that webhooks receive: one body for each event, with the payload that the event has. */
import * as z from 'zod';
import type { WEBHOOK_EVENTS } from '../bodies/session-config.ts';
import { stateSchema, statusSchema, stopReasonSchema } from '../lifecycle.ts';
import { labelSchema } from '../whatsapp/labels.ts';
import { messageSchema, numberIdSchema } from '../whatsapp/messages.ts';
import { statusDataSchema } from '../whatsapp/passkey.ts';
import { chatPresencesSchema } from '../whatsapp/people.ts';
import { webhookEnvelopeSchema } from './envelope.ts';

export type WebhookEvent = Exclude<(typeof WEBHOOK_EVENTS)[number], '*'>;

const groupEvent = z.object({
  group: z.object({ id: z.string() }),
  timestamp: z.number(),
  author: z.string().optional(),
  authorPn: numberIdSchema,
  _data: z.record(z.string(), z.json()).describe("The engine's own kind of the change."),
});
const participant = z.object({
  id: z.string(),
  pn: numberIdSchema,
  role: z.enum(['left', 'participant', 'admin', 'superadmin']),
});
/** All but `id` is missing if the group could not be read. */
const wholeGroup = z.object({
  id: z.string(),
  subject: z.string().optional(),
  description: z.string().optional(),
  membersCanAddNewMember: z.boolean().optional(),
  membersCanSendMessages: z.boolean().optional(),
  newMembersApprovalRequired: z.boolean().optional(),
  participants: z.array(participant).optional(),
});

const ackPayload = messageSchema
  .pick({
    id: true,
    from: true,
    fromPn: true,
    to: true,
    toPn: true,
    participant: true,
    participantPn: true,
    fromMe: true,
    ack: true,
    ackName: true,
  })
  .describe('The message, if it is known.');

const callPayload = z.object({
  id: z.string(),
  from: z.string(),
  fromPn: numberIdSchema,
  timestamp: z.number().optional(),
  isVideo: z.boolean(),
  isGroup: z.boolean(),
  _data: z.record(z.string(), z.json()).describe("The engine's own fields of the call."),
});

const labeledChat = z.object({
  labelId: z.string(),
  chatId: z.string(),
  chatPn: numberIdSchema,
  label: labelSchema.nullable().describe('null: the label itself is gone.'),
});

/** As whatsapp-web.js reports it. */
const groupNotification = z.object({
  id: z.string(),
  chatId: z.string(),
  author: z.string().optional(),
  recipientIds: z.array(z.string()),
  timestamp: z.number(),
  type: z.string(),
  body: z.string(),
});

/** By event: what it reports, in one line, and its payload. Ids as WhatsApp has them, `timestamp` in seconds. */
export const WEBHOOK_PAYLOADS = {
  'session.admitted': {
    summary: 'A session was admitted and is starting',
    payload: z.object({ epoch: z.int() }),
  },
  'session.status': {
    summary: "A session's status changed, or it shows another QR code",
    payload: z.object({
      name: z.string().describe("The session's name."),
      status: statusSchema,
      statuses: z
        .array(z.object({ status: statusSchema, timestamp: z.int() }))
        .describe('The last statuses and when each began, in ms since the epoch; oldest first.'),
      detail: z.string().optional(),
      data: statusDataSchema
        .optional()
        .describe(
          'PASSKEY_REQUIRED: the challenge, as `GET /api/{session}/auth/passkey/challenge` gives it. ' +
            'PASSKEY_CONFIRMATION_REQUIRED: the code to compare. Webhooks get it, and WebSocket connections whose key has ' +
            'the scope `sessions:write`.',
        ),
    }),
  },
  'session.expiring': {
    summary: 'A session will be stopped soon: it is idle, or its maximum duration ends',
    payload: z.object({ reason: stopReasonSchema, at: z.int().describe('Time, in ms since the epoch.') }),
  },
  'session.restarting': {
    summary: 'The task of a session was lost, or a rollout replaces it, and the session starts again',
    payload: z.object({
      epoch: z.int().describe('Of the start that follows.'),
      reason: stopReasonSchema.describe('Why the task was lost.'),
      status: statusSchema,
      attempt: z.int().describe('Restarts within the window, this one included.'),
      maxAttempts: z.int(),
      nextAttemptAt: z.int().describe('When it is started, in ms since the epoch.'),
      detail: z.string().optional(),
    }),
  },
  'session.stopped': {
    summary: 'A session ended',
    payload: z.object({
      stopReason: stopReasonSchema.optional(),
      state: stateSchema,
      status: statusSchema,
      detail: z.string().optional(),
      restarts: z
        .int()
        .optional()
        .describe('The restart policy gave up: so many restarts within its window did not help.'),
    }),
  },
  'session.code': {
    summary: 'A pairing code was created or renewed: the previous one is invalid',
    payload: z.object({
      code: z.string(),
      expiresAt: z.int().describe('When WhatsApp is expected to replace it, in ms since the epoch.'),
    }),
  },
  message: { summary: 'A message was received', payload: messageSchema },
  'message.any': {
    summary: 'A message was received, or sent by Berth or by the phone',
    payload: messageSchema,
  },
  'message.ack': {
    summary: 'A message of a direct chat reached a server or device, or was read',
    payload: ackPayload,
  },
  'message.ack.group': {
    summary: 'A message of a group reached the server or its members, or was read',
    payload: ackPayload,
  },
  'message.reaction': {
    summary: 'A reaction was added to a message or removed',
    payload: z.object({
      id: z.string(),
      from: z.string(),
      fromPn: numberIdSchema,
      fromMe: z.boolean(),
      to: z.string(),
      participant: z.string(),
      participantPn: numberIdSchema,
      timestamp: z.number(),
      reaction: z.object({ text: z.string().describe('Empty: it was removed.'), messageId: z.string() }),
    }),
  },
  'message.revoked': {
    summary: 'A message was deleted for everyone',
    payload: z.object({
      after: messageSchema,
      before: messageSchema.nullable().describe('null when the message is not known.'),
      revokedMessageId: z.string().describe('The last part of the id: `3EB0…`.'),
    }),
  },
  'message.edited': {
    summary: 'The author changed the text of a message',
    payload: messageSchema.extend({
      editedMessageId: z.string().describe('The last part of the id: `3EB0…`.'),
    }),
  },
  'message.waiting': {
    summary: 'A message arrived without its content; `message` follows when the content arrives',
    payload: messageSchema,
  },
  'group.v2.join': {
    summary: 'The account itself joined a group or was added to it',
    payload: groupEvent.extend({ group: wholeGroup }),
  },
  'group.v2.leave': {
    summary: 'The account itself left a group or was removed from it',
    payload: groupEvent,
  },
  'group.v2.update': {
    summary: 'A group was changed',
    payload: groupEvent.extend({
      type: z.string().describe("The engine's name of what changed: `subject`, `description`, `picture` …"),
      group: z.object({
        id: z.string(),
        subject: z.string().optional(),
        description: z.string().optional(),
        membersCanSendMessages: z.boolean().optional(),
      }),
    }),
  },
  'group.v2.participants': {
    summary: 'Other members joined or left a group, or a member became an admin or is no admin any more',
    payload: groupEvent.extend({
      type: z.enum(['join', 'leave', 'promote', 'demote']),
      participants: z.array(participant),
    }),
  },
  'chat.archive': {
    summary: 'A chat was archived or taken out of the archive',
    payload: z.object({ id: z.string(), archived: z.boolean(), timestamp: z.int() }),
  },
  'call.received': { summary: 'An incoming call', payload: callPayload },
  'call.rejected': { summary: 'A call was rejected through the API', payload: callPayload },
  'presence.update': {
    summary: 'Who is online or types in a chat whose presence is followed',
    payload: chatPresencesSchema,
  },
  'label.upsert': { summary: 'A label was made or changed', payload: labelSchema },
  'label.deleted': { summary: 'A label was deleted', payload: labelSchema },
  'label.chat.added': { summary: 'A chat was given a label', payload: labeledChat },
  'label.chat.deleted': { summary: 'A label was taken from a chat', payload: labeledChat },
  'poll.vote': {
    summary: 'A vote in a poll',
    payload: z.object({
      vote: z.object({
        id: z.string().describe('Names poll and voter: a later vote of the same person has the same.'),
        from: z.string(),
        fromPn: numberIdSchema,
        fromMe: z.boolean(),
        to: z.string(),
        participant: z.string().optional(),
        selectedOptions: z.array(z.string()),
        timestamp: z.number(),
      }),
      poll: z.object({
        id: z.string(),
        from: z.string(),
        to: z.string(),
        fromMe: z.boolean(),
        participant: z.string().optional(),
      }),
    }),
  },
  'engine.event': {
    summary: 'A raw event of the engine; not part of `*`',
    payload: z.object({ event: z.string(), data: z.record(z.string(), z.unknown()) }),
  },
  'state.change': {
    summary: 'Deprecated by WAHA: the state of the connection of WhatsApp Web; not part of `*`',
    payload: z.object({ state: z.string() }),
  },
  'group.join': {
    summary: 'Deprecated by WAHA: a member joined a group; not part of `*`',
    payload: groupNotification,
  },
  'group.leave': {
    summary: 'Deprecated by WAHA: a member left a group; not part of `*`',
    payload: groupNotification,
  },
} as const satisfies Record<WebhookEvent, { summary: string; payload: z.ZodObject }>;

export type WebhookPayload<E extends WebhookEvent> = z.output<(typeof WEBHOOK_PAYLOADS)[E]['payload']>;

/** The whole body of one event. */
export const webhookBodySchema = <E extends WebhookEvent>(event: E) =>
  webhookEnvelopeSchema.extend({
    id: webhookEnvelopeSchema.shape.id.regex(/^evt_[0-9a-hjkmnp-tv-z]{26}$/),
    event: z.literal(event),
    payload: WEBHOOK_PAYLOADS[event].payload,
    engine: z.literal('WEBJS'),
  });
