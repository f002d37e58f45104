/** People beside what `chats.ts` shows of them; the account's own profile, presence and calls. Shapes as in WAHA's API. */
import * as z from 'zod';
import { chatIdSchema, fileSchema, numberIdSchema } from './messages.ts';

export const contactAboutArgs = z.strictObject({ contactId: chatIdSchema });
export const contactAboutSchema = z.object({
  about: z.string().nullable().describe('null: there is none, or none that this account may see.'),
});
export const contactPictureArgs = contactAboutArgs.extend({
  refresh: z.stringbool().or(z.boolean()).default(false),
});
export const contactPictureSchema = z.object({ profilePictureURL: z.string().nullable() });
export const blockContactArgs = contactAboutArgs;

export const contactByIdArgs = z.strictObject({ id: chatIdSchema });
export const saveContactArgs = z.strictObject({
  chatId: chatIdSchema,
  firstName: z.string().trim().min(1).max(100),
  lastName: z.string().trim().max(100).nullish(),
});

/** Of an act that answers that it is done. */
export const successSchema = z.object({ success: z.literal(true) });

export const profileSchema = z.object({
  id: z.string(),
  name: z.string().nullable(),
  picture: z.string().nullable(),
});
/** WhatsApp's own limits. */
export const profileNameArgs = z.strictObject({ name: z.string().trim().min(1).max(25) });
export const profileStatusArgs = z.strictObject({ status: z.string().max(139) });
export const profilePictureArgs = z.strictObject({ file: fileSchema });

export const setPresenceArgs = z.strictObject({
  presence: z.enum(['online', 'offline', 'typing', 'recording', 'paused']),
  /** Needed for `typing`, `recording` and `paused`. */
  chatId: chatIdSchema.nullish(),
});

const presenceSchema = z.enum(['offline', 'online', 'typing', 'recording', 'paused']);
export const chatPresenceArgs = z.strictObject({ chatId: chatIdSchema });
/** Who is online or types in a chat, as far as WhatsApp has reported it. */
export const chatPresencesSchema = z.object({
  id: z.string().describe('The chat.'),
  idPn: numberIdSchema,
  presences: z.array(
    z.object({
      participant: z.string(),
      participantPn: numberIdSchema,
      lastSeen: z
        .int()
        .optional()
        .describe('Seconds since the epoch; absent if WhatsApp does not report it.'),
      lastKnownPresence: presenceSchema,
    }),
  ),
});
export type ChatPresences = z.infer<typeof chatPresencesSchema>;

export const rejectCallArgs = z.strictObject({
  from: chatIdSchema,
  id: z.string().min(1).max(128),
});

export const screenshotSchema = z.object({ mimetype: z.literal('image/png'), data: z.base64() });
