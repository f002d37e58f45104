/** Arguments of paths that WAHA has given up, and that its older clients still ask. */
import * as z from 'zod';
import { getMessagesArgs } from './chats.ts';
import { chatIdSchema, sendTextArgs } from './messages.ts';

const phone = z
  .string()
  .transform((text) => (text.includes('@') ? text : `${text.replace(/[\s()+-]/g, '')}@c.us`))
  .pipe(chatIdSchema);

export const sendTextByQueryArgs = z.strictObject({ phone, text: z.string().min(1).max(65_536) });
export const replyArgs = sendTextArgs;
export const sendLinkPreviewArgs = z.strictObject({
  chatId: chatIdSchema,
  url: z.url({ protocol: /^https?$/ }).max(2048),
  title: z.string().max(1024).default(''),
});
export const listMessagesArgs = getMessagesArgs;
