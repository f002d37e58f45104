/** A chat that a command is about: looked up first, because the library makes one if there is none. */
import { type ChatState, readChatState } from '../whatsapp/chat-page.ts';
import { ask } from './ask.ts';
import { type CommandContext, workingClient } from './context.ts';
import { CommandFailed } from './failure.ts';
import { untilSeen } from './until-seen.ts';

/** undefined: the account has no such chat. */
export const lookAtChat = async (context: CommandContext, chatId: string): Promise<ChatState | undefined> => {
  const page = workingClient(context).pupPage;
  if (!page) throw new CommandFailed('client_failed', 'The session has no page; nothing was done.');
  return await ask(context, 'looking the chat up', () => readChatState(page, chatId));
};

export const requireChat = async (context: CommandContext, chatId: string): Promise<ChatState> => {
  const chat = await lookAtChat(context, chatId);
  if (!chat) throw new CommandFailed('not_found', 'There is no such chat; nothing was done.');
  return chat;
};

/** Looks at the chat until `isDone`, for as long as the command has. */
export const untilChat = (
  context: CommandContext,
  chatId: string,
  isDone: (chat: ChatState | undefined) => boolean,
): Promise<boolean> => untilSeen(context, () => lookAtChat(context, chatId), isDone);
