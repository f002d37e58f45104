/** Chats, contacts and groups from the library's objects, read as leniently as messages (payloads.ts). */
import * as z from 'zod';
import type { Chat, Contact, Group } from '../../contract/whatsapp/chats.ts';
import { idText, numberId } from './ids.ts';
import { messagePayload } from './payloads.ts';

const anything = z.unknown().optional();
const text = z.string().min(1).nullable().catch(null);
const flag = z.boolean().catch(false);
const whole = z.number().transform(Math.trunc);

const chatSource = z.object({
  id: anything,
  name: text,
  isGroup: flag,
  unreadCount: whole.catch(0),
  timestamp: whole.nullable().catch(null),
  archived: flag,
  pinned: z.union([z.boolean(), z.number().transform((n) => n > 0)]).catch(false),
  isMuted: flag,
  lastMessage: anything,
});

/** undefined: it has no id. */
export const chatPayload = (source: unknown): Chat | undefined => {
  const { id, lastMessage, ...chat } = chatSource.parse(source);
  const name = idText(id);
  const pn = numberId(id);
  return name === undefined
    ? undefined
    : {
        id: name,
        ...(pn === undefined ? {} : { pn }),
        ...chat,
        lastMessage: messagePayload(lastMessage) ?? null,
      };
};

const contactSource = z.object({
  id: anything,
  number: text,
  name: text,
  pushname: text,
  shortName: text,
  isMe: flag,
  isUser: flag,
  isGroup: flag,
  isWAContact: flag,
  isMyContact: flag,
  isBusiness: flag,
  isBlocked: flag,
});

/** undefined: it has no id. */
export const contactPayload = (source: unknown): Contact | undefined => {
  const { id, ...contact } = contactSource.parse(source);
  const name = idText(id);
  return name === undefined ? undefined : { id: name, ...contact };
};

const groupSource = z.object({
  id: anything,
  name: text,
  groupMetadata: z.object({
    subject: text,
    desc: text,
    owner: anything,
    creation: whole.nullable().catch(null),
    participants: z.array(z.object({ id: anything, isAdmin: flag, isSuperAdmin: flag })).catch([]),
  }),
});

/** undefined: it is no group, or none that this account is in. */
export const groupInfo = (source: unknown): Group | undefined => {
  const parsed = groupSource.safeParse(source);
  const id = parsed.success ? idText(parsed.data.id) : undefined;
  if (!parsed.success || id === undefined) return undefined;
  const { name, groupMetadata: group } = parsed.data;
  return {
    id,
    subject: group.subject ?? name ?? '',
    description: group.desc,
    owner: idText(group.owner) ?? null,
    createdAt: group.creation,
    participants: group.participants.flatMap(({ id: member, isAdmin, isSuperAdmin }) => {
      const who = idText(member);
      const role = isSuperAdmin ? 'superadmin' : isAdmin ? 'admin' : 'participant';
      return who === undefined ? [] : [{ id: who, role } as const];
    }),
  };
};
