import * as z from 'zod';

/**
 * What the authorizer hands to the handlers. It lets every request through and says who it is: API Gateway's own
 * refusals are neither problems (RFC 9457) nor 401 for a wrong key. The handlers' edge refuses.
 */
export const authContextSchema = z.discriminatedUnion('role', [
  z.object({ role: z.literal('none') }),
  /** The database did not say whose key it is: to be asked again, no refusal. */
  z.object({ role: z.literal('unknown') }),
  z.object({
    role: z.enum(['admin', 'user']),
    userId: z.string(),
    /** Comma-separated names; empty: all. */
    sessions: z
      .string()
      .default('')
      .transform((names) => (names === '' ? undefined : names.split(','))),
  }),
]);
export type AuthContext = z.infer<typeof authContextSchema>;
