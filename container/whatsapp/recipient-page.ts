/** The page's data of a recipient. Expressions, because they run there; they change nothing. */
import * as z from 'zod';
import type { LibraryPage } from './library.ts';

const groupSchema = z.object({
  /** The page has such a group. */
  found: z.boolean(),
  /** Null: the page does not say. */
  member: z.boolean().nullable(),
  onlyAdmins: z.boolean(),
  admin: z.boolean().nullable(),
});
type GroupAccess = z.infer<typeof groupSchema>;

const channelSchema = z.object({
  found: z.boolean(),
  /** `owner`, `admin`, `subscriber`, `guest`; null: the page does not say. */
  role: z.string().nullable(),
});
type ChannelAccess = z.infer<typeof channelSchema>;

const call = (body: string, id: string): string => `(async (id) => { ${body} })(${JSON.stringify(id)})`;

const GROUP = `
  const { createWid } = window.require('WAWebWidFactory');
  const chat = window.require('WAWebCollections').Chat.get(createWid(id));
  const group = chat && chat.groupMetadata;
  if (!group) return { found: false, member: null, onlyAdmins: false, admin: null };
  const me = window.require('WAWebUserPrefsMeUser');
  const mine = [me.getMaybeMePnUser(), me.getMaybeMeLidUser()].filter(Boolean);
  const people = group.participants;
  const own = people && mine.map((wid) => people.get(wid)).find(Boolean);
  return {
    found: true,
    member: people ? Boolean(own) : null,
    onlyAdmins: group.announce === true,
    admin: people ? Boolean(own && (own.isAdmin || own.isSuperAdmin)) : null,
  };`;

/** The library looks a channel up in the same way before it sends. */
const CHANNEL = `
  const { createWid } = window.require('WAWebWidFactory');
  const channels = window.require('WAWebCollections').WAWebNewsletterCollection;
  let channel = channels && channels.get(id);
  if (!channel) {
    try {
      await window.require('WAWebLoadNewsletterPreviewChatAction').loadNewsletterPreviewChat(id);
      channel = await channels.find(createWid(id));
    } catch {}
  }
  const role = channel && channel.newsletterMetadata && channel.newsletterMetadata.membershipType;
  return { found: Boolean(channel), role: typeof role === 'string' ? role : null };`;

/** Whether this account may write to a group. */
export const readGroupAccess = async (page: LibraryPage, id: string): Promise<GroupAccess> =>
  groupSchema.parse(await page.evaluate(call(GROUP, id)));

/** Whether a channel exists, and this account's role in it. Asks WhatsApp for one that the page has not. */
export const readChannelAccess = async (page: LibraryPage, id: string): Promise<ChannelAccess> =>
  channelSchema.parse(await page.evaluate(call(CHANNEL, id)));
