/** The page's data of a chat. An expression, because it runs there; it changes nothing and makes no chat. */
import * as z from 'zod';
import type { LibraryPage } from './library.ts';

const chatStateSchema = z.object({
  /** The chat's id as the page has it, which may be the hidden one. */
  id: z.string(),
  archived: z.boolean(),
  /** Below zero: marked as unread by hand. */
  unread: z.number(),
  /** Messages in memory. */
  messages: z.number(),
  /** Of a group: whether the account is in it; null: the page does not say, or it is no group. */
  member: z.boolean().nullable(),
});
export type ChatState = z.infer<typeof chatStateSchema>;

const STATE = `((id) => {
  const { createWid } = window.require('WAWebWidFactory');
  const { Chat } = window.require('WAWebCollections');
  const contacts = window.require('WAWebApiContact');
  const wid = createWid(id);
  const other = wid.server === 'lid' ? contacts.getPhoneNumber?.(wid)
    : wid.server === 'c.us' ? contacts.getCurrentLid?.(wid) : undefined;
  const chat = Chat.get(wid) || (other && Chat.get(other));
  if (!chat) return null;
  const people = chat.groupMetadata?.participants;
  const me = window.require('WAWebUserPrefsMeUser');
  const mine = [me.getMaybeMePnUser(), me.getMaybeMeLidUser()].filter(Boolean);
  return {
    id: String(chat.id),
    archived: Boolean(chat.archive),
    unread: Number(chat.unreadCount) || 0,
    messages: chat.msgs.getModelsArray().filter((msg) => !msg.isNotification).length,
    member: people ? mine.some((one) => Boolean(people.get(one))) : null,
  };
})`;

/** undefined: the page has no such chat. */
export const readChatState = async (page: LibraryPage, id: string): Promise<ChatState | undefined> =>
  chatStateSchema.nullable().parse(await page.evaluate(`${STATE}(${JSON.stringify(id)})`)) ?? undefined;
