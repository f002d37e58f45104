/** The data that an account can read: chats, messages, contacts, groups. Shapes as in WAHA's API if it states any. */
import * as z from 'zod';
import { chatIdSchema, messageSchema, numberIdSchema } from './messages.ts';

/** The response header of a list that was cut there. */
export const CUT_HEADER = 'x-berth-cut';
/** The most that a list gives: without a limit, or with 0, as much as there is up to this. */
export const LIST_CAP = 10_000;
const limit = z.coerce
  .number()
  .int()
  .min(0)
  .max(LIST_CAP)
  .transform((asked) => (asked === 0 ? LIST_CAP : asked));

/** Paging of every list. */
export const pageArgs = z.strictObject({
  limit: limit.default(LIST_CAP),
  offset: z.coerce.number().int().min(0).max(100_000).default(0),
});
const sortOrder = z.enum(['asc', 'desc']).default('desc');

export const chatSchema = z.object({
  id: z.string(),
  pn: numberIdSchema,
  name: z.string().nullable(),
  isGroup: z.boolean(),
  unreadCount: z.int(),
  /** Of what happened last; seconds since the epoch. */
  timestamp: z.int().nullable(),
  archived: z.boolean(),
  pinned: z.boolean(),
  isMuted: z.boolean(),
  lastMessage: messageSchema.nullable(),
});
export type Chat = z.infer<typeof chatSchema>;

/** By what happened last. */
export const getChatsArgs = pageArgs.extend({ sortOrder });
/** Newest first, and counted from the newest: `offset` 100 leaves the 100 newest out. */
export const getMessagesArgs = pageArgs.extend({
  chatId: chatIdSchema,
  limit: limit.default(10),
  sortOrder,
  /** Files are fetched and `media` set, as in events. */
  downloadMedia: z.stringbool().or(z.boolean()).default(true),
});

export const contactSchema = z.object({
  id: z.string(),
  number: z.string().nullable(),
  name: z.string().nullable(),
  pushname: z.string().nullable(),
  shortName: z.string().nullable(),
  isMe: z.boolean(),
  isUser: z.boolean(),
  isGroup: z.boolean(),
  isWAContact: z.boolean(),
  isMyContact: z.boolean(),
  isBusiness: z.boolean(),
  isBlocked: z.boolean(),
});
export type Contact = z.infer<typeof contactSchema>;

export const getContactArgs = z.strictObject({ contactId: chatIdSchema });
export const getContactsArgs = pageArgs;

export const checkNumberArgs = z.strictObject({
  phone: z
    .string()
    .transform((s) => s.replace(/@(c\.us|s\.whatsapp\.net)$/, '').replace(/[\s()+-]/g, ''))
    .pipe(z.string().regex(/^[1-9]\d{6,14}$/, 'must be an international phone number in digits')),
});
export const numberStatusSchema = z.object({
  numberExists: z.boolean(),
  /** The chat to write to; absent if the number is not on WhatsApp. */
  chatId: z.string().optional(),
});

export const participantSchema = z.object({
  id: z.string(),
  role: z.enum(['participant', 'admin', 'superadmin']),
});
export const groupSchema = z.object({
  id: z.string(),
  subject: z.string(),
  description: z.string().nullable(),
  /** In lists that would be larger than 6 MB: the description was cut. Ask for fewer to have it whole. */
  truncated: z.literal(true).optional(),
  owner: z.string().nullable(),
  /** Seconds since the epoch. */
  createdAt: z.int().nullable(),
  participants: z.array(participantSchema),
});
export type Group = z.infer<typeof groupSchema>;

export const groupIdSchema = z
  .string()
  .max(128)
  .regex(/^[0-9-]+@g\.us$/, 'must be a group id such as 120363012345678901@g.us');
const members = z
  .array(z.object({ id: chatIdSchema }).strict())
  .min(1)
  .max(256);

export const getGroupsArgs = pageArgs;
export const groupArgs = z.strictObject({ id: groupIdSchema });
export const createGroupArgs = z.strictObject({
  name: z.string().trim().min(1).max(100),
  participants: members,
});
export const changeParticipantsArgs = groupArgs.extend({ participants: members });

/** The result for each participant; `code` as WhatsApp's server gives it: 200 done, 403 may only be invited, 404 not on WhatsApp. */
export const participantResultSchema = z.object({ id: z.string(), code: z.int(), message: z.string() });
export const participantResultsSchema = z.object({ participants: z.array(participantResultSchema) });
/** A new group, and the result for each participant. */
export const createdGroupSchema = z.object({
  id: z.string(),
  subject: z.string(),
  participants: z.array(participantResultSchema),
});
