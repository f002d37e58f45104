import type * as z from 'zod';
import type { reactionArgs } from '../../contract/whatsapp/messages.ts';
import { reactionPayload } from '../whatsapp/event-payloads.ts';
import { ask, change } from './ask.ts';
import type { CommandContext } from './context.ts';
import { CommandFailed } from './failure.ts';

type Done = Record<string, never>;

/**
 * Rejects if the message is unknown: the library would report nothing. The page reports the account's own reactions.
 */
export const setReaction = async (
  context: CommandContext,
  { messageId, reaction }: z.output<typeof reactionArgs>,
): Promise<Done> => {
  const found =
    /^(true|false)_.+_.+/.test(messageId) &&
    (await ask(context, 'looking the message up', (account) => account.message(messageId)));
  if (!found)
    throw new CommandFailed('not_found', 'There is no such message in this account; nothing was done.');
  let reported: Done | undefined;
  const stop = context.onEvent((name, values) => {
    if (name !== 'message_reaction') return false;
    const seen = reactionPayload(values[0]);
    if (seen?.fromMe && seen.reaction.messageId === messageId && seen.reaction.text === reaction)
      reported = {};
    return false;
  });
  try {
    await change<unknown>(
      context,
      'reacting',
      (account) => account.react(messageId, reaction),
      () => reported,
    );
  } finally {
    stop();
  }
  return {};
};
