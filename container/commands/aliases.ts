/** Commands at paths that WAHA has given up: each is its successor. */
import type * as z from 'zod';
import type { sendLinkPreviewArgs, sendTextByQueryArgs } from '../../contract/whatsapp/aliases.ts';
import type { Message } from '../../contract/whatsapp/messages.ts';
import type { CommandContext } from './context.ts';
import { sendText } from './send-text.ts';

export { getMessages as listMessages } from './chats.ts';
export { checkNumber as checkNumberStatus } from './contacts.ts';
export { sendText as reply } from './send-text.ts';

export const sendTextByQuery = (
  context: CommandContext,
  { phone, text }: z.output<typeof sendTextByQueryArgs>,
): Promise<Message> => sendText(context, { chatId: phone, text });

export const sendLinkPreview = (
  context: CommandContext,
  { chatId, url, title }: z.output<typeof sendLinkPreviewArgs>,
): Promise<Message> =>
  sendText(context, { chatId, text: title === '' ? url : `${title}\n${url}`, linkPreview: true });
