/** Actions on a whole chat. Each answer follows what the page shows of the chat. */
import type * as z from 'zod';
import type {
  ChatOverview,
  chatPictureArgs,
  findChatsOverviewArgs,
  getChatsOverviewArgs,
  oneChatArgs,
  pictureSchema,
  readChatArgs,
  readChatSchema,
} from '../../contract/whatsapp/chat-acts.ts';
import type { LibraryAccount } from '../whatsapp/account.ts';
import type { ChatState } from '../whatsapp/chat-page.ts';
import { chatPayload } from '../whatsapp/chat-payloads.ts';
import { messagePayload } from '../whatsapp/payloads.ts';
import { ask, change, pageOf } from './ask.ts';
import type { CommandContext } from './context.ts';
import { CommandFailed } from './failure.ts';
import { unknownOutcome } from './hand-over.ts';
import { requireChat, untilChat } from './known-chat.ts';
import { pictureOf } from './pictures.ts';

type Done = Record<string, never>;
type OneChat = z.output<typeof oneChatArgs>;

/** Hands it over unless it is so already, and answers once the page shows it. */
const makes =
  (
    what: string,
    isSo: (chat: ChatState | undefined) => boolean,
    make: (account: LibraryAccount, chatId: string) => Promise<void>,
  ) =>
  async (context: CommandContext, { chatId }: OneChat): Promise<Done> => {
    const chat = await requireChat(context, chatId);
    if (isSo(chat)) return {};
    await change(context, what, (account) => make(account, chat.id));
    if (!(await untilChat(context, chat.id, isSo)))
      throw unknownOutcome(what, 'WhatsApp Web does not show it');
    return {};
  };

export const archiveChat = makes(
  'archiving the chat',
  (chat) => chat?.archived === true,
  (account, id) => account.archive(id, true),
);
export const unarchiveChat = makes(
  'taking the chat out of the archive',
  (chat) => chat?.archived === false,
  (account, id) => account.archive(id, false),
);
export const markChatUnread = makes(
  'marking as unread',
  (chat) => chat !== undefined && chat.unread !== 0,
  (account, id) => account.markUnread(id),
);
/** The messages in memory and in the page's database: an empty memory is no reason to do nothing. */
export const clearChat = async (context: CommandContext, { chatId }: OneChat): Promise<Done> => {
  const { id } = await requireChat(context, chatId);
  await change(context, 'clearing the chat', (account) => account.clearChat(id));
  if (!(await untilChat(context, id, (chat) => (chat?.messages ?? 0) === 0)))
    throw unknownOutcome('clearing the chat', 'WhatsApp Web still shows messages');
  return {};
};
const removeChat = makes(
  'deleting the chat',
  (chat) => chat === undefined,
  (account, id) => account.deleteChat(id),
);
export const deleteChat = async (context: CommandContext, args: OneChat): Promise<Done> => {
  const { member } = await requireChat(context, args.chatId);
  if (member === true)
    throw new CommandFailed(
      'refused',
      'A group has to be left before its chat is deleted; nothing was done.',
    );
  return await removeChat(context, args);
};

/** Ids of unread messages as far as they are in the page's newest ones. */
export const readChat = async (
  context: CommandContext,
  { chatId }: z.output<typeof readChatArgs>,
): Promise<z.infer<typeof readChatSchema>> => {
  const { id, unread } = await requireChat(context, chatId);
  if (unread === 0) return { ids: [] };
  const newest =
    unread < 0 ? [] : await ask(context, 'reading messages', (account) => account.messages(id, unread + 20));
  await change(context, 'marking as read', (account) => account.sendSeen(id));
  if (!(await untilChat(context, id, (chat) => chat?.unread === 0)))
    throw unknownOutcome('marking as read', 'WhatsApp Web does not show it');
  const received = newest.flatMap((source) => messagePayload(source) ?? []).filter(({ fromMe }) => !fromMe);
  return { ids: unread < 0 ? [] : received.slice(-unread).map((message) => message.id) };
};

export const getChatPicture = async (
  context: CommandContext,
  { chatId }: z.output<typeof chatPictureArgs>,
): Promise<z.infer<typeof pictureSchema>> => ({ url: await pictureOf(context, chatId) });

/** Pictures are asked for a few at a time; one that is not there in time is null. */
const PICTURES_AT_ONCE = 5;

export const getChatsOverview = async (
  context: CommandContext,
  { ids, ...page }: z.output<typeof getChatsOverviewArgs>,
): Promise<ChatOverview[]> => {
  const found = await ask(context, 'reading the chats', (account) => account.chats());
  const chats = found
    .flatMap((source) => chatPayload(source) ?? [])
    .filter(({ id, pn }) => ids === undefined || ids.includes(id) || (pn !== undefined && ids.includes(pn)))
    .sort((a, b) => (b.timestamp ?? 0) - (a.timestamp ?? 0));
  const shown = pageOf(chats, { offset: page.offset, limit: page.limit === 0 ? chats.length : page.limit });
  const overview: ChatOverview[] = [];
  for (let at = 0; at < shown.length; at += PICTURES_AT_ONCE) {
    const some = shown.slice(at, at + PICTURES_AT_ONCE);
    overview.push(
      ...(await Promise.all(
        some.map(async (chat) => {
          const { id, name, lastMessage } = chat;
          const picture = await pictureOf(context, id).catch(() => null);
          return { id, name, picture, lastMessage, _chat: { ...chat } };
        }),
      )),
    );
  }
  return overview;
};

export const findChatsOverview = (
  context: CommandContext,
  { pagination, filter }: z.output<typeof findChatsOverviewArgs>,
): Promise<ChatOverview[]> =>
  getChatsOverview(context, {
    limit: pagination?.limit ?? 20,
    offset: pagination?.offset ?? 0,
    ...(filter?.ids ? { ids: filter.ids } : {}),
  });
