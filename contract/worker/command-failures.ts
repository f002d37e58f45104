/** How commands fail at the worker's command server. */
import * as z from 'zod';

/** HTTP status of each failure of the command server. */
export const COMMAND_FAILURES = {
  bad_arguments: 400,
  unauthorized: 401,
  unknown_command: 404,
  /** No such message, contact or group. */
  not_found: 404,
  /** A file is larger than may be sent. */
  too_large: 413,
  /** A file is not of the kind that the command sends. */
  unsupported_media: 415,
  /** The session is not in a status in which this can be done; `status` says which it is in. */
  wrong_status: 422,
  /** WhatsApp or the library said no (unknown chat, refused number …): nothing was done. */
  refused: 422,
  /** The requested data is larger than an answer may be, even with its texts cut: request less. */
  answer_too_large: 422,
  /** An assertion for another challenge than any of this session's. */
  challenge_unknown: 422,
  /** An assertion for a challenge that was answered before. */
  challenge_answered: 409,
  /** An assertion for an earlier challenge, which WhatsApp takes no answer for any more. */
  challenge_expired: 410,
  /** An assertion for the right challenge that WhatsApp would refuse; nothing was given to it. */
  assertion_invalid: 422,
  rate_limited: 429,
  /** The worker failed before it handed anything to the page. */
  client_failed: 502,
  /** Shutting down or fenced; nothing was done. */
  stopping: 503,
  /** It was not handed to the page: nothing was done. */
  unavailable: 503,
  /** There is no QR code yet. */
  timeout: 504,
  /** It was handed to the page and nothing clear came back: it may have been done, or may still be. */
  unknown: 504,
} as const;
export type CommandFailureCode = keyof typeof COMMAND_FAILURES;
export const commandFailureSchema = z.object({
  code: z.enum(Object.keys(COMMAND_FAILURES) as [CommandFailureCode, ...CommandFailureCode[]]),
  detail: z.string(),
  status: z.string().optional(),
});
export type CommandFailure = z.infer<typeof commandFailureSchema>;
