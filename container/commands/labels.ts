/** Labels of business accounts. */
import type * as z from 'zod';
import type { Chat } from '../../contract/whatsapp/chats.ts';
import type {
  chatLabelsArgs,
  Label,
  labelChatsArgs,
  setChatLabelsArgs,
} from '../../contract/whatsapp/labels.ts';
import { chatPayload } from '../whatsapp/chat-payloads.ts';
import { labelPayload } from '../whatsapp/label-payloads.ts';
import { ask, change } from './ask.ts';
import type { CommandContext } from './context.ts';
import { CommandFailed } from './failure.ts';
import { unknownOutcome } from './hand-over.ts';
import { requireChat } from './known-chat.ts';
import { untilSeen } from './until-seen.ts';

type Done = Record<string, never>;

const labelsOf = (sources: readonly unknown[]): Label[] =>
  sources.flatMap((source) => labelPayload(source) ?? []);

export const getLabels = async (context: CommandContext): Promise<Label[]> =>
  labelsOf(await ask(context, 'reading the labels', (account) => account.labels()));

export const getChatLabels = async (
  context: CommandContext,
  { chatId }: z.output<typeof chatLabelsArgs>,
): Promise<Label[]> => {
  const { id } = await requireChat(context, chatId);
  return labelsOf(await ask(context, 'reading the labels', (account) => account.chatLabels(id)));
};

export const setChatLabels = async (
  context: CommandContext,
  { chatId, labels }: z.output<typeof setChatLabelsArgs>,
): Promise<Done> => {
  const { id } = await requireChat(context, chatId);
  const wanted = labels.map((label) => label.id);
  const look = async () => (await getChatLabels(context, { chatId: id })).map((label) => label.id);
  const same = (now: string[]) => now.toSorted().join() === wanted.toSorted().join();
  if (same(await look())) return {};
  const known = (await getLabels(context)).map((label) => label.id);
  const unknown = wanted.find((label) => !known.includes(label));
  if (unknown !== undefined)
    throw new CommandFailed(
      'refused',
      known.length === 0
        ? 'The account has no labels: only business accounts do; nothing was changed.'
        : `There is no label ${unknown}; nothing was changed.`,
    );
  await change(context, 'setting the labels', (account) => account.setLabels(id, wanted));
  if (!(await untilSeen(context, look, same)))
    throw unknownOutcome('setting the labels', 'WhatsApp Web does not show them');
  return {};
};

export const getLabelChats = async (
  context: CommandContext,
  { labelId }: z.output<typeof labelChatsArgs>,
): Promise<Chat[]> => {
  if (!(await getLabels(context)).some(({ id }) => id === labelId))
    throw new CommandFailed('not_found', 'There is no such label.');
  const found = await ask(context, 'reading the chats', (account) => account.labelChats(labelId));
  return found.flatMap((source) => chatPayload(source) ?? []);
};
