import type * as z from 'zod';
import type { editMessageArgs, Message } from '../../contract/whatsapp/messages.ts';
import type { MessageState } from '../whatsapp/message-page.ts';
import { messagePayload } from '../whatsapp/payloads.ts';
import { ask, change } from './ask.ts';
import type { CommandContext } from './context.ts';
import { CommandFailed } from './failure.ts';
import { unknownOutcome } from './hand-over.ts';
import { requireMessage, untilMessage } from './known-message.ts';

/** WhatsApp's own limit. */
const EDIT_WINDOW_S = 15 * 60;
const WHAT = 'editing the message';

const refused = (why: string): CommandFailed => new CommandFailed('refused', `${why}; nothing was changed.`);

const requireEditable = (context: CommandContext, message: MessageState): void => {
  const { type, fromMe, timestamp, canEdit } = message;
  if (type === 'revoked') throw refused('The message was deleted for everyone');
  if (!fromMe) throw refused('Only messages of this account can be edited');
  if (canEdit) return;
  throw context.time.now() / 1000 - timestamp > EDIT_WINDOW_S
    ? refused('WhatsApp lets a message be edited for 15 minutes, and this one is older')
    : refused(`WhatsApp does not let this message be edited (its type is ${type})`);
};

/** Answers with the message once the page shows the new text. A repeat finds the text and does nothing. */
export const editMessage = async (
  context: CommandContext,
  { text, mentions, linkPreview = true, ...name }: z.output<typeof editMessageArgs>,
): Promise<Message> =>
  // Two edits of one message at once could not be distinguished.
  await context.sending(`edit ${name.messageId}`, async () => {
    const before = await requireMessage(context, name);
    if (before.text !== text || mentions !== undefined) {
      requireEditable(context, before);
      const { messageId } = name;
      const options = { linkPreview, ...(mentions === undefined ? {} : { mentions: [...mentions] }) };
      const edit = async () => {
        const edited = await change(context, WHAT, (account) => account.edit(messageId, text, options));
        if (edited === null) throw refused('WhatsApp lets the message be edited no longer');
      };
      await seenInPage(context, name, text, edit);
    }
    const found = messagePayload(
      await ask(context, 'reading the message', ({ message }) => message(name.messageId)),
    );
    if (!found) throw unknownOutcome(WHAT, 'the message is not there any more');
    return found;
  });

/** The page's text decides: the library also fails for edits that were made. */
const seenInPage = async (
  context: CommandContext,
  name: { readonly chatId: string; readonly messageId: string },
  text: string,
  edit: () => Promise<void>,
): Promise<void> => {
  const isDone = (message: MessageState | undefined) => message?.text === text;
  try {
    await edit();
  } catch (error) {
    if (!(error instanceof CommandFailed) || error.code !== 'unknown') throw error;
    if (!(await untilMessage(context, name, isDone))) throw error;
    return;
  }
  if (!(await untilMessage(context, name, isDone)))
    throw unknownOutcome(WHAT, 'WhatsApp Web does not show the new text');
};
