import type * as z from 'zod';
import { chatKindOf } from '../../contract/whatsapp/chat-kind.ts';
import type { resultSchema } from '../../contract/whatsapp/done.ts';
import type { sendSeenArgs, typingArgs } from '../../contract/whatsapp/messages.ts';
import { change } from './ask.ts';
import { type CommandContext, workingClient } from './context.ts';
import { CommandFailed } from './failure.ts';
import { leftMs } from './hand-over.ts';

type Done = Record<string, never>;

/** Marks the whole chat: WhatsApp Web knows no seen single message. */
export const sendSeen = async (
  context: CommandContext,
  { chatId }: z.output<typeof sendSeenArgs>,
): Promise<Done> => {
  const client = workingClient(context);
  // A group that was left can be read all the same.
  const isPerson = chatKindOf(chatId) === 'person';
  const id = isPerson ? (await context.recipients.resolve(client, chatId, leftMs(context))).id : chatId;
  if (!(await change(context, 'marking as read', (account) => account.sendSeen(id))))
    throw new CommandFailed('not_found', 'There is no such chat.');
  return {};
};

const setTyping =
  (typing: boolean) =>
  async (
    context: CommandContext,
    { chatId }: z.output<typeof typingArgs>,
  ): Promise<z.output<typeof resultSchema>> => {
    const { id } = await context.recipients.resolve(workingClient(context), chatId, leftMs(context));
    await change(context, 'showing who types', (account) => account.setTyping(id, typing));
    return { result: true };
  };
export const startTyping = setTyping(true);
export const stopTyping = setTyping(false);
