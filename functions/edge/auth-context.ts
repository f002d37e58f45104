import * as z from 'zod';
import { scopeSchema } from '../../contract/scopes.ts';

/** Comma-separated; empty: not restricted. */
const list = z
  .string()
  .default('')
  .transform((text) => (text === '' ? undefined : text.split(',')));

/**
 * The data that the authorizer passes to the handlers. It lets every request through and identifies the caller: API
 * Gateway's own refusals are neither problems (RFC 9457) nor 401 for a wrong key. The handlers' edge refuses.
 */
export const authContextSchema = z.discriminatedUnion('role', [
  z.object({ role: z.literal('none') }),
  /** The database did not say whose key it is: to be asked again, no refusal. */
  z.object({ role: z.literal('unknown') }),
  /** A sign-in's cookie on a request that may change something and does not say that it comes from the dashboard. */
  z.object({ role: z.literal('unmarked') }),
  z.object({
    role: z.enum(['admin', 'user']),
    userId: z.string(),
    keyId: z.string(),
    /** How the request said so: by the key, or by a sign-in that was made with it. */
    via: z.enum(['key', 'cookie']),
    /** Names; all without them. */
    sessions: list,
    scopes: list.pipe(z.array(scopeSchema).optional()),
    /** Requests a minute, if this one came too early. */
    rateLimit: z.coerce.number().int().optional(),
    retryAfterSeconds: z.coerce.number().int().optional(),
  }),
]);
export type AuthContext = z.infer<typeof authContextSchema>;
