/** Actions on a whole chat. Shapes as in WAHA's API. */
import * as z from 'zod';
import { chatIdSchema, messageSchema } from './messages.ts';

export const oneChatArgs = z.strictObject({ chatId: chatIdSchema });

const overviewLimit = z.coerce.number().int().min(0).max(100);
const overviewOffset = z.coerce.number().int().min(0).max(100_000);
const ids = z.array(chatIdSchema).max(100);
export const getChatsOverviewArgs = z.strictObject({
  limit: overviewLimit.default(20),
  offset: overviewOffset.default(0),
  ids: z
    .union([
      ids,
      z
        .string()
        .transform((text) => text.split(',').map((id) => id.trim()))
        .pipe(ids),
    ])
    .optional()
    .describe('These chats only; several with commas between.'),
});
export const findChatsOverviewArgs = z.strictObject({
  pagination: z.strictObject({ limit: overviewLimit.nullish(), offset: overviewOffset.nullish() }).optional(),
  filter: z.strictObject({ ids: ids.nullish() }).nullish(),
});
export const chatOverviewSchema = z.object({
  id: z.string(),
  name: z.string().nullable(),
  picture: z.string().nullable(),
  lastMessage: messageSchema.nullable(),
  _chat: z.record(z.string(), z.unknown()),
});
export type ChatOverview = z.infer<typeof chatOverviewSchema>;

/** WhatsApp gives the newest picture at every question. */
const refresh = z.stringbool().or(z.boolean()).default(false);
export const chatPictureArgs = oneChatArgs.extend({ refresh });
export const pictureSchema = z.object({
  url: z.string().nullable().describe('null: there is none, or none that this account may see.'),
});

/** The whole chat is marked as read: WhatsApp Web knows no seen single message. */
export const readChatArgs = oneChatArgs.extend({
  messages: z.coerce.number().int().min(0).max(10_000).optional(),
  days: z.coerce.number().int().min(0).max(3650).optional(),
});
export const readChatSchema = z.object({
  ids: z.array(z.string()).describe('Messages that were unread, as far as WhatsApp Web has them.'),
});
