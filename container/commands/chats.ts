import type { z } from 'zod';
import type { Chat, getChatsArgs, getMessagesArgs } from '../../core/chats.ts';
import type { Message } from '../../core/messages.ts';
import { chatPayload } from '../whatsapp/chat-payloads.ts';
import { messagePayload } from '../whatsapp/payloads.ts';
import { ask, pageOf } from './ask.ts';
import type { CommandContext } from './context.ts';

/** Chats by the time of what happened last. */
export const getChats = async (
  context: CommandContext,
  { sortOrder, ...page }: z.output<typeof getChatsArgs>,
): Promise<Chat[]> => {
  const found = await ask(context, 'reading the chats', (account) => account.chats());
  const sign = sortOrder === 'desc' ? -1 : 1;
  const chats = found
    .flatMap((source) => chatPayload(source) ?? [])
    .sort((a, b) => sign * ((a.timestamp ?? 0) - (b.timestamp ?? 0)));
  return pageOf(chats, page);
};

/** Newest first; WhatsApp loads earlier ones from the phone as far as it has them. */
export const getMessages = async (
  context: CommandContext,
  { chatId, limit, offset, sortOrder, downloadMedia }: z.output<typeof getMessagesArgs>,
): Promise<Message[]> => {
  const found = await ask(context, 'reading messages', (account) => account.messages(chatId, limit + offset));
  const newestFirst = found
    .map((source, at) => ({ source, at, message: messagePayload(source) }))
    .sort((a, b) => (b.message?.timestamp ?? 0) - (a.message?.timestamp ?? 0) || b.at - a.at);
  const page = await Promise.all(
    pageOf(newestFirst, { limit, offset }).map(async ({ source, message }) =>
      message && downloadMedia ? await context.withMedia(source, message) : message,
    ),
  );
  const messages = page.flatMap((message) => message ?? []);
  return sortOrder === 'desc' ? messages : messages.reverse();
};
