/** Operations of the phone API for what others write to an account and do with its messages and groups. */
import * as z from 'zod';
import { affected, correspondent, done, jid, messageSchema, target } from './base.ts';

export const messageRoutes = {
  /** A contact writes to the account, in a private chat or in a group: a text, or something with it as its caption or name. */
  send: {
    method: 'POST',
    path: '/phone/send',
    request: z.object({
      account: target,
      from: correspondent,
      name: z.string().min(1).max(100).optional(),
      chat: jid.optional(),
      text: z.string().max(65_536).default(''),
      file: z
        .object({
          data: z.base64().min(4),
          mimetype: z.string().min(3).max(256),
          filename: z.string().min(1).max(255).optional(),
          /** Without it the kind follows from the type. */
          as: z.enum(['voice', 'document', 'sticker']).optional(),
        })
        .optional(),
      location: z.object({ lat: z.number(), lng: z.number() }).optional(),
      poll: z
        .object({
          options: z.array(z.string().min(1).max(100)).min(2).max(12),
          multiple: z.boolean().default(false),
        })
        .optional(),
      vcard: z.string().startsWith('BEGIN:VCARD').max(65_536).optional(),
      replyTo: z.string().optional(),
      mentions: z.array(correspondent).optional(),
      /** Linked devices receive that it came, but not its content. */
      viewOnce: z.boolean().optional(),
      /** Its content does not come yet ("waiting for this message"): `resolve` brings it. */
      waiting: z.boolean().optional(),
    }),
    response: z.object({ message: messageSchema }),
  },
  /** A contact reacts to a message; an empty text takes the reaction away. */
  react: {
    method: 'POST',
    path: '/phone/react',
    request: z.object({
      account: target,
      from: correspondent,
      message: z.string(),
      text: z.string().max(40),
    }),
    response: done,
  },
  /** A contact votes in a poll: for these options and no others. */
  vote: {
    method: 'POST',
    path: '/phone/vote',
    request: z.object({
      account: target,
      from: correspondent,
      message: z.string(),
      options: z.array(z.string()).max(12),
    }),
    response: done,
  },
  /** The author of a message deletes it for all participants. */
  revoke: {
    method: 'POST',
    path: '/phone/revoke',
    request: z.object({ account: target, message: z.string() }),
    response: done,
  },
  /** The other side receives, reads or plays what the account's companion sent; without `message`, everything. */
  ack: {
    method: 'POST',
    path: '/phone/ack',
    request: z.object({
      account: target,
      message: z.string().optional(),
      ack: z.enum(['delivered', 'read', 'played']),
    }),
    response: affected,
  },
  /** The account's messages, oldest first; `sent` limits them to those that its companions sent. */
  inbox: {
    method: 'GET',
    path: '/phone/inbox',
    request: z.object({
      account: target,
      chat: jid.optional(),
      sent: z.union([z.boolean(), z.stringbool()]).optional(),
      limit: z.coerce.number().int().min(1).max(10_000).default(1000),
    }),
    response: z.object({ messages: z.array(messageSchema) }),
  },
  /** The activity of the account's companions in chats. */
  chatStates: {
    method: 'GET',
    path: '/phone/chat-states',
    request: z.object({ account: target }),
    response: z.object({
      chats: z.array(z.object({ chatId: z.string(), state: z.enum(['composing', 'recording', 'paused']) })),
    }),
  },
  /** A contact calls. */
  call: {
    method: 'POST',
    path: '/phone/call',
    request: z.object({ account: target, from: correspondent, video: z.boolean().default(false) }),
    response: z.object({ callId: z.string() }),
  },
  createGroup: {
    method: 'POST',
    path: '/phone/groups',
    request: z.object({
      account: target,
      subject: z.string().min(1).max(100),
      participants: z.array(correspondent).max(1024),
    }),
    response: z.object({ chatId: z.string() }),
  },
  /** A member (the owner without `by`) changes a group: its name, who is in it, who is an admin. */
  changeGroup: {
    method: 'POST',
    path: '/phone/groups/change',
    request: z.object({
      account: target,
      chat: jid,
      by: correspondent.optional(),
      subject: z.string().min(1).max(100).optional(),
      add: z.array(correspondent).max(1024).default([]),
      remove: z.array(correspondent).max(1024).default([]),
      promote: z.array(correspondent).max(1024).default([]),
    }),
    response: z.object({ participants: z.array(z.object({ id: z.string(), isAdmin: z.boolean() })) }),
  },
} as const;
