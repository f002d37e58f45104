import * as z from 'zod';
import type {
  changeParticipantsArgs,
  createdGroupSchema,
  createGroupArgs,
  Group,
  getGroupsArgs,
  groupArgs,
  participantResultSchema,
  participantResultsSchema,
} from '../../contract/whatsapp/chats.ts';
import { groupInfo } from '../whatsapp/chat-payloads.ts';
import { idText } from '../whatsapp/ids.ts';
import { ask, change, pageOf } from './ask.ts';
import { type CommandContext, workingClient } from './context.ts';
import { CommandFailed } from './failure.ts';
import { leftMs, unknownOutcome } from './hand-over.ts';

export const getGroups = async (
  context: CommandContext,
  page: z.output<typeof getGroupsArgs>,
): Promise<Group[]> => {
  const found = await ask(context, 'reading the groups', (account) => account.chats());
  const groups = found.flatMap((source) => groupInfo(source) ?? []).sort((a, b) => (a.id < b.id ? -1 : 1));
  return pageOf(groups, page);
};

export const getGroup = async (
  context: CommandContext,
  { id }: z.output<typeof groupArgs>,
): Promise<Group> => {
  const found = await ask(context, 'reading the group', (account) => account.chat(id));
  const group = groupInfo(found);
  if (!group)
    throw new CommandFailed('not_found', 'There is no such group, or this account is not a member.');
  return group;
};

export const getParticipants = async (
  context: CommandContext,
  args: z.output<typeof groupArgs>,
): Promise<Group['participants']> => (await getGroup(context, args)).participants;

/** By id, with the server's code under one name at creation and another one later. */
const resultsSchema = z.record(
  z.string(),
  z
    .object({
      code: z.number().optional(),
      statusCode: z.number().optional(),
      message: z.string().catch(''),
    })
    .transform(({ code, statusCode, message }) => ({ code: Math.trunc(code ?? statusCode ?? 0), message })),
);
type Results = z.infer<typeof participantResultSchema>[];
const resultsOf = (byId: z.infer<typeof resultsSchema>): Results =>
  Object.entries(byId).map(([id, result]) => ({ id, ...result }));

/** Country codes whose numbers WhatsApp may know in another spelling: Mexico, Argentina, Brazil. */
const MAY_DIFFER = /^5[245]\d+@c\.us$/;

/** The people's ids as WhatsApp knows them. One that is not on WhatsApp stays as it is: the result says so of each. */
export const peopleOf = async (
  context: CommandContext,
  participants: readonly { readonly id: string }[],
): Promise<string[]> =>
  await Promise.all(
    participants.map(async ({ id }) => {
      if (!MAY_DIFFER.test(id)) return id;
      try {
        return (await context.recipients.resolve(workingClient(context), id, leftMs(context))).id;
      } catch (error) {
        if (error instanceof CommandFailed) return id;
        throw error;
      }
    }),
  );

/** The library leaves out who is not in the group, and calls it done. Not reported if the page hides numbers. */
const isStranger = ({ participants }: Group, id: string): boolean =>
  id.endsWith('@c.us') && participants.every((member) => member.id !== id && member.id.endsWith('@c.us'));

const ADDS_NOBODY =
  /^AddParticipantsError: (you have no admin rights|the participant can't be added to an empty group)/i;

const createdSchema = z.object({ title: z.string(), gid: z.unknown(), participants: resultsSchema });

export const createGroup = async (
  context: CommandContext,
  { name, participants }: z.output<typeof createGroupArgs>,
): Promise<z.infer<typeof createdGroupSchema>> => {
  const people = await peopleOf(context, participants);
  const made = await change(context, 'making the group', (account) => account.createGroup(name, people));
  // The library answers with a text for every error, also after WhatsApp's server made the group.
  const created = createdSchema.safeParse(made);
  const id = created.success ? idText(created.data.gid) : undefined;
  if (!created.success || id === undefined)
    throw unknownOutcome('making the group', 'WhatsApp Web failed during the command');
  return { id, subject: created.data.title, participants: resultsOf(created.data.participants) };
};

/** The group is looked up first: the library fails in its own ways if there is none. */
export const addParticipants = async (
  context: CommandContext,
  { id, participants }: z.output<typeof changeParticipantsArgs>,
): Promise<z.infer<typeof participantResultsSchema>> => {
  await getGroup(context, { id });
  const people = await peopleOf(context, participants);
  const added = await change(context, 'adding to the group', (account) =>
    account.addParticipants(id, people),
  );
  // Of a group that this account can't add to, the library answers with a text before it asks WhatsApp.
  if (typeof added === 'string' && ADDS_NOBODY.test(added))
    throw new CommandFailed('refused', 'Only admins of the group can add members; nothing was changed.');
  const results = resultsSchema.safeParse(added);
  if (!results.success) throw unknownOutcome('adding to the group', 'WhatsApp Web failed during the command');
  return { participants: resultsOf(results.data) };
};

export const removeParticipants = async (
  context: CommandContext,
  { id, participants }: z.output<typeof changeParticipantsArgs>,
): Promise<Record<string, never>> => {
  const group = await getGroup(context, { id });
  const people = await peopleOf(context, participants);
  for (const one of people)
    if (isStranger(group, one))
      throw new CommandFailed('refused', `${one} is not in the group; nothing was changed.`);
  await change(context, 'removing from the group', (account) => account.removeParticipants(id, people));
  return {};
};
