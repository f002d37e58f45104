/** Actions on a group, except adding members. Each answer follows what the page shows of the group. */
import * as z from 'zod';
import type { pictureSchema } from '../../contract/whatsapp/chat-acts.ts';
import type { groupArgs } from '../../contract/whatsapp/chats.ts';
import type {
  adminsOnlySchema,
  groupAdminsArgs,
  groupDescriptionArgs,
  groupPictureArgs,
  groupPictureUrlArgs,
  groupSubjectArgs,
  inviteArgs,
  inviteInfoSchema,
  joinedGroupSchema,
  participantV2Schema,
  setAdminsOnlyArgs,
} from '../../contract/whatsapp/group-acts.ts';
import type { countSchema } from '../../contract/whatsapp/lids.ts';
import type { successSchema } from '../../contract/whatsapp/people.ts';
import type { LibraryAccount } from '../whatsapp/account.ts';
import { groupInfo } from '../whatsapp/chat-payloads.ts';
import { idText } from '../whatsapp/ids.ts';
import { ask, change } from './ask.ts';
import { deleteChat } from './chat-acts.ts';
import { type CommandContext, workingClient } from './context.ts';
import { CommandFailed } from './failure.ts';
import { getGroup, peopleOf } from './groups.ts';
import { unknownOutcome } from './hand-over.ts';
import { lookAtChat, requireChat, untilChat } from './known-chat.ts';
import { loadPicture, pictureOf } from './pictures.ts';
import { untilSeen } from './until-seen.ts';

type Done = Record<string, never>;
type Success = z.infer<typeof successSchema>;
type OneGroup = z.output<typeof groupArgs>;
const refused = (why: string): CommandFailed => new CommandFailed('refused', `${why}; nothing was changed.`);
const NOT_ALLOWED = 'WhatsApp did not allow it: only admins may, or the account is not in the group';

export const countGroups = async (context: CommandContext): Promise<z.infer<typeof countSchema>> => {
  const found = await ask(context, 'reading the groups', (account) => account.chats());
  return { count: found.flatMap((source) => groupInfo(source) ?? []).length };
};

export const refreshGroups = async (context: CommandContext): Promise<Success> => {
  await countGroups(context);
  return { success: true };
};

/** A change to which the library answers false if WhatsApp's server refused. */
const changes = async (
  context: CommandContext,
  { id }: OneGroup,
  what: string,
  make: (account: LibraryAccount) => Promise<boolean>,
): Promise<void> => {
  await getGroup(context, { id });
  if (!(await change(context, what, make))) throw refused(NOT_ALLOWED);
};

export const setGroupSubject = async (
  context: CommandContext,
  { id, subject }: z.output<typeof groupSubjectArgs>,
): Promise<Done> => {
  await changes(context, { id }, 'setting the name', (account) => account.setSubject(id, subject));
  return {};
};

export const setGroupDescription = async (
  context: CommandContext,
  { id, description }: z.output<typeof groupDescriptionArgs>,
): Promise<Done> => {
  await changes(context, { id }, 'setting the description', (account) =>
    account.setDescription(id, description),
  );
  return {};
};

export const getGroupPicture = async (
  context: CommandContext,
  { id }: z.output<typeof groupPictureUrlArgs>,
): Promise<z.infer<typeof pictureSchema>> => {
  await getGroup(context, { id });
  return { url: await pictureOf(context, id) };
};

export const setGroupPicture = async (
  context: CommandContext,
  { id, file }: z.output<typeof groupPictureArgs>,
): Promise<Success> => {
  await getGroup(context, { id });
  const picture = await loadPicture(context, file);
  await changes(context, { id }, 'setting the picture', (account) => account.setPicture(id, picture));
  return { success: true };
};

export const deleteGroupPicture = async (context: CommandContext, { id }: OneGroup): Promise<Success> => {
  await changes(context, { id }, 'taking the picture away', (account) => account.setPicture(id, undefined));
  return { success: true };
};

const settingsSchema = z.object({
  groupMetadata: z.object({ announce: z.boolean().catch(false), restrict: z.boolean().catch(false) }),
});
type Setting = 'announce' | 'restrict';

const adminsOnly =
  (setting: Setting) =>
  async (context: CommandContext, { id }: OneGroup): Promise<z.infer<typeof adminsOnlySchema>> => {
    const found = await ask(context, 'reading the group', (account) => account.chat(id));
    const parsed = settingsSchema.safeParse(found);
    if (!parsed.success)
      throw new CommandFailed('not_found', 'There is no such group, or this account is not a member.');
    return { adminsOnly: parsed.data.groupMetadata[setting] };
  };
export const getInfoAdminsOnly = adminsOnly('restrict');
export const getMessagesAdminsOnly = adminsOnly('announce');

