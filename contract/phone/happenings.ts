/** Operations of the phone API for what happens to an account beside what others write to it. */
import * as z from 'zod';
import { correspondent, messageSchema, target } from './base.ts';

const done = z.object({ ok: z.literal(true) });
const message = z.object({ message: messageSchema });

export const happeningRoutes = {
  /** The account's owner types a message on the phone. */
  write: {
    method: 'POST',
    path: '/phone/write',
    request: z.object({ account: target, chat: correspondent, text: z.string().min(1).max(65_536) }),
    response: message,
  },
  /** Whoever wrote a message changes its text. */
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
  /** Messages of long ago in one chat, and groups, as many as wanted; nobody is told of them. Before the page connects. */
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
