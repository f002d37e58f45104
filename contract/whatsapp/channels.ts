/** Channels (newsletters). Shapes as in WAHA's API. */
import * as z from 'zod';
import { fileSchema, messageSchema } from './messages.ts';

export const channelSchema = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  invite: z.string().nullable(),
  picture: z.string().nullable(),
  role: z.enum(['OWNER', 'ADMIN', 'SUBSCRIBER', 'GUEST']),
  verified: z.boolean(),
  subscribersCount: z.int(),
});
export type Channel = z.infer<typeof channelSchema>;

export const getChannelsArgs = z.strictObject({ role: z.enum(['OWNER', 'ADMIN', 'SUBSCRIBER']).optional() });
export const createChannelArgs = z.strictObject({
  name: z.string().trim().min(1).max(100),
  description: z.string().max(2048).nullish(),
  picture: fileSchema.nullish(),
});
/** `…@newsletter`, or the code of an invitation. */
const channelId = z
  .string()
  .transform((text) => text.replace(/^https?:\/\/(www\.)?whatsapp\.com\/channel\//, ''))
  .pipe(
    z
      .string()
      .regex(/^(\d+@newsletter|[\w-]{8,64})$/, 'must be a channel id such as 120363012345678901@newsletter'),
  );
export const channelArgs = z.strictObject({ id: channelId });

export const previewChannelArgs = channelArgs.extend({
  limit: z.coerce.number().int().min(1).max(100).default(10),
  downloadMedia: z.stringbool().or(z.boolean()).default(false),
});
export const channelMessageSchema = z.object({
  message: messageSchema,
  reactions: z.record(z.string(), z.int()),
  viewCount: z.int(),
});

export const CHANNEL_VIEWS = ['RECOMMENDED', 'TRENDING', 'POPULAR', 'NEW'] as const;
const search = z.strictObject({
  categories: z.array(z.string().max(50)).max(50).nullish(),
  limit: z.int().min(0).max(100).default(50),
  startCursor: z.string().max(500).nullish(),
});
export const channelsByViewArgs = search.extend({
  view: z.enum(CHANNEL_VIEWS).default('RECOMMENDED'),
  countries: z
    .array(z.string().regex(/^[A-Za-z]{2}$/))
    .max(50)
    .nullish(),
});
export const channelsByTextArgs = search.extend({ text: z.string().trim().min(1).max(200) });
export const channelListSchema = z.object({
  page: z.object({
    startCursor: z.string().nullable(),
    endCursor: z.string().nullable(),
    hasNextPage: z.boolean(),
    hasPreviousPage: z.boolean(),
  }),
  channels: z.array(channelSchema),
});
