/**
 * Commands that a session's worker carries out: the arguments and results that cross the command server.
 * `POST /v1/commands/<name>`; an `Idempotency-Key` makes the worker keep the answer (success or failure) for 24 h or
 * its life, and a repeat gets that answer; a repeat while the first still runs waits for it.
 *
 * Failure: a JSON body of commandFailureSchema with the status in COMMAND_FAILURES.
 */
import * as z from 'zod';
import { QR_WAIT_SECONDS } from '../timeouts.ts';
import {
  changeParticipantsArgs,
  chatSchema,
  checkNumberArgs,
  contactSchema,
  createdGroupSchema,
  createGroupArgs,
  getChatsArgs,
  getContactArgs,
  getContactsArgs,
  getGroupsArgs,
  getMessagesArgs,
  groupArgs,
  groupSchema,
  numberStatusSchema,
  participantResultsSchema,
  participantSchema,
} from '../whatsapp/chats.ts';
import {
  countSchema,
  findLidByNumberArgs,
  findNumberByLidArgs,
  getLidsArgs,
  lidToPhoneNumberSchema,
} from '../whatsapp/lids.ts';
import {
  messageSchema,
  reactionArgs,
  sendContactVcardArgs,
  sendFileArgs,
  sendImageArgs,
  sendLocationArgs,
  sendPollArgs,
  sendSeenArgs,
  sendTextArgs,
  sendVideoArgs,
  sendVoiceArgs,
  typingArgs,
} from '../whatsapp/messages.ts';
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
export const pairingCodeResult = z.object({ code: z.string(), expiresAt: z.int() });

export const requestCodeArgs = z.strictObject({
  phoneNumber: z
    .string()
    .transform((s) => s.replace(/[\s()+-]/g, ''))
    .pipe(z.string().regex(/^[1-9]\d{6,14}$/, 'must be an international phone number in digits')),
});

/** Of commands that answer nothing but that it is done. */
export const doneSchema = z.object({});

/** Every command by name: what it takes and what it gives. */
export const COMMANDS = {
  getQr: { args: getQrArgs, result: qrResult },
  requestCode: { args: requestCodeArgs, result: pairingCodeResult },
  getPasskeyChallenge: { args: passkeyWaitArgs, result: passkeyChallengeSchema },
  submitPasskey: { args: passkeyAssertionArgs, result: doneSchema },
  getPasskeyConfirmation: { args: passkeyWaitArgs, result: passkeyConfirmationSchema },
  confirmPasskey: { args: z.strictObject({}), result: doneSchema },

  sendText: { args: sendTextArgs, result: messageSchema },
  sendImage: { args: sendImageArgs, result: messageSchema },
  sendFile: { args: sendFileArgs, result: messageSchema },
  sendVideo: { args: sendVideoArgs, result: messageSchema },
  sendVoice: { args: sendVoiceArgs, result: messageSchema },
  sendLocation: { args: sendLocationArgs, result: messageSchema },
  sendContactVcard: { args: sendContactVcardArgs, result: messageSchema },
  sendPoll: { args: sendPollArgs, result: messageSchema },
  setReaction: { args: reactionArgs, result: doneSchema },
  sendSeen: { args: sendSeenArgs, result: doneSchema },
  startTyping: { args: typingArgs, result: doneSchema },
  stopTyping: { args: typingArgs, result: doneSchema },

  getChats: { args: getChatsArgs, result: z.array(chatSchema) },
  getMessages: { args: getMessagesArgs, result: z.array(messageSchema) },
  checkNumber: { args: checkNumberArgs, result: numberStatusSchema },
  getContact: { args: getContactArgs, result: contactSchema },
  getContacts: { args: getContactsArgs, result: z.array(contactSchema) },
  getLids: { args: getLidsArgs, result: z.array(lidToPhoneNumberSchema) },
  countLids: { args: z.strictObject({}), result: countSchema },
  findNumberByLid: { args: findNumberByLidArgs, result: lidToPhoneNumberSchema },
  findLidByNumber: { args: findLidByNumberArgs, result: lidToPhoneNumberSchema },
  getGroups: { args: getGroupsArgs, result: z.array(groupSchema) },
  getGroup: { args: groupArgs, result: groupSchema },
  createGroup: { args: createGroupArgs, result: createdGroupSchema },
  getParticipants: { args: groupArgs, result: z.array(participantSchema) },
  addParticipants: { args: changeParticipantsArgs, result: participantResultsSchema },
  removeParticipants: { args: changeParticipantsArgs, result: doneSchema },

  /** Unlinks at WhatsApp, discards the auth state, then ends the worker for `logged_out`. Answers once accepted. */
  logout: { args: z.strictObject({}), result: z.object({}) },
} as const;
export type CommandName = keyof typeof COMMANDS;
/** Whether the command sends a message: its result is that message. */
export const answersMessage = (name: CommandName): boolean => COMMANDS[name].result === messageSchema;
export type CommandArgs<N extends CommandName> = z.input<(typeof COMMANDS)[N]['args']>;
export type CommandResult<N extends CommandName> = z.infer<(typeof COMMANDS)[N]['result']>;

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
  /** What was asked for is larger than an answer may be, also with its texts cut: ask for fewer. */
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
