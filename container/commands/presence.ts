import type { z } from 'zod';
import type { sendSeenArgs, typingArgs } from '../../core/messages.ts';
import { ask } from './ask.ts';
import type { CommandContext } from './context.ts';
import { CommandFailed } from './failure.ts';

type Done = Record<string, never>;

/** Marks the whole chat: WhatsApp Web knows no seen single message. */
export const sendSeen = async (
  context: CommandContext,
  { chatId }: z.output<typeof sendSeenArgs>,
): Promise<Done> => {
  if (!(await ask(context, 'marking as read', (account) => account.sendSeen(chatId))))
    throw new CommandFailed('not_found', 'There is no such chat.');
  context.active();
  return {};
};

const setTyping =
  (typing: boolean) =>
  async (context: CommandContext, { chatId }: z.output<typeof typingArgs>): Promise<Done> => {
    await ask(context, 'showing who types', (account) => account.setTyping(chatId, typing));
    context.active();
    return {};
  };
export const startTyping = setTyping(true);
export const stopTyping = setTyping(false);
