/** A message that a command is about: looked up first, because the library says nothing if there is none. */
import { type MessageState, readMessageState } from '../whatsapp/message-page.ts';
import { ask } from './ask.ts';
import { type CommandContext, workingClient } from './context.ts';
import { CommandFailed } from './failure.ts';
import { untilSeen } from './until-seen.ts';

type MessageName = { readonly chatId: string; readonly messageId: string };

const absent = (): CommandFailed =>
  new CommandFailed('not_found', 'There is no such message in this chat; nothing was done.');

/** The id as the API shows it: direction, chat, and the id proper. */
const NAME = /^(?:true|false)_([^_]+)_.+/;

/** The message as the page has it now; undefined: it has none of this id. */
const lookAtMessage = async (
  context: CommandContext,
  { messageId }: Pick<MessageName, 'messageId'>,
): Promise<MessageState | undefined> => {
  const page = workingClient(context).pupPage;
  if (!page) throw new CommandFailed('client_failed', 'The session has no page; nothing was done.');
  if (!NAME.test(messageId)) return undefined;
  return await ask(context, 'looking the message up', () => readMessageState(page, messageId));
};

/** As above. Throws `not_found` if there is none, or if it is of another chat. */
export const requireMessage = async (context: CommandContext, name: MessageName): Promise<MessageState> => {
  const message = await lookAtMessage(context, name);
  if (!message) throw absent();
  // The chat may have moved from the number to a hidden id since the id was reported.
  const chats = [...message.chatIds, NAME.exec(name.messageId)?.[1]];
  if (!chats.includes(name.chatId)) throw absent();
  return message;
};

/** Looks at the message until `isDone`, for as long as the command has. */
export const untilMessage = (
  context: CommandContext,
  name: MessageName,
  isDone: (message: MessageState | undefined) => boolean,
): Promise<boolean> => untilSeen(context, () => lookAtMessage(context, name), isDone);
