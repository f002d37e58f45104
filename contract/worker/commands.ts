/**
 * Commands that a session's worker carries out: the arguments and results that cross the command server.
 * `POST /v1/commands/<name>`; an `Idempotency-Key` makes the worker keep the answer (success or failure) for 24 h or
 * its life, and a repeat gets that answer; a repeat while the first still runs waits for it.
 *
 * Failure: a JSON body of commandFailureSchema with the status in COMMAND_FAILURES (command-failures.ts).
 */
import * as z from 'zod';
import { ALIAS_OPERATIONS } from '../operations/aliases.ts';
import { CHANNEL_OPERATIONS } from '../operations/channels.ts';
import { CHAT_ACTS } from '../operations/chat-acts.ts';
import { CHAT_OPERATIONS } from '../operations/chats.ts';
import { GROUP_ACTS } from '../operations/group-acts.ts';
import { LABEL_OPERATIONS } from '../operations/labels.ts';
import { MESSAGE_ACTS } from '../operations/message-acts.ts';
import { MESSAGE_OPERATIONS } from '../operations/messages.ts';
import { PEOPLE_OPERATIONS } from '../operations/people.ts';
import { STATUS_OPERATIONS } from '../operations/status.ts';
import { QR_WAIT_SECONDS } from '../timeouts.ts';
import { doneSchema } from '../whatsapp/done.ts';
import { messageSchema } from '../whatsapp/messages.ts';
import {
  passkeyAssertionArgs,
  passkeyChallengeSchema,
  passkeyConfirmationSchema,
  passkeyWaitArgs,
} from '../whatsapp/passkey.ts';

/** The code as drawn into the QR; `expiresAt` when WhatsApp is expected to replace it (ms). */
export const qrResult = z.object({ value: z.string(), expiresAt: z.int() });
/** Waits up to `waitSeconds` for a code. Wrong status: `wrong_status`. */
export const getQrArgs = z.strictObject({ waitSeconds: z.number().min(0).max(QR_WAIT_SECONDS).default(0) });

/** `expiresAt` when WhatsApp is expected to replace it (ms). */
const pairingCodeResult = z.object({ code: z.string(), expiresAt: z.int() });

export const requestCodeArgs = z.strictObject({
  phoneNumber: z
    .string()
    .transform((s) => s.replace(/[\s()+-]/g, ''))
    .pipe(z.string().regex(/^[1-9]\d{6,14}$/, 'must be an international phone number in digits')),
});

/** Commands of other operations, whose requests and responses are not those of the command. */
const OTHER_COMMANDS = {
  getQr: { args: getQrArgs, result: qrResult },
  requestCode: { args: requestCodeArgs, result: pairingCodeResult },
  getPasskeyChallenge: { args: passkeyWaitArgs, result: passkeyChallengeSchema },
  submitPasskey: { args: passkeyAssertionArgs, result: doneSchema },
  getPasskeyConfirmation: { args: passkeyWaitArgs, result: passkeyConfirmationSchema },
  confirmPasskey: { args: z.strictObject({}), result: doneSchema },
  /** Unlinks at WhatsApp, discards the auth state, then ends the worker for `logged_out`. Answers once accepted. */
  logout: { args: z.strictObject({}), result: z.object({}) },
} as const;

/** Every operation that is a command, by the command's name. */
export const COMMAND_OPERATIONS = {
  ...MESSAGE_OPERATIONS,
  ...MESSAGE_ACTS,
  ...STATUS_OPERATIONS,
  ...CHAT_OPERATIONS,
  ...CHAT_ACTS,
  ...PEOPLE_OPERATIONS,
  ...GROUP_ACTS,
  ...LABEL_OPERATIONS,
  ...CHANNEL_OPERATIONS,
  ...ALIAS_OPERATIONS,
};

type Operations = typeof COMMAND_OPERATIONS;
type Commands = typeof OTHER_COMMANDS & { readonly [Id in keyof Operations]: Operations[Id]['command'] };

/** Every command by name: what it takes and what it gives. */
export const COMMANDS = {
  ...OTHER_COMMANDS,
  ...Object.fromEntries(Object.entries(COMMAND_OPERATIONS).map(([id, { command }]) => [id, command])),
  // Each operation's own command, under its own name.
} as unknown as Commands;
export type CommandName = keyof Commands;
/** Whether the command sends a message: its result is that message. */
export const answersMessage = (name: CommandName): boolean => COMMANDS[name].result === messageSchema;
export type CommandArgs<N extends CommandName> = z.input<Commands[N]['args']>;
export type CommandResult<N extends CommandName> = z.infer<Commands[N]['result']>;
