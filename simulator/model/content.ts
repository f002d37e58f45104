/** The content of a message other than its text, as WhatsApp keeps it. */
import * as z from 'zod';

/** A file at WhatsApp's servers. `sha256` of its bytes, base64, as WhatsApp writes it. */
const fileSchema = z.object({
  mimetype: z.string().max(256),
  filename: z.string().max(255).optional(),
  size: z.int(),
  sha256: z.string().max(64),
  directPath: z.string().max(300),
});
export type FileContent = z.infer<typeof fileSchema>;

/** The body of a file is its caption, of a place its name, of a poll its question, of a card the vCard. */
export const contentSchema = z.object({
  file: fileSchema.optional(),
  location: z.object({ lat: z.number(), lng: z.number(), url: z.string().max(2048).optional() }).optional(),
  poll: z.object({ options: z.array(z.string().max(200)).max(20), multiple: z.boolean() }).optional(),
  /** Something that takes place; `body` is its name. Times in seconds since the epoch. */
  event: z
    .object({
      start: z.int(),
      end: z.int().optional(),
      description: z.string().max(2000).optional(),
      location: z.string().max(1024).optional(),
    })
    .optional(),
  cards: z
    .array(z.object({ name: z.string().max(256), vcard: z.string().max(65_536) }))
    .max(257)
    .optional(),
});
export type Content = z.infer<typeof contentSchema>;
