import type { z } from 'zod';
import type { reactionArgs } from '../../core/messages.ts';
import { ask } from './ask.ts';
import type { CommandContext } from './context.ts';
import { CommandFailed } from './failure.ts';

/** Refuses where the message is unknown: the library would say nothing. */
export const setReaction = async (
  context: CommandContext,
  { messageId, reaction }: z.output<typeof reactionArgs>,
): Promise<Record<string, never>> => {
  await ask(context, 'reacting', async (account) => {
    const found = /^(true|false)_.+_.+/.test(messageId) && (await account.message(messageId));
    if (!found) throw new CommandFailed('not_found', 'There is no such message in this account.');
    await account.react(messageId, reaction);
  });
  context.active();
  return {};
};
