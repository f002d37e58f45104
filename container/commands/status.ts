/** Status (stories): published as messages to `status@broadcast`, and taken back. */
import type * as z from 'zod';
import type { FileSource, Message } from '../../contract/whatsapp/messages.ts';
import type {
  deleteStatusArgs,
  imageStatusArgs,
  textStatusArgs,
  videoStatusArgs,
  voiceStatusArgs,
} from '../../contract/whatsapp/status.ts';
import { change } from './ask.ts';
import type { CommandContext } from './context.ts';
import { CommandFailed } from './failure.ts';
import { unknownOutcome } from './hand-over.ts';
import { requireMessage, untilMessage } from './known-message.ts';
import { send } from './send.ts';
import { sendImage, sendVideo, sendVoice } from './send-file.ts';

const STATUS = 'status@broadcast';

export const sendTextStatus = (
  context: CommandContext,
  { text, backgroundColor, font }: z.output<typeof textStatusArgs>,
): Promise<Message> =>
  send(
    context,
    { chatId: STATUS, linkPreview: false },
    { kind: 'statusText', text, backgroundColor, font },
    ({ body }) => body === text,
  );

const captioned = ({ file, caption }: { file: FileSource; caption?: string | null | undefined }) => ({
  chatId: STATUS,
  file,
  ...(caption ? { caption } : {}),
});

export const sendImageStatus = (
  context: CommandContext,
  args: z.output<typeof imageStatusArgs>,
): Promise<Message> => sendImage(context, captioned(args));
export const sendVideoStatus = (
  context: CommandContext,
  args: z.output<typeof videoStatusArgs>,
): Promise<Message> => sendVideo(context, captioned(args));
export const sendVoiceStatus = (
  context: CommandContext,
  { file }: z.output<typeof voiceStatusArgs>,
): Promise<Message> => sendVoice(context, { chatId: STATUS, file });

/** The library does nothing if there is no such Status, and does not report a refusal. */
export const deleteStatus = async (
  context: CommandContext,
  { id: messageId }: z.output<typeof deleteStatusArgs>,
): Promise<Record<string, never>> => {
  if (!messageId)
    throw new CommandFailed('refused', 'id is missing: it says which Status to delete. Nothing was done.');
  const name = { chatId: STATUS, messageId };
  const message = await requireMessage(context, name);
  if (message.type === 'revoked') return {};
  if (!message.fromMe)
    throw new CommandFailed('refused', 'Only a Status of this account can be deleted; nothing was done.');
  await change(context, 'deleting the Status', (account) => account.revokeStatus(messageId));
  if (!(await untilMessage(context, name, (now) => now === undefined || now.type === 'revoked')))
    throw unknownOutcome('deleting the Status', 'WhatsApp Web still shows it');
  return {};
};
