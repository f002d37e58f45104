import type * as z from 'zod';
import { chatKindOf } from '../../contract/whatsapp/chat-kind.ts';
import type { Chat, getChatsArgs, getMessagesArgs } from '../../contract/whatsapp/chats.ts';
import type { Media, Message } from '../../contract/whatsapp/messages.ts';
import { withDeadline } from '../base/time.ts';
import { chatPayload } from '../whatsapp/chat-payloads.ts';
import { messagePayload } from '../whatsapp/payloads.ts';
import { readChannelAccess } from '../whatsapp/recipient-page.ts';
import { ask, pageOf } from './ask.ts';
import { type CommandContext, workingClient } from './context.ts';
import { CommandFailed } from './failure.ts';
import { leftMs } from './hand-over.ts';

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

/** A chat is cut at the number asked for, wherever that falls among messages of one second. */
const SAME_SECOND = 50;

/**
 * Newest first; WhatsApp loads earlier ones from the phone as far as it has them. Those of one second are in the order of
 * their ids: pages must fit each other, and the page may hold them in another order after it has loaded earlier ones.
 */
export const getMessages = async (
  context: CommandContext,
  { chatId, limit, offset, sortOrder, downloadMedia }: z.output<typeof getMessagesArgs>,
): Promise<Message[]> => {
  await requireChat(context, chatId);
  const found = await ask(context, 'reading messages', (account) =>
    account.messages(chatId, offset + limit + SAME_SECOND),
  );
  const newestFirst = found
    .flatMap((source) => {
      const message = messagePayload(source);
      return message ? [{ source, message }] : [];
    })
    .sort(
      ({ message: a }, { message: b }) =>
        b.timestamp - a.timestamp || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0),
    );
  const messages = await Promise.all(
    pageOf(newestFirst, { limit, offset }).map(({ source, message }) =>
      downloadMedia ? mediaInTime(context, source, message) : message,
    ),
  );
  return sortOrder === 'desc' ? messages : messages.reverse();
};

/** The library fails in its own way if there is no such channel. */
const requireChat = async (context: CommandContext, chatId: string): Promise<void> => {
  const page = workingClient(context).pupPage;
  if (!page || chatKindOf(chatId) !== 'channel') return;
  const { found } = await ask(context, 'looking the channel up', () => readChannelAccess(page, chatId));
  if (!found) throw new CommandFailed('not_found', 'There is no such channel.');
};

/** Of the command's time, kept for the answer. */
const ANSWER_MS = 1_000;

/** A list is answered in time, with the files that were fetched by then. */
export const mediaInTime = (context: CommandContext, source: unknown, message: Message): Promise<Message> => {
  if (!message.hasMedia) return Promise.resolve(message);
  const late: Media = {
    mimetype: null,
    filename: null,
    size: null,
    error: 'not downloaded in time; try again, or request fewer messages',
  };
  const limit = Math.max(0, leftMs(context) - ANSWER_MS);
  return withDeadline(context.time, limit, 'fetching files', context.withMedia(source, message)).catch(
    () => ({
      ...message,
      media: late,
    }),
  );
};
