/** Actions on a group, except adding members. Shapes as in WAHA's API. */
import * as z from 'zod';
import { changeParticipantsArgs, groupArgs, participantSchema } from './chats.ts';
import { fileSchema } from './messages.ts';

export const groupSubjectArgs = groupArgs.extend({ subject: z.string().trim().min(1).max(100) });
export const groupDescriptionArgs = groupArgs.extend({ description: z.string().max(2048) });
export const groupPictureArgs = groupArgs.extend({ file: fileSchema });
export const groupPictureUrlArgs = groupArgs.extend({
  refresh: z.stringbool().or(z.boolean()).default(false),
});
export const groupAdminsArgs = changeParticipantsArgs;

export const adminsOnlySchema = z.object({ adminsOnly: z.boolean() });
export const setAdminsOnlyArgs = groupArgs.extend({ adminsOnly: z.boolean() });

/** A code, or the whole link. */
const inviteCode = z
  .string()
  .transform((text) => text.trim().replace(/^https?:\/\/chat\.whatsapp\.com\/(invite\/)?/, ''))
  .pipe(z.string().regex(/^[\w-]{8,50}$/, 'must be an invite code, or its link'));
export const inviteArgs = z.strictObject({ code: inviteCode });
export const inviteInfoSchema = z.object({
  id: z.string(),
  subject: z.string().nullable(),
  description: z.string().nullable(),
  owner: z.string().nullable(),
  createdAt: z.int().nullable(),
  size: z.int().nullable(),
});
export const joinedGroupSchema = z.object({ id: z.string() });

/** A member; `pn` if `id` is a hidden one and WhatsApp reveals the number. */
export const participantV2Schema = participantSchema.extend({ pn: z.string().optional() });
