/** The calls of a page except sending and linking: chats, people, profile, groups and channels. One row per call. */
import * as z from 'zod';

const id = z.string().min(5).max(100);
const messageId = z.string().max(64);
/** A picture as a data URL. */
const picture = z.string().max(2_000_000);

/** About messages that are there already. */
export const messageCalls = [
  z.object({ op: z.literal('edit'), messageId, text: z.string().min(1).max(65_536) }),
  /** For all participants. */
  z.object({ op: z.literal('revoke'), messageId }),
  /** For this account alone. */
  z.object({ op: z.literal('deleteMessage'), messageId }),
  z.object({ op: z.literal('star'), messageId, star: z.boolean() }),
  /** `seconds` 0: it is pinned no longer. */
  z.object({ op: z.literal('pin'), messageId, seconds: z.int().min(0) }),
  z.object({ op: z.literal('vote'), messageId, options: z.array(z.string().max(200)).max(20) }),
] as const;

export const chatCalls = [
  z.object({
    op: z.literal('setChat'),
    chatId: id,
    archived: z.boolean().optional(),
    /** Marked as unread by hand. */
    markedUnread: z.boolean().optional(),
    labels: z.array(z.string().max(20)).max(20).optional(),
  }),
  /** The chat's messages go; with `whole` the chat too. For this account alone. */
  z.object({ op: z.literal('emptyChat'), chatId: id, whole: z.boolean() }),
  z.object({ op: z.literal('block'), id, blocked: z.boolean() }),
  z.object({ op: z.literal('saveContact'), id, name: z.string().min(1).max(100) }),
  z.object({ op: z.literal('about'), id }),
  z.object({ op: z.literal('picture'), id }),
  /** null: taken away. */
  z.object({ op: z.literal('setPicture'), id, picture: picture.nullable() }),
  z.object({
    op: z.literal('setProfile'),
    name: z.string().min(1).max(25).optional(),
    about: z.string().max(139).optional(),
  }),
  z.object({ op: z.literal('presence'), available: z.boolean() }),
  /** From now on the page receives what people do in this chat. */
  z.object({ op: z.literal('followPresence'), chatId: id }),
  z.object({ op: z.literal('rejectCall'), id: z.string().max(64), from: id }),
] as const;

const group = id;
export const groupCalls = [
  z.object({ op: z.literal('setSubject'), group, subject: z.string().min(1).max(100) }),
  z.object({ op: z.literal('setDescription'), group, description: z.string().max(2048) }),
  z.object({
    op: z.literal('setGroupProperty'),
    group,
    property: z.enum(['announcement', 'restrict']),
    value: z.boolean(),
  }),
  z.object({ op: z.literal('setAdmins'), group, participants: z.array(id), admin: z.boolean() }),
  z.object({ op: z.literal('leaveGroup'), group }),
  z.object({ op: z.literal('inviteCode'), group, reset: z.boolean() }),
  z.object({ op: z.literal('inviteInfo'), code: z.string().max(50) }),
  z.object({ op: z.literal('joinGroup'), code: z.string().max(50) }),
] as const;

export const channelCalls = [
  z.object({
    op: z.literal('createChannel'),
    name: z.string().min(1).max(100),
    description: z.string().max(2048).nullable(),
  }),
  z.object({ op: z.literal('deleteChannel'), channel: id }),
  z.object({ op: z.literal('followChannel'), channel: id, follow: z.boolean() }),
  z.object({ op: z.literal('muteChannel'), channel: id, muted: z.boolean() }),
  z.object({ op: z.literal('findChannels'), text: z.string().max(200), limit: z.int().min(1).max(100) }),
  z.object({ op: z.literal('channelInfo'), channel: id }),
  z.object({ op: z.literal('channelByInvite'), code: z.string().max(50) }),
] as const;
