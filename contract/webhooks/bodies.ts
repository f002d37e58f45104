/** What webhooks receive: one body for each event, with the payload that the event has. */
import * as z from 'zod';
import type { WEBHOOK_EVENTS } from '../bodies/session-config.ts';
import { stateSchema, statusSchema, stopReasonSchema } from '../lifecycle.ts';
import { messageSchema, numberIdSchema } from '../whatsapp/messages.ts';
import { statusDataSchema } from '../whatsapp/passkey.ts';
import { webhookEnvelopeSchema } from './envelope.ts';

export type WebhookEvent = Exclude<(typeof WEBHOOK_EVENTS)[number], '*'>;

const groupPayload = z.object({
  /** `subject` where it is what changed. */
  group: z.object({ id: z.string(), subject: z.string().optional() }),
  type: z.string(),
  timestamp: z.number(),
  author: z.string().optional(),
  authorPn: numberIdSchema,
  participants: z.array(z.object({ id: z.string(), pn: numberIdSchema })),
});

/** By event: what it tells, in one line, and its payload. Ids as WhatsApp has them, `timestamp` in seconds. */
export const WEBHOOK_PAYLOADS = {
  'session.admitted': {
    summary: 'A session was admitted and is starting',
    payload: z.object({ epoch: z.int() }),
  },
  'session.status': {
    summary: "A session's status changed",
    payload: z.object({
      status: statusSchema,
      detail: z.string().optional(),
      data: statusDataSchema
        .optional()
        .describe(
          'PASSKEY_REQUIRED: the challenge, as `GET /api/{session}/auth/passkey/challenge` gives it. ' +
            'PASSKEY_CONFIRMATION_REQUIRED: the code to compare. Only webhooks get it.',
        ),
    }),
  },
  'session.expiring': {
    summary: 'A session will be stopped soon: it is idle, or its maximum duration ends',
    payload: z.object({ reason: stopReasonSchema, at: z.int().describe('Time, in ms since the epoch.') }),
  },
  'session.restarting': {
    summary: 'The task of a session was lost, and the session starts again by its restart policy',
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
    summary: 'A message reached a server or device, or was read',
    payload: messageSchema
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
      .describe('The message, if it is known.'),
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
      revokedMessageId: z.string(),
    }),
  },
  'message.edited': {
    summary: 'The author changed the text of a message',
    payload: messageSchema.extend({ editedMessageId: z.string() }),
  },
  'message.waiting': {
    summary: 'A message arrived without its content; `message` follows when the content arrives',
    payload: messageSchema,
  },
  'group.v2.join': { summary: 'A member joined a group', payload: groupPayload },
  'group.v2.leave': { summary: 'A member left a group', payload: groupPayload },
  'group.v2.update': { summary: 'A group was changed', payload: groupPayload },
  'call.received': {
    summary: 'An incoming call',
    payload: z.object({
      id: z.string(),
      from: z.string(),
      fromPn: numberIdSchema,
      timestamp: z.number().optional(),
      isVideo: z.boolean(),
      isGroup: z.boolean(),
    }),
  },
  'poll.vote': {
    summary: 'A vote in a poll',
    payload: z.object({
      vote: z.object({
        from: z.string(),
        fromPn: numberIdSchema,
        to: z.string(),
        selectedOptions: z.array(z.string()),
        timestamp: z.number(),
      }),
      poll: z.object({ id: z.string(), to: z.string(), fromMe: z.boolean() }),
    }),
  },
  'engine.event': {
    summary: 'A raw event of the engine; not part of `*`',
    payload: z.object({ event: z.string(), data: z.record(z.string(), z.unknown()) }),
  },
} as const satisfies Record<WebhookEvent, { summary: string; payload: z.ZodObject }>;

export type WebhookPayload<E extends WebhookEvent> = z.output<(typeof WEBHOOK_PAYLOADS)[E]['payload']>;

/** The whole body of one event. */
export const webhookBodySchema = <E extends WebhookEvent>(event: E) =>
  webhookEnvelopeSchema.extend({
    id: webhookEnvelopeSchema.shape.id.regex(/^evt_[0-9A-HJKMNP-TV-Z]{26}$/),
    event: z.literal(event),
    payload: WEBHOOK_PAYLOADS[event].payload,
    engine: z.literal('WEBJS'),
  });
