/**
 * Commands that a session's worker carries out: the arguments and results that cross the command server.
 * `POST /v1/commands/<name>`; an `Idempotency-Key` makes the worker keep the answer (success or failure) for 24 h or
 * its life, and a repeat gets that answer; a repeat while the first still runs waits for it.
 *
 * Failure: a JSON body of commandFailureSchema with the status in COMMAND_FAILURES.
 */
import * as z from 'zod';

/** `491701234567@c.us`, `…@g.us`, `…@lid`, `…@newsletter`, `status@broadcast`. WAHA's `@s.whatsapp.net` is accepted. */
export const chatIdSchema = z
  .string()
  .max(128)
  .regex(
    /^[0-9A-Za-z._-]+@(c\.us|g\.us|lid|newsletter|broadcast|s\.whatsapp\.net)$/,
    'must be a chat id such as 491701234567@c.us',
  )
  .transform((id) => id.replace(/@s\.whatsapp\.net$/, '@c.us'));

/** A message as WAHA shows it. `timestamp` in seconds, as WhatsApp has it. */
export const messageSchema = z.object({
  id: z.string(),
  timestamp: z.int(),
  from: z.string(),
  fromMe: z.boolean(),
  to: z.string(),
  participant: z.string().optional(),
  body: z.string(),
  hasMedia: z.boolean(),
  ack: z.int(),
  ackName: z.enum(['ERROR', 'PENDING', 'SERVER', 'DEVICE', 'READ', 'PLAYED']),
  replyTo: z
    .object({ id: z.string(), body: z.string().optional(), participant: z.string().optional() })
    .optional(),
});
export type Message = z.infer<typeof messageSchema>;

export const sendTextArgs = z.strictObject({
  chatId: chatIdSchema,
  text: z.string().min(1).max(65_536),
  reply_to: z.string().max(256).optional(),
  mentions: z.array(chatIdSchema).max(1024).optional(),
  linkPreview: z.boolean().optional(),
});

/** The code as drawn into the QR; `expiresAt` when WhatsApp is expected to replace it (ms). */
export const qrResult = z.object({ value: z.string(), expiresAt: z.int() });
/** Waits up to `waitSeconds` for a code. Wrong status: `wrong_status`. */
export const getQrArgs = z.strictObject({ waitSeconds: z.number().min(0).max(25).default(0) });

export const requestCodeArgs = z.strictObject({
  phoneNumber: z
    .string()
    .transform((s) => s.replace(/[\s()+-]/g, ''))
    .pipe(z.string().regex(/^[1-9]\d{6,14}$/, 'must be an international phone number in digits')),
});

/** Every command by name: what it takes and what it gives. */
export const COMMANDS = {
  getQr: { args: getQrArgs, result: qrResult },
  requestCode: { args: requestCodeArgs, result: z.object({ code: z.string() }) },
  sendText: { args: sendTextArgs, result: messageSchema },
  /** Unlinks at WhatsApp, discards the auth state, then ends the worker for `logged_out`. Answers once accepted. */
  logout: { args: z.strictObject({}), result: z.object({}) },
} as const;
export type CommandName = keyof typeof COMMANDS;
export type CommandArgs<N extends CommandName> = z.input<(typeof COMMANDS)[N]['args']>;
export type CommandResult<N extends CommandName> = z.infer<(typeof COMMANDS)[N]['result']>;

/** HTTP status of each failure of the command server. */
export const COMMAND_FAILURES = {
  bad_arguments: 400,
  unauthorized: 401,
  unknown_command: 404,
  /** The session is not in a status in which this can be done; `status` says which it is in. */
  wrong_status: 422,
  /** WhatsApp or the library said no (unknown chat, refused number …). */
  refused: 422,
  rate_limited: 429,
  client_failed: 502,
  /** Shutting down or fenced. */
  stopping: 503,
  /** The client did not answer in time; for a send, whether it was sent is unknown. */
  timeout: 504,
} as const;
export type CommandFailureCode = keyof typeof COMMAND_FAILURES;
export const commandFailureSchema = z.object({
  code: z.enum(Object.keys(COMMAND_FAILURES) as [CommandFailureCode, ...CommandFailureCode[]]),
  detail: z.string(),
  status: z.string().optional(),
});
export type CommandFailure = z.infer<typeof commandFailureSchema>;
