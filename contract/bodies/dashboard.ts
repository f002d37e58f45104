/** Requests of the dashboard only. */
import * as z from 'zod';
import { scopeSchema } from '../scopes.ts';
import { roleSchema } from './admin.ts';

export const signInRequestSchema = z.strictObject({ key: z.string().min(1).max(256) });

/** The identity of a caller. */
export const callerViewSchema = z.object({
  userId: z.string(),
  role: roleSchema,
  /** null: all that the role allows. */
  scopes: z.array(scopeSchema).nullable(),
  /** null: all of the user's. */
  sessions: z.array(z.string()).nullable(),
  /** The API key, without its secret. */
  key: z.object({ id: z.string(), label: z.string().nullable(), expiresAt: z.iso.datetime().nullable() }),
  /** How the request said so: by the key itself, or by a sign-in's cookie. */
  via: z.enum(['key', 'cookie']),
  environment: z.string(),
  /** Which WhatsApp the workers meet, in local mode: `live` or `simulator`. */
  whatsapp: z.string().optional(),
});
export type CallerView = z.infer<typeof callerViewSchema>;

/** How far back the dashboard's history can be asked for. */
const HISTORY_MAX_HOURS = 48;

export const historyQuerySchema = z.strictObject({
  hours: z.coerce.number().min(1).max(HISTORY_MAX_HOURS).default(6).describe('How far to look back.'),
});

/** Oldest first. Each point is about the time since the one before it; of the first, since its own stretch began. */
export const historyViewSchema = z.object({
  points: z.array(
    z.object({
      at: z.iso.datetime(),
      /** Slots held, at most. */
      active: z.int(),
      /** As it stood at the end. */
      limit: z.int(),
      admitted: z.int(),
      refused: z.int(),
      reaped: z.int(),
    }),
  ),
});
export type HistoryView = z.infer<typeof historyViewSchema>;
