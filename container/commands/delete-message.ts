import type * as z from 'zod';
import type { deletedMessageSchema, deleteMessageArgs } from '../../contract/whatsapp/messages.ts';
import type { MessageState } from '../whatsapp/message-page.ts';
import { change } from './ask.ts';
import type { CommandContext } from './context.ts';
import { CommandFailed } from './failure.ts';
import { unknownOutcome } from './hand-over.ts';
import { requireMessage, untilMessage } from './known-message.ts';

const WHAT = 'deleting the message';

const isRevoked = (message: MessageState | undefined): boolean => message?.type === 'revoked';
const isGone = (message: MessageState | undefined): boolean => message === undefined;

/** Why WhatsApp does not delete it for everyone. */
const refusal = ({ fromMe }: MessageState): CommandFailed =>
  new CommandFailed(
    'refused',
    fromMe
      ? 'WhatsApp deletes a message for everyone for about two days, and this one is older; nothing was deleted.'
      : 'Only messages of this account, or of a group whose admin it is, can be deleted for everyone; nothing was deleted.',
  );

/**
 * Answers once the page shows the effect. One that is deleted for everyone already is done, so that a repeat does not
 * take away what WhatsApp leaves in its place.
 */
export const deleteMessage = async (
  context: CommandContext,
  { for: wanted, ...name }: z.output<typeof deleteMessageArgs>,
): Promise<z.infer<typeof deletedMessageSchema>> =>
  await context.sending(`delete ${name.messageId}`, async () => {
    const before = await requireMessage(context, name);
    if (isRevoked(before) && wanted !== 'me') return { deletedFor: 'everyone' };
    if (wanted === 'everyone' && !before.canRevoke) throw refusal(before);
    const everyone = wanted !== 'me' && before.canRevoke;
    const isDone = everyone ? isRevoked : isGone;
    const outcome = await change(context, WHAT, (account) => account.delete(name.messageId, everyone)).then(
      () => undefined,
      (error: unknown) => error,
    );
    // The page's state decides: the library returns before the deletion, whether it succeeds or not.
    const unclear = outcome === undefined || (outcome instanceof CommandFailed && outcome.code === 'unknown');
    if (unclear && (await untilMessage(context, name, isDone)))
      return { deletedFor: everyone ? 'everyone' : 'me' };
    throw outcome ?? unknownOutcome(WHAT, 'WhatsApp Web still shows it');
  });
