/** People, the account's own profile, presence and calls. */
import * as z from 'zod';
import type { Contact } from '../../contract/whatsapp/chats.ts';
import type {
  blockContactArgs,
  contactAboutArgs,
  contactAboutSchema,
  contactByIdArgs,
  contactPictureArgs,
  contactPictureSchema,
  profileNameArgs,
  profilePictureArgs,
  profileSchema,
  profileStatusArgs,
  rejectCallArgs,
  saveContactArgs,
  screenshotSchema,
  setPresenceArgs,
  successSchema,
} from '../../contract/whatsapp/people.ts';
import { idText } from '../whatsapp/ids.ts';
import { ask, change } from './ask.ts';
import { getContact } from './contacts.ts';
import { type CommandContext, workingClient } from './context.ts';
import { CommandFailed } from './failure.ts';
import { leftMs, unknownOutcome } from './hand-over.ts';
import { loadPicture, pictureOf } from './pictures.ts';
import { untilSeen } from './until-seen.ts';

type Done = Record<string, never>;
type Success = z.infer<typeof successSchema>;
const refused = (why: string): CommandFailed => new CommandFailed('refused', `${why}; nothing was changed.`);
/** A boolean of the library: false if WhatsApp's server refused. */
const orRefused = async (answer: Promise<boolean>): Promise<Success> => {
  if (!(await answer)) throw refused('WhatsApp did not allow it');
  return { success: true };
};

export const getContactAbout = async (
  context: CommandContext,
  { contactId }: z.output<typeof contactAboutArgs>,
): Promise<z.infer<typeof contactAboutSchema>> => {
  const about = await ask(context, 'reading the about text', (account) => account.about(contactId));
  return { about: typeof about === 'string' && about !== '' ? about : null };
};

export const getContactPicture = async (
  context: CommandContext,
  { contactId }: z.output<typeof contactPictureArgs>,
): Promise<z.infer<typeof contactPictureSchema>> => ({
  profilePictureURL: await pictureOf(context, contactId),
});

const setBlocked =
  (blocked: boolean) =>
  async (context: CommandContext, { contactId }: z.output<typeof blockContactArgs>): Promise<Done> => {
    if (!/@(c\.us|lid)$/.test(contactId)) throw refused('Only people can be blocked');
    const isSo = async () => (await getContact(context, { contactId })).isBlocked === blocked;
    if (await isSo()) return {};
    const what = blocked ? 'blocking' : 'unblocking';
    await change(context, what, (account) => account.block(contactId, blocked));
    if (!(await untilSeen(context, isSo, (so) => so)))
      throw unknownOutcome(what, 'WhatsApp Web does not show it');
    return {};
  };
export const blockContact = setBlocked(true);
export const unblockContact = setBlocked(false);

export const getContactById = (
  context: CommandContext,
  { id }: z.output<typeof contactByIdArgs>,
): Promise<Contact> => getContact(context, { contactId: id });

export const saveContact = async (
  context: CommandContext,
  { chatId, firstName, lastName }: z.output<typeof saveContactArgs>,
): Promise<Success> => {
  const [, digits] = /^(\d+)@c\.us$/.exec(chatId) ?? [];
  if (digits === undefined) throw refused('Only a person with a phone number can be saved');
  await change(context, 'saving the contact', (account) =>
    account.saveContact(digits, firstName, lastName ?? ''),
  );
  return { success: true };
};

const infoSchema = z.object({ wid: z.unknown(), pushname: z.string().nullable().catch(null) });
const ownId = (context: CommandContext): { id: string; name: string | null } => {
  const info = infoSchema.safeParse(workingClient(context).info);
  const id = info.success ? idText(info.data.wid) : undefined;
  if (!info.success || id === undefined)
    throw new CommandFailed('client_failed', 'WhatsApp Web does not say who it is.');
  return { id, name: info.data.pushname };
};
const pushnameSchema = z.string().min(1).nullable().catch(null);
const NAME = "window.require('WAWebConnModel').Conn.pushname ?? null";

export const getProfile = async (context: CommandContext): Promise<z.infer<typeof profileSchema>> => {
  const { id, name } = ownId(context);
  const page = workingClient(context).pupPage;
  const now = page ? await ask(context, 'reading the name', () => page.evaluate(NAME)) : null;
  return { id, name: pushnameSchema.parse(now) ?? name, picture: await pictureOf(context, id) };
};

export const setProfileName = (
  context: CommandContext,
  { name }: z.output<typeof profileNameArgs>,
): Promise<Success> => orRefused(change(context, 'setting the name', (account) => account.setName(name)));

export const setProfileStatus = async (
  context: CommandContext,
  { status }: z.output<typeof profileStatusArgs>,
): Promise<Success> => {
  await change(context, 'setting the about text', (account) => account.setAbout(status));
  return { success: true };
};

export const setProfilePicture = async (
  context: CommandContext,
  { file }: z.output<typeof profilePictureArgs>,
): Promise<Success> => {
  const { id } = ownId(context);
  const picture = await loadPicture(context, file);
  return await orRefused(
    change(context, 'setting the picture', (account) => account.setPicture(id, picture)),
  );
};

export const deleteProfilePicture = async (context: CommandContext): Promise<Success> => {
  const { id } = ownId(context);
  return await orRefused(
    change(context, 'taking the picture away', (account) => account.setPicture(id, undefined)),
  );
};

const CHAT_STATES = { typing: 'typing', recording: 'recording', paused: 'stop' } as const;

export const setPresence = async (
  context: CommandContext,
  { presence, chatId }: z.output<typeof setPresenceArgs>,
): Promise<Done> => {
  if (presence === 'online' || presence === 'offline') {
    await change(context, 'setting the presence', (account) => account.setOnline(presence === 'online'));
    return {};
  }
  if (!chatId) throw new CommandFailed('bad_arguments', `chatId: ${presence} is shown in a chat`);
  const { id } = await context.recipients.resolve(workingClient(context), chatId, leftMs(context));
  await change(context, 'setting the presence', (account) => account.showInChat(id, CHAT_STATES[presence]));
  return {};
};

export const rejectCall = async (
  context: CommandContext,
  { from, id }: z.output<typeof rejectCallArgs>,
): Promise<Done> => {
  await change(context, 'rejecting the call', (account) => account.rejectCall(from, id));
  context.rejected(id, from);
  return {};
};

/** In any status: it also shows what stands in the way of working. */
export const getScreenshot = async (context: CommandContext): Promise<z.infer<typeof screenshotSchema>> => {
  const client = context.client();
  if (!client?.pupPage) throw new CommandFailed('unavailable', 'The session has no page yet. Try again.');
  const data = await client.account.screenshot();
  return { mimetype: 'image/png', data };
};
