/** Operations of the phone API for what happens to an account beside what others write to it. */
import * as z from 'zod';
import { correspondent, done, jid, messageSchema, target } from './base.ts';

const shownPresences = ['online', 'offline', 'typing', 'recording'] as const;
export type ShownPresence = (typeof shownPresences)[number];

const message = z.object({ message: messageSchema });

export const happeningRoutes = {
  /** The account's owner types a message on the phone. */
  write: {
    method: 'POST',
    path: '/phone/write',
    request: z.object({
      account: target,
      chat: correspondent,
      text: z.string().min(1).max(65_536),
      /** So long ago, in seconds: the phone had no network until now. */
      secondsAgo: z.int().min(0).max(31_536_000).default(0),
    }),
    response: message,
  },
  /** The author of a message changes its text. */
  edit: {
    method: 'POST',
    path: '/phone/edit',
    request: z.object({ account: target, message: z.string(), text: z.string().min(1).max(65_536) }),
    response: message,
  },
  /** The content of a message that waited for it has come. */
  resolve: {
    method: 'POST',
    path: '/phone/resolve',
    request: z.object({ account: target, message: z.string() }),
    response: message,
  },
  /** WhatsApp blocks an account until it is lifted: its linked devices stay linked and are turned away. */
  ban: {
    method: 'POST',
    path: '/phone/ban',
    request: z.object({ account: target, banned: z.boolean().default(true) }),
    response: done,
  },
  /** A channel that the account owns or follows. */
  createChannel: {
    method: 'POST',
    path: '/phone/channels',
    request: z.object({
      account: target,
      name: z.string().min(1).max(100),
      role: z.enum(['owner', 'admin', 'subscriber']).default('owner'),
    }),
    response: z.object({ chatId: z.string() }),
  },
  /** How the account keeps its chats, if it changed anything: archived, marked as unread, labeled, deleted. */
  chats: {
    method: 'GET',
    path: '/phone/chats',
    request: z.object({ account: target }),
    response: z.object({
      chats: z.array(
        z.object({
          id: z.string(),
          archived: z.boolean(),
          markedUnread: z.boolean(),
          labels: z.array(z.string()),
          deleted: z.boolean(),
        }),
      ),
    }),
  },
  /** The groups that the account has, as its phone shows them. */
  groups: {
    method: 'GET',
    path: '/phone/groups',
    request: z.object({ account: target }),
    response: z.object({
      groups: z.array(
        z.object({
          id: z.string(),
          subject: z.string(),
          description: z.string(),
          /** Only admins write. */
          announce: z.boolean(),
          /** Only admins change its name, description and picture. */
          restrict: z.boolean(),
          invite: z.string().nullable(),
          participants: z.array(z.object({ id: z.string(), isAdmin: z.boolean() })),
        }),
      ),
    }),
  },
  /** The channels that the account has. */
  channels: {
    method: 'GET',
    path: '/phone/channels',
    request: z.object({ account: target }),
    response: z.object({
      channels: z.array(z.object({ id: z.string(), name: z.string(), role: z.string(), muted: z.boolean() })),
    }),
  },
  /** The account's profile and settings. */
  settings: {
    method: 'GET',
    path: '/phone/settings',
    request: z.object({ account: target }),
    response: z.object({
      pushName: z.string(),
      about: z.string(),
      blocked: z.array(z.string()),
      online: z.boolean(),
      rejectedCalls: z.array(z.string()),
      contacts: z.array(z.object({ id: z.string(), name: z.string() })),
    }),
  },
  /** The profile of a person or a group; a picture as a data URL. `set` changes it. */
  profile: {
    method: 'GET',
    path: '/phone/profile',
    request: z.object({ id: jid }),
    response: z.object({ about: z.string(), picture: z.string().nullable() }),
  },
  setProfile: {
    method: 'POST',
    path: '/phone/profile',
    request: z.object({
      id: jid,
      about: z.string().max(139).optional(),
      picture: z.string().max(2_000_000).optional(),
    }),
    response: done,
  },
  /** Makes it a business account with these labels, or changes them. */
  setLabels: {
    method: 'POST',
    path: '/phone/labels',
    request: z.object({
      account: target,
      labels: z.array(z.object({ id: z.string(), name: z.string(), color: z.int() })).max(20),
    }),
    response: done,
  },
  /** The owner gives a chat these labels on the phone. */
  labelChat: {
    method: 'POST',
    path: '/phone/chat-labels',
    request: z.object({ account: target, chat: correspondent, labels: z.array(z.string()).max(20) }),
    response: done,
  },
  /** A person comes online, goes, types or records; in a group with `chat`. Only pages that follow the chat receive it. */
  showPresence: {
    method: 'POST',
    path: '/phone/presence',
    request: z.object({
      account: target,
      from: correspondent,
      chat: jid.optional(),
      state: z.enum(shownPresences),
    }),
    response: done,
  },
  /**
   * Messages of long ago in one chat, and groups, as many as wanted; no event reports them. Before the page connects.
   */
  fill: {
    method: 'POST',
    path: '/phone/fill',
    request: z.object({
      account: target,
      chat: correspondent.optional(),
      messages: z.int().min(0).max(10_000).default(0),
      groups: z.int().min(0).max(5_000).default(0),
    }),
    response: z.object({ messages: z.int(), groups: z.int() }),
  },
  /** The proxy that leads to the simulated WhatsApp, and how many connections went through it. */
  proxy: {
    method: 'GET',
    path: '/phone/proxy',
    request: z.object({}),
    response: z.object({
      server: z.string(),
      username: z.string(),
      password: z.string(),
      connections: z.int(),
      refused: z.int(),
    }),
  },
} as const;
