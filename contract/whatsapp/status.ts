/** Status (stories). Shapes as in WAHA's API. */
import * as z from 'zod';
import { fileSchema, messageIdSchema } from './messages.ts';

/** WhatsApp Web shows a Status to the people that the account's privacy settings allow: a list of recipients is ignored. */
const status = z.strictObject({
  id: messageIdSchema.nullish(),
  contacts: z.array(z.string().max(128)).max(10_000).nullish(),
});

export const textStatusArgs = status.extend({
  text: z.string().min(1).max(700),
  backgroundColor: z
    .string()
    .regex(/^#?[0-9a-fA-F]{6}$/, 'must be a color such as #38b42f')
    .default('#38b42f'),
  font: z.int().min(0).max(7).default(0),
  linkPreview: z.boolean().nullish(),
  linkPreviewHighQuality: z.boolean().nullish(),
});
export const imageStatusArgs = status.extend({ file: fileSchema, caption: z.string().max(1024).nullish() });
export const videoStatusArgs = imageStatusArgs.extend({ convert: z.boolean().nullish() });
export const voiceStatusArgs = status.extend({
  file: fileSchema,
  convert: z.boolean().nullish(),
  backgroundColor: z.string().max(20).nullish(),
});
export const deleteStatusArgs = z.strictObject({
  id: messageIdSchema.nullish().describe('Which one; 422 without it.'),
  contacts: z.array(z.string().max(128)).max(10_000).nullish(),
});
