/** Which events a session does not report: those of the kinds of chats that its configuration ignores. */
import * as z from 'zod';
import { type ChatKind, chatKindOf } from './chat-kind.ts';

const flag = (what: string) => z.boolean().nullish().describe(what);

/** Nothing is ignored by default; null is the same as leaving it out. */
export const ignoreSchema = z.strictObject({
  status: flag('Posts of Status (stories).'),
  groups: flag('Groups: their messages, members and changes.'),
  channels: flag('Channels (newsletters).'),
  broadcast: flag('Broadcast lists and Status, as in WAHA.'),
});
export type Ignore = z.infer<typeof ignoreSchema>;

const IGNORED_BY: Readonly<Record<ChatKind, readonly (keyof Ignore)[]>> = {
  person: [],
  group: ['groups'],
  channel: ['channels'],
  status: ['status', 'broadcast'],
  broadcast: ['broadcast'],
};

const text = z.string().catch('');
const chat = z.object({ from: text, to: text, fromMe: z.boolean().catch(false) });
const ofMessage = chat.transform(({ from, to, fromMe }) => (fromMe ? to : from));

const ofGroup = z.object({ group: z.object({ id: text }) }).transform(({ group }) => group.id);

const ofCall = z
  .object({ from: text, isGroup: z.boolean().catch(false) })
  .transform(({ from, isGroup }) => (isGroup ? '@g.us' : from));

const ofChatId = z.object({ chatId: text }).transform(({ chatId }) => chatId);

/** By event: in which chat it happened. An event that is not here belongs to none. */
const CHAT_OF: Readonly<Record<string, z.ZodType<string>>> = {
  message: ofMessage,
  'message.any': ofMessage,
  'message.ack': ofMessage,
  'message.ack.group': ofMessage,
  'message.edited': ofMessage,
  'message.waiting': ofMessage,
  'message.reaction': chat.transform(({ to }) => to),
  'message.revoked': z.object({ after: ofMessage }).transform(({ after }) => after),
  'group.v2.join': ofGroup,
  'group.v2.leave': ofGroup,
  'group.v2.update': ofGroup,
  'group.v2.participants': ofGroup,
  'chat.archive': z.object({ id: text }).transform(({ id }) => id),
  'call.received': ofCall,
  'call.rejected': ofCall,
  'presence.update': z.object({ id: text }).transform(({ id }) => id),
  'label.chat.added': ofChatId,
  'label.chat.deleted': ofChatId,
  'group.join': ofChatId,
  'group.leave': ofChatId,
  'poll.vote': z.object({ vote: z.object({ to: text }) }).transform(({ vote }) => vote.to),
};

/** The kind of chat in which an event happened; undefined: it belongs to no chat. */
export const chatKindOfEvent = (event: string, payload: unknown): ChatKind | undefined => {
  const id = CHAT_OF[event]?.safeParse(payload).data;
  return id === undefined || id === '' ? undefined : chatKindOf(id);
};

/** Whether the session's configuration ignores an event. Events of the session itself never are. */
export const isIgnored = (ignore: Ignore | undefined, event: string, payload: unknown): boolean => {
  const kind = ignore && chatKindOfEvent(event, payload);
  return kind !== undefined && IGNORED_BY[kind].some((by) => ignore?.[by] === true);
};
