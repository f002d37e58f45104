/** Which file carries out which command. A new command is a row in contract/operations/, and a function here. */
import type { z } from 'zod';
import { COMMANDS, type CommandName, type CommandResult } from '../../contract/worker/commands.ts';
import { getChats, getMessages } from './chats.ts';
import { checkNumber, getContact, getContacts } from './contacts.ts';
import type { CommandContext } from './context.ts';
import { getQr } from './get-qr.ts';
import {
  addParticipants,
  createGroup,
  getGroup,
  getGroups,
  getParticipants,
  removeParticipants,
} from './groups.ts';
import { countLids, findLidByNumber, findNumberByLid, getLids } from './lids.ts';
import { logout } from './logout.ts';
import { confirmPasskey, getPasskeyChallenge, getPasskeyConfirmation, submitPasskey } from './passkey.ts';
import { sendSeen, startTyping, stopTyping } from './presence.ts';
import { requestCode } from './request-code.ts';
import { sendContactVcard } from './send-contacts.ts';
import { sendFile, sendImage, sendVideo, sendVoice } from './send-file.ts';
import { sendLocation } from './send-location.ts';
import { sendPoll } from './send-poll.ts';
import { sendText } from './send-text.ts';
import { setReaction } from './set-reaction.ts';

/** Arguments that don't fit: said before anything was done. */
export class BadArguments extends Error {
  constructor(error: z.ZodError) {
    super(error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`).join('; '));
    this.name = 'BadArguments';
  }
}

type Functions = {
  readonly [N in CommandName]: (
    context: CommandContext,
    args: z.output<(typeof COMMANDS)[N]['args']>,
  ) => Promise<CommandResult<N>>;
};

const FUNCTIONS: Functions = {
  getQr,
  requestCode,
  getPasskeyChallenge,
  submitPasskey,
  getPasskeyConfirmation,
  confirmPasskey,
  sendText,
  sendImage,
  sendFile,
  sendVideo,
  sendVoice,
  sendLocation,
  sendContactVcard,
  sendPoll,
  setReaction,
  sendSeen,
  startTyping,
  stopTyping,
  getChats,
  getMessages,
  checkNumber,
  getContact,
  getContacts,
  getLids,
  countLids,
  findNumberByLid,
  findLidByNumber,
  getGroups,
  getGroup,
  createGroup,
  getParticipants,
  addParticipants,
  removeParticipants,
  logout,
};

type Handlers = {
  readonly [N in CommandName]: (context: CommandContext, json: unknown) => Promise<CommandResult<N>>;
};

const handlerOf = (name: CommandName) => async (context: CommandContext, json: unknown) => {
  const parsed = COMMANDS[name].args.safeParse(json);
  if (!parsed.success) throw new BadArguments(parsed.error);
  // Its own arguments, parsed by its own schema.
  const run = FUNCTIONS[name] as (context: CommandContext, args: unknown) => Promise<unknown>;
  return run(context, parsed.data);
};

/** By command: checks the arguments, then carries it out. Each rejects with `BadArguments` before anything was done. */
export const HANDLERS = Object.fromEntries(
  (Object.keys(COMMANDS) as CommandName[]).map((name) => [name, handlerOf(name)]),
) as Handlers;
