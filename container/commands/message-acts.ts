/** Actions on an existing message, except editing and deleting. */
import * as z from 'zod';
import type {
  forwardMessageArgs,
  getMessageArgs,
  MessageWithReactions,
  pinMessageArgs,
  sendPollVoteArgs,
  starMessageArgs,
  unpinMessageArgs,
} from '../../contract/whatsapp/message-acts.ts';
import type { Message } from '../../contract/whatsapp/messages.ts';
import { votePayload } from '../whatsapp/event-payloads.ts';
import { idText, numberId } from '../whatsapp/ids.ts';
import { messagePayload } from '../whatsapp/payloads.ts';
import { ask, change } from './ask.ts';
import { mediaInTime } from './chats.ts';
import { type CommandContext, workingClient } from './context.ts';
import { CommandFailed } from './failure.ts';
import { leftMs, unknownOutcome } from './hand-over.ts';
import { requireMessage, untilMessage } from './known-message.ts';
import { watchOwnMessage } from './own-message.ts';

type Done = Record<string, never>;
const refused = (why: string): CommandFailed => new CommandFailed('refused', `${why}; nothing was done.`);

const reactionsSchema = z
  .array(
    z.object({
      senders: z
        .array(z.object({ senderId: z.unknown().optional(), reaction: z.string().catch('') }))
        .catch([]),
    }),
  )
  .catch([]);

export const getMessage = async (
  context: CommandContext,
  { downloadMedia, ...name }: z.output<typeof getMessageArgs>,
): Promise<MessageWithReactions> => {
  await requireMessage(context, name);
  const source = await ask(context, 'reading the message', ({ message }) => message(name.messageId));
  const found = messagePayload(source);
  if (!found) throw new CommandFailed('not_found', 'There is no such message in this chat.');
  const message = downloadMedia ? await mediaInTime(context, source, found) : found;
  const given = await ask(context, 'reading the reactions', (account) => account.reactions(name.messageId));
  const reactions = reactionsSchema.parse(given ?? []).flatMap(({ senders }) =>
    senders.flatMap(({ senderId, reaction }) => {
      const participant = idText(senderId);
      const pn = numberId(senderId);
      return participant === undefined
        ? []
        : [{ text: reaction, participant, ...(pn === undefined ? {} : { participantPn: pn }) }];
    }),
  );
  return reactions.length === 0 ? message : { ...message, reactions };
};

/** The new message is known by what the page reports: the library says nothing of it. */
export const forwardMessage = async (
  context: CommandContext,
  { chatId, messageId }: z.output<typeof forwardMessageArgs>,
): Promise<Message> => {
  const client = workingClient(context);
  const ownChat = /^(?:true|false)_([^_]+)_/.exec(messageId)?.[1] ?? '';
  const original = await requireMessage(context, { chatId: ownChat, messageId });
  if (original.type === 'revoked') throw refused('The message was deleted for everyone');
  const chat = await context.recipients.resolve(client, chatId, leftMs(context));
  return await context.sending(`forward ${chat.id}`, async () => {
    const own = watchOwnMessage(
      context,
      (message) => chat.is(message.to) && message.type === original.type && message.body === original.text,
    );
    try {
      await change<unknown>(
        context,
        'forwarding',
        (account) => account.forward(messageId, chat.id),
        () => ((own.current()?.ack ?? 0) >= 1 ? {} : undefined),
      );
      await own.settled(1_000);
      const message = own.current();
      if (!message) throw unknownOutcome('forwarding', 'WhatsApp Web shows no new message');
      if (message.ack < 0) throw refused('WhatsApp refused the message');
      return { ...message, chatId: chat.id };
    } finally {
      own.stop();
    }
  });
};

export const starMessage = async (
  context: CommandContext,
  { star, ...name }: z.output<typeof starMessageArgs>,
): Promise<Done> => {
  const { canStar, starred } = await requireMessage(context, name);
  if (starred === star) return {};
  if (!canStar) throw refused('WhatsApp does not let this message be starred');
  const what = star ? 'starring' : 'taking the star away';
  await change(context, what, (account) => account.star(name.messageId, star));
  if (!(await untilMessage(context, name, (message) => message?.starred === star)))
    throw unknownOutcome(what, 'WhatsApp Web does not show it');
  return {};
};

const setPin = async (
  context: CommandContext,
  name: z.output<typeof unpinMessageArgs>,
  seconds: number,
): Promise<Done> => {
  await requireMessage(context, name);
  const what = seconds > 0 ? 'pinning' : 'unpinning';
  if (!(await change(context, what, (account) => account.pin(name.messageId, seconds))))
    throw refused('WhatsApp rejected it');
  return {};
};

export const pinMessage = (
  context: CommandContext,
  { duration, ...name }: z.output<typeof pinMessageArgs>,
): Promise<Done> => setPin(context, name, duration);

export const unpinMessage = (
  context: CommandContext,
  name: z.output<typeof unpinMessageArgs>,
): Promise<Done> => setPin(context, name, 0);

/** The library leaves out options that the poll has not: they are refused before. */
export const sendPollVote = async (
  context: CommandContext,
  { chatId, pollMessageId: messageId, votes }: z.output<typeof sendPollVoteArgs>,
): Promise<Done> => {
  const { type, options } = await requireMessage(context, { chatId, messageId });
  if (type !== 'poll_creation') throw refused('The message is no poll');
  const unknown = votes.find((vote) => !options.includes(vote));
  if (unknown !== undefined)
    throw new CommandFailed('bad_arguments', `votes: the poll has no such option; it has ${options.length}`);
  let reported: Done | undefined;
  const stop = context.onEvent((event, values) => {
    if (event !== 'vote_update') return false;
    const vote = votePayload(values[0]);
    if (vote?.poll.id === messageId && vote.vote.selectedOptions.join('\n') === votes.join('\n'))
      reported = {};
    return false;
  });
  try {
    await change<unknown>(
      context,
      'voting',
      (account) => account.vote(messageId, votes),
      () => reported,
    );
  } finally {
    stop();
  }
  return {};
};
