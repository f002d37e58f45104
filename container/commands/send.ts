import type { Message } from '../../core/messages.ts';
import { describeError, TimedOut } from '../base/faults.ts';
import { sleep, withDeadline } from '../base/time.ts';
import type { LibraryContent, SendOptions } from '../whatsapp/library.ts';
import { messagePayload } from '../whatsapp/payloads.ts';
import { isBrowserGone } from './ask.ts';
import { type CommandContext, workingClient } from './context.ts';
import { CommandFailed } from './failure.ts';

/** Of a whole send, the fetching of its file included; the API gives up a few seconds later. */
export const SEND_LIMIT_MS = 20_000;
const GRACE_MS = 500;
const SERVER_ACK = 1;

export type Addressed = {
  readonly chatId: string;
  readonly reply_to?: string | undefined;
  readonly mentions?: readonly string[] | undefined;
  readonly linkPreview?: boolean | undefined;
};

/**
 * Sends and waits until WhatsApp's server has it: without that the library reports success for what the server then
 * refuses. Where the library loses track of the message (it can't read new ids back), the page's own report of the
 * message stands in; `isIt` tells it from others of the same chat.
 */
export const send = async (
  context: CommandContext,
  { chatId, reply_to, mentions, linkPreview }: Addressed,
  content: LibraryContent,
  isIt: (message: Message) => boolean,
  limitMs = SEND_LIMIT_MS,
): Promise<Message> => {
  const client = workingClient(context);
  context.active();
  let seen: Message | undefined;
  const unsubscribe = context.onOwnMessage((source) => {
    const message = messagePayload(source);
    if (message?.fromMe && message.to === chatId && isIt(message)) seen = message;
  });
  const options: SendOptions = {
    waitUntilMsgSent: true,
    ignoreQuoteErrors: false,
    sendSeen: true,
    ...(reply_to === undefined ? {} : { quotedMessageId: reply_to }),
    ...(mentions === undefined ? {} : { mentions: [...mentions] }),
    ...(linkPreview === undefined ? {} : { linkPreview }),
  };
  try {
    const sent = await withDeadline(
      context.time,
      limitMs,
      'sending',
      client.sendMessage(chatId, content, options),
    );
    if (sent === null) throw new CommandFailed('refused', 'no such chat');
    let message = messagePayload(sent) ?? seen;
    if (!message) {
      await sleep(context.time, GRACE_MS);
      message = seen;
    }
    if (!message)
      throw new CommandFailed(
        'timeout',
        'whether it was sent is unknown: the library lost track of the message',
      );
    // The server's yes has come, whatever the copy taken a moment before it says.
    return message.ack >= SERVER_ACK ? message : { ...message, ack: SERVER_ACK, ackName: 'SERVER' };
  } catch (error) {
    if (error instanceof CommandFailed) throw error;
    if (error instanceof TimedOut)
      throw new CommandFailed('timeout', 'whether it was sent is unknown: no answer from WhatsApp in time');
    const reason = describeError(error);
    context.log.warn('message not sent', { errorName: error instanceof Error ? error.name : typeof error });
    if (isBrowserGone(reason))
      throw new CommandFailed('client_failed', 'the browser went away; whether it was sent is unknown');
    throw new CommandFailed('refused', refusal(reason));
  } finally {
    unsubscribe();
  }
};

const refusal = (reason: string): string => {
  if (/quoted message/i.test(reason)) return 'the message to reply to was not found';
  if (/no lid|not.*(registered|exist|user)/i.test(reason)) return 'the number is not on WhatsApp';
  if (/media-fault|upload failed/i.test(reason)) return 'WhatsApp did not accept the file';
  return 'WhatsApp did not accept the message';
};
