import * as z from 'zod';
import { userIdSchema } from '../names.ts';

/** The erasure of one deleted session, or of everything of one user. */
export const erasureViewSchema = z.object({
  kind: z.enum(['session', 'user']),
  userId: z.string(),
  session: z.string().nullable().describe('Name of the deleted session; null for a user.'),
  sessionId: z.string().nullable(),
  state: z
    .enum(['waiting', 'erasing', 'erased'])
    .describe(
      'waiting: not begun. erasing: what there was is erased, and a last pass takes what was under way then. ' +
        'erased: finished.',
    ),
  requestedAt: z.iso.datetime(),
  erasedAt: z.iso.datetime().nullable().describe('When it was finished.'),
  items: z.int().describe('Items of the database erased so far.'),
  objects: z.int().describe('Versions of objects erased so far.'),
  keys: z.int().describe('API keys revoked so far; for a user.'),
  sessionsLeft: z
    .int()
    .nullable()
    .describe('Of a user: sessions that still exist or are being erased, as the last sweep saw it.'),
});
export type ErasureView = z.infer<typeof erasureViewSchema>;

export const eraseUserRequestSchema = z.strictObject({
  userId: userIdSchema.describe('The user whose sessions, accounts, files, events and keys are erased.'),
});
