/** Actions on an existing message, and messages of rarer kinds. Shapes as in WAHA's API. */
import * as z from 'zod';
import { chatIdSchema, messageIdSchema, messageSchema } from './messages.ts';

const oneMessage = z.strictObject({ chatId: chatIdSchema, messageId: messageIdSchema });

export const getMessageArgs = oneMessage.extend({
  /** Its file is fetched and `media` set, as in events. */
  downloadMedia: z.stringbool().or(z.boolean()).default(true),
});
/** One message, with who reacted to it. */
export const messageWithReactionsSchema = messageSchema.extend({
  reactions: z
    .array(z.object({ text: z.string(), participant: z.string(), participantPn: z.string().optional() }))
    .optional()
    .describe('The reactions to it; absent if there are none.'),
});
export type MessageWithReactions = z.infer<typeof messageWithReactionsSchema>;

export const forwardMessageArgs = oneMessage.extend({
  chatId: chatIdSchema.describe('The chat to forward it to.'),
});
export const starMessageArgs = oneMessage.extend({ star: z.boolean() });

const DAY_S = 86_400;
export const pinMessageArgs = oneMessage.extend({
  duration: z
    .literal([DAY_S, 7 * DAY_S, 30 * DAY_S], 'must be 86400, 604800 or 2592000')
    .describe('Seconds: 86400 (a day), 604800 (a week) or 2592000 (30 days).'),
});
export const unpinMessageArgs = oneMessage;

export const sendPollVoteArgs = z.strictObject({
  chatId: chatIdSchema,
  pollMessageId: messageIdSchema,
  /** Of a channel's poll. */
  pollServerId: z.number().nullish(),
  /** No option takes the vote back. */
  votes: z.array(z.string().min(1).max(100)).max(12),
});

export const newMessageIdSchema = z.object({ id: z.string() });

const eventLine = z.string().trim().min(1).max(1024);
export const sendEventArgs = z.strictObject({
  chatId: chatIdSchema,
  reply_to: messageIdSchema.nullish(),
  event: z.strictObject({
    name: z.string().trim().min(1).max(100),
    description: eventLine.nullish(),
    /** Seconds since the epoch. */
    startTime: z.int().min(1),
    endTime: z.int().min(1).nullish(),
    location: z.strictObject({ name: eventLine }).nullish(),
    extraGuestsAllowed: z.boolean().nullish(),
  }),
});
