import type * as z from 'zod';
import { chatKindOf } from '../../contract/whatsapp/chat-kind.ts';
import type { resultSchema } from '../../contract/whatsapp/done.ts';
import type { sendSeenArgs, typingArgs } from '../../contract/whatsapp/messages.ts';
import type { ChatPresences, chatPresenceArgs } from '../../contract/whatsapp/people.ts';
import { presencePayload } from '../whatsapp/presence-payloads.ts';
import { ask, change } from './ask.ts';
import { type CommandContext, workingClient } from './context.ts';
import { CommandFailed } from './failure.ts';
import { leftMs } from './hand-over.ts';
import { untilSeen } from './until-seen.ts';

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
/** WhatsApp answers a first question in about a second. */
const FIRST_PRESENCE_MS = 3_000;

const known = async (context: CommandContext): Promise<ChatPresences[]> => {
  const found = await ask(context, 'reading who is online', (account) => account.presences());
  return found.flatMap((source) => presencePayload(source) ?? []);
};

export const getPresences = async (context: CommandContext): Promise<ChatPresences[]> =>
  (await known(context)).filter(({ presences }) => presences.length > 0);

/** Follows the presence in the chat, and returns the chat's id. */
const follow = async (context: CommandContext, chatId: string): Promise<string> => {
  if (!['person', 'group'].includes(chatKindOf(chatId)))
    throw new CommandFailed('refused', 'Only people and groups have a presence.');
  const { id } = await context.recipients.resolve(workingClient(context), chatId, leftMs(context));
  await ask(context, 'following who is online', (account) => account.followPresence(id));
  return id;
};

export const getPresence = async (
  context: CommandContext,
  { chatId }: z.output<typeof chatPresenceArgs>,
): Promise<ChatPresences> => {
  const id = await follow(context, chatId);
  let found: ChatPresences = { id, presences: [] };
  const look = async () => {
    // A build that addresses by hidden id names the chat by it, whichever id was followed.
    found = (await known(context)).find((one) => one.id === id || one.idPn === id) ?? found;
    return found.presences.length > 0;
  };
  await untilSeen(context, look, (seen) => seen, FIRST_PRESENCE_MS);
  return found;
};

export const subscribePresence = async (
  context: CommandContext,
  { chatId }: z.output<typeof chatPresenceArgs>,
): Promise<Done> => {
  await follow(context, chatId);
  return {};
};

export const startTyping = setTyping(true);
export const stopTyping = setTyping(false);
