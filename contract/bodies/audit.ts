import * as z from 'zod';
import { userIdSchema } from '../names.ts';

/** One administrative act. */
export const auditEntrySchema = z.object({
  id: z.string(),
  at: z.iso.datetime(),
  action: z.string().describe("The operation's id, such as `createKey`."),
  who: z.object({
    userId: z.string(),
    keyId: z.string(),
    via: z.enum(['key', 'cookie']).describe('By the key itself, or by a sign-in to the dashboard with it.'),
  }),
  from: z.object({ ip: z.string(), userAgent: z.string().nullable() }),
  requestId: z.string(),
  details: z
    .record(z.string(), z.unknown())
    .describe("The request's parameters, query and body; `omittedChars` in place of long ones."),
  outcome: z
    .enum(['started', 'done', 'failed'])
    .describe(
      'started: how it ended is not known; it may have happened. failed: nothing happened, or not all.',
    ),
  status: z.int().optional().describe('Of the response.'),
});
export type AuditEntry = z.infer<typeof auditEntrySchema>;

export const auditQuerySchema = z.strictObject({
  userId: userIdSchema.optional().describe('Acts of this user only.'),
  action: z.string().max(64).optional().describe('Acts of this operation only.'),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(2048).optional(),
});
