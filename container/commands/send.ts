/**
 * Sends a message. The outcome is accepted by WhatsApp's server, refused, or unknown.
 *
 *   recipient looked up ── chat marked as read (if configured) ── handed to the page ── the page's report awaited
 */

import { COMMAND_STAGES_MS } from '../../contract/timeouts.ts';
import { chatKindOf } from '../../contract/whatsapp/chat-kind.ts';
import { ALL_MEMBERS, type Message } from '../../contract/whatsapp/messages.ts';
import { describeError } from '../base/faults.ts';
import { withDeadline } from '../base/time.ts';
import type { LibraryClient, LibraryContent, SendOptions } from '../whatsapp/library.ts';
import { messagePayload } from '../whatsapp/payloads.ts';
import { type CommandContext, workingClient } from './context.ts';
import { CommandFailed } from './failure.ts';
import { getParticipants } from './groups.ts';
import { handOver, leftMs, unknownOutcome } from './hand-over.ts';
import { type OwnMessage, SERVER_ACK, watchOwnMessage } from './own-message.ts';
import { refuseKind } from './recipients.ts';

export type Addressed = {
  readonly chatId: string;
  readonly reply_to?: string | undefined;
  readonly mentions?: readonly string[] | undefined;
  readonly linkPreview?: boolean | undefined;
};

const WHAT = 'sending';
/** Kept of the command's time for its answer. */
const ANSWER_MS = 250;
const STATUS_REPORT_MS = 1_000;

/**
 * Sends and waits until WhatsApp's server has it: without that the library reports success for what the server then
 * refuses. `isIt` distinguishes the message from others of the same chat in the page's reports.
 */
export const send = async (
  context: CommandContext,
  to: Addressed,
  content: LibraryContent,
  isIt: (message: Message) => boolean,
): Promise<Message> => {
  const client = workingClient(context);
  refuseKind(to.chatId, content, to);
  const chat = await context.recipients.resolve(client, to.chatId, leftMs(context));
  if (context.marksSeen && chatKindOf(to.chatId) !== 'status') await markSeen(context, client, chat.id);
  const mentions = to.mentions?.includes(ALL_MEMBERS) ? await allMembersOf(context, chat.id) : to.mentions;
  const message = await context.sending(turnOf(chat.id, content), () =>
    handOverMessage(
      context,
      client,
      { ...to, mentions, chatId: chat.id },
      content,
      (message) => chat.is(message.to) && isIt(message),
    ),
  );
  return { ...message, chatId: chat.id };
};

/** Every member of the group; none in another chat. */
const allMembersOf = async (context: CommandContext, chatId: string): Promise<string[]> =>
  chatKindOf(chatId) === 'group' ? (await getParticipants(context, { id: chatId })).map(({ id }) => id) : [];

/** Messages that the page's reports cannot distinguish have the same turn. A file's bytes are not in its message. */
const turnOf = (chatId: string, content: LibraryContent): string =>
  JSON.stringify([
    chatId,
    typeof content === 'object' && content.kind === 'media' ? content.caption : content,
  ]);

const handOverMessage = async (
  context: CommandContext,
  client: LibraryClient,
  { chatId, reply_to, mentions, linkPreview }: Addressed,
  content: LibraryContent,
  isIt: (message: Message) => boolean,
): Promise<Message> => {
  const options: SendOptions = {
    waitUntilMsgSent: true,
    ignoreQuoteErrors: false,
    // Marking as read is a separate step here: the library fails the whole send if that fails.
    sendSeen: false,
    ...(reply_to === undefined ? {} : { quotedMessageId: reply_to }),
    ...(mentions === undefined ? {} : { mentions: [...mentions] }),
    ...(linkPreview === undefined ? {} : { linkPreview }),
  };
  const own = watchOwnMessage(context, isIt);
  try {
    return await handOver<Message>(
      context,
      {
        what: WHAT,
        run: async () => {
          context.active();
          const message = messagePayload(await client.sendMessage(chatId, content, options));
          if (chatKindOf(chatId) === 'status') return await published(own, message);
          if (message) own.is(message);
          await own.settled(leftMs(context) - ANSWER_MS);
          return outcomeOf(own);
        },
        reported: () => accepted(own),
      },
      client,
    );
  } finally {
    own.stop();
  }
};

const accepted = (own: OwnMessage): Message | undefined => {
  const message = own.current();
  return message && message.ack >= SERVER_ACK ? message : undefined;
};

/** The library came to its end: only the server's acknowledgement makes it a success. */
const outcomeOf = (own: OwnMessage): Message => {
  const message = own.current();
  if (message && message.ack >= SERVER_ACK) return message;
  if (message && message.ack < 0)
    throw new CommandFailed('refused', `${WHAT}: WhatsApp rejected the message`);
  throw unknownOutcome(
    WHAT,
    message ? 'WhatsApp’s server did not confirm it in time' : 'the library lost track of the message',
  );
};

/**
 * Of a Status the library answers with a message that was never sent: WhatsApp Web makes another one. That the action
 * came to its end is the page's own report; the true message is the one that the page then shows.
 */
const published = async (own: OwnMessage, made: Message | undefined): Promise<Message> => {
  await own.settled(STATUS_REPORT_MS);
  const message = own.current() ?? made;
  if (!message) throw unknownOutcome(WHAT, 'the library lost track of the message');
  if (message.ack < 0) throw new CommandFailed('refused', `${WHAT}: WhatsApp rejected the message`);
  return message.ack >= SERVER_ACK ? message : { ...message, ack: SERVER_ACK, ackName: 'SERVER' };
};

/** Best effort: whether a chat could be marked as read is no reason not to write to it. */
const markSeen = async (context: CommandContext, client: LibraryClient, chatId: string): Promise<void> => {
  const marked = Promise.resolve().then(() => client.account.sendSeen(chatId));
  try {
    await withDeadline(context.time, COMMAND_STAGES_MS.markSeen, 'marking as read', marked);
  } catch (error) {
    context.log.warn('the chat was not marked as read', { error: describeError(error) });
  }
};
