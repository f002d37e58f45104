/** Names of sessions and users. */
import * as z from 'zod';

/** A session's name is unique within its owner and safe in a path. */
export const sessionNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, "_" or "-"');

export const userIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}$/, 'must be 1 to 64 letters, digits, "_", ".", "@" or "-"');