const setAdminsOnly =
  (setting: Setting) =>
  async (
    context: CommandContext,
    { id, adminsOnly: only }: z.output<typeof setAdminsOnlyArgs>,
  ): Promise<Done> => {
    await changes(context, { id }, 'setting who may', (account) =>
      setting === 'announce' ? account.setMessagesAdminsOnly(id, only) : account.setInfoAdminsOnly(id, only),
    );
    return {};
  };
export const setInfoAdminsOnly = setAdminsOnly('restrict');
export const setMessagesAdminsOnly = setAdminsOnly('announce');

const codeSchema = z.string().min(1);

export const getInviteCode = async (context: CommandContext, { id }: OneGroup): Promise<string> => {
  await getGroup(context, { id });
  const code = codeSchema.safeParse(
    await ask(context, 'reading the invitation', (account) => account.inviteCode(id)),
  );
  if (!code.success) throw refused(NOT_ALLOWED);
  return code.data;
};

export const revokeInviteCode = async (context: CommandContext, { id }: OneGroup): Promise<string> => {
  await getGroup(context, { id });
  const code = await change(context, 'replacing the invitation', (account) => account.revokeInvite(id));
  const parsed = codeSchema.safeParse(code);
  if (!parsed.success) throw unknownOutcome('replacing the invitation', 'WhatsApp gave no new code');
  return parsed.data;
};

const infoSchema = z.object({
  id: z.unknown(),
  subject: z.string().nullable().catch(null),
  desc: z.string().nullable().catch(null),
  owner: z.unknown().optional(),
  creation: z.number().transform(Math.trunc).nullable().catch(null),
  size: z.number().transform(Math.trunc).nullable().catch(null),
});

export const getInviteInfo = async (
  context: CommandContext,
  { code }: z.output<typeof inviteArgs>,
): Promise<z.infer<typeof inviteInfoSchema>> => {
  const found = infoSchema.safeParse(
    await ask(context, 'looking the invitation up', (account) => account.inviteInfo(code)),
  );
  const id = found.success ? idText(found.data.id) : undefined;
  if (!found.success || id === undefined)
    throw new CommandFailed('not_found', 'There is no such invitation.');
  const { subject, desc, owner, creation, size } = found.data;
  return { id, subject, description: desc, owner: idText(owner) ?? null, createdAt: creation, size };
};

/** Looked up first: WhatsApp Web's errors for a wrong code are many. */
export const joinGroup = async (
  context: CommandContext,
  { code }: z.output<typeof inviteArgs>,
): Promise<z.infer<typeof joinedGroupSchema>> => {
  const { id } = await getInviteInfo(context, { code });
  if ((await lookAtChat(context, id))?.member === true) return { id };
  const joined = await change(context, 'joining the group', (account) => account.joinGroup(code));
  return { id: idText(joined) ?? id };
};

export const leaveGroup = async (context: CommandContext, { id }: OneGroup): Promise<Done> => {
  const { member } = await requireChat(context, id);
  if (member === false) return {};
  // A chat that the library made for a group that the account never had, or has deleted.
  if (member === null) await getGroup(context, { id });
  await change(context, 'leaving the group', (account) => account.leaveGroup(id));
  if (!(await untilChat(context, id, (chat) => chat?.member !== true)))
    throw unknownOutcome('leaving the group', 'WhatsApp Web still shows the account in it');
  return {};
};

export const deleteGroup = async (context: CommandContext, { id }: OneGroup): Promise<Done> => {
  await leaveGroup(context, { id });
  return await deleteChat(context, { chatId: id });
};

/** With the number of a hidden id if the page knows it. */
export const getParticipantsV2 = async (
  context: CommandContext,
  args: OneGroup,
): Promise<z.infer<typeof participantV2Schema>[]> => {
  const { participants } = await getGroup(context, args);
  return participants.map((participant) =>
    participant.id.endsWith('@c.us') ? { ...participant, pn: participant.id } : participant,
  );
};

const setAdmins =
  (admin: boolean) =>
  async (context: CommandContext, { id, participants }: z.output<typeof groupAdminsArgs>): Promise<Done> => {
    const isSo = (group: Awaited<ReturnType<typeof getGroup>>, one: string): boolean =>
      group.participants.some((member) => member.id === one && (member.role !== 'participant') === admin);
    const group = await getGroup(context, { id });
    const people = await peopleOf(context, participants);
    const stranger = people.find(
      (one) => one.endsWith('@c.us') && !group.participants.some((member) => member.id === one),
    );
    if (stranger !== undefined) throw refused(`${stranger} is not in the group`);
    workingClient(context);
    const what = admin ? 'making admins' : 'making members';
    await change(context, what, (account) => account.setAdmins(id, people, admin));
    const known = people.filter((one) => group.participants.some((member) => member.id === one));
    const look = () => getGroup(context, { id });
    if (!(await untilSeen(context, look, (now) => known.every((one) => isSo(now, one)))))
      throw unknownOutcome(what, 'WhatsApp Web does not show it');
    return {};
  };
export const promoteParticipants = setAdmins(true);
export const demoteParticipants = setAdmins(false);
