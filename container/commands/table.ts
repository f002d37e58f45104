/** Which file carries out which command. A new command is a row in contract/worker/commands.ts, a file here, and a row below. */
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

const checked =
  <S extends z.ZodType, R>(schema: S, run: (context: CommandContext, args: z.output<S>) => Promise<R>) =>
  async (context: CommandContext, json: unknown): Promise<R> => {
    const parsed = schema.safeParse(json);
    if (!parsed.success) throw new BadArguments(parsed.error);
    return await run(context, parsed.data);
  };

type Handlers = {
  readonly [N in CommandName]: (context: CommandContext, json: unknown) => Promise<CommandResult<N>>;
};

export const HANDLERS: Handlers = {
  getQr: checked(COMMANDS.getQr.args, getQr),
  requestCode: checked(COMMANDS.requestCode.args, requestCode),
  getPasskeyChallenge: checked(COMMANDS.getPasskeyChallenge.args, getPasskeyChallenge),
  submitPasskey: checked(COMMANDS.submitPasskey.args, submitPasskey),
  getPasskeyConfirmation: checked(COMMANDS.getPasskeyConfirmation.args, getPasskeyConfirmation),
  confirmPasskey: checked(COMMANDS.confirmPasskey.args, confirmPasskey),
  sendText: checked(COMMANDS.sendText.args, sendText),
  sendImage: checked(COMMANDS.sendImage.args, sendImage),
  sendFile: checked(COMMANDS.sendFile.args, sendFile),
  sendVideo: checked(COMMANDS.sendVideo.args, sendVideo),
  sendVoice: checked(COMMANDS.sendVoice.args, sendVoice),
  sendLocation: checked(COMMANDS.sendLocation.args, sendLocation),
  sendContactVcard: checked(COMMANDS.sendContactVcard.args, sendContactVcard),
  sendPoll: checked(COMMANDS.sendPoll.args, sendPoll),
  setReaction: checked(COMMANDS.setReaction.args, setReaction),
  sendSeen: checked(COMMANDS.sendSeen.args, sendSeen),
  startTyping: checked(COMMANDS.startTyping.args, startTyping),
  stopTyping: checked(COMMANDS.stopTyping.args, stopTyping),
  getChats: checked(COMMANDS.getChats.args, getChats),
  getMessages: checked(COMMANDS.getMessages.args, getMessages),
  checkNumber: checked(COMMANDS.checkNumber.args, checkNumber),
  getContact: checked(COMMANDS.getContact.args, getContact),
  getContacts: checked(COMMANDS.getContacts.args, getContacts),
  getLids: checked(COMMANDS.getLids.args, getLids),
  countLids: checked(COMMANDS.countLids.args, countLids),
  findNumberByLid: checked(COMMANDS.findNumberByLid.args, findNumberByLid),
  findLidByNumber: checked(COMMANDS.findLidByNumber.args, findLidByNumber),
  getGroups: checked(COMMANDS.getGroups.args, getGroups),
  getGroup: checked(COMMANDS.getGroup.args, getGroup),
  createGroup: checked(COMMANDS.createGroup.args, createGroup),
  getParticipants: checked(COMMANDS.getParticipants.args, getParticipants),
  addParticipants: checked(COMMANDS.addParticipants.args, addParticipants),
  removeParticipants: checked(COMMANDS.removeParticipants.args, removeParticipants),
  logout: checked(COMMANDS.logout.args, logout),
};
