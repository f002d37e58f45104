/**
 * The page's data of a message, and the actions that it allows. An expression, because it runs there; it changes
 * nothing.
 */
import * as z from 'zod';
import type { LibraryPage } from './library.ts';

const messageStateSchema = z.object({
  /** The ids of its chat: as the page has it, and the other one of the same person. */
  chatIds: z.array(z.string()),
  fromMe: z.boolean(),
  type: z.string(),
  /** Seconds since the epoch. */
  timestamp: z.number(),
  /** Its text, or the caption of its file. */
  text: z.string(),
  canEdit: z.boolean(),
  /** Whether it can be deleted for everyone. */
  canRevoke: z.boolean(),
  canStar: z.boolean(),
  starred: z.boolean(),
  /** Of a poll: its options. */
  options: z.array(z.string()),
});
export type MessageState = z.infer<typeof messageStateSchema>;

/** The functions of the library's own look at the same modules. */
const STATE = `(async (id) => {
  const { Msg } = window.require('WAWebCollections');
  const msg = Msg.get(id) || ((await Msg.getMessagesById([id]))?.messages || [])[0];
  if (!msg) return null;
  const can = window.require('WAWebMsgActionCapability');
  const contacts = window.require('WAWebApiContact');
  const remote = msg.id.remote;
  const other = remote.server === 'lid' ? contacts.getPhoneNumber?.(remote)
    : remote.server === 'c.us' ? contacts.getCurrentLid?.(remote) : undefined;
  return {
    chatIds: [remote, other].filter(Boolean).map(String),
    fromMe: Boolean(msg.id.fromMe),
    type: String(msg.type),
    timestamp: Number(msg.t) || 0,
    text: String(msg.caption || msg.body || ''),
    canEdit: Boolean(can.canEditText(msg) || can.canEditCaption(msg)),
    canRevoke: Boolean(can.canSenderRevokeMsg(msg) || can.canAdminRevokeMsg(msg)),
    canStar: Boolean(can.canStarMsg(msg)),
    starred: Boolean(msg.star),
    options: (msg.pollOptions || []).map(({ name }) => String(name)),
  };
})`;

/** undefined: the page has no message of this id. */
export const readMessageState = async (page: LibraryPage, id: string): Promise<MessageState | undefined> =>
  messageStateSchema.nullable().parse(await page.evaluate(`${STATE}(${JSON.stringify(id)})`)) ?? undefined;
