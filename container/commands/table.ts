/** Which file carries out which command. A new command is a row in contract/operations/, and a function here. */
import type * as z from 'zod';
import { COMMANDS, type CommandName, type CommandResult } from '../../contract/worker/commands.ts';
import { checkNumberStatus, listMessages, reply, sendLinkPreview, sendTextByQuery } from './aliases.ts';
import {
  createChannel,
  deleteChannel,
  findChannelsByText,
  findChannelsByView,
  followChannel,
  getChannel,
  getChannels,
  muteChannel,
  previewChannel,
  unfollowChannel,
  unmuteChannel,
} from './channels.ts';
import {
  archiveChat,
  clearChat,
  deleteChat,
  findChatsOverview,
  getChatPicture,
  getChatsOverview,
  markChatUnread,
  readChat,
  unarchiveChat,
} from './chat-acts.ts';
import { getChats, getMessages } from './chats.ts';
import { checkNumber, getContact, getContacts } from './contacts.ts';
import type { CommandContext } from './context.ts';
import { deleteMessage } from './delete-message.ts';
import { editMessage } from './edit-message.ts';
import { getQr } from './get-qr.ts';
import {
  countGroups,
  deleteGroup,
  deleteGroupPicture,
  demoteParticipants,
  getGroupPicture,
  getInfoAdminsOnly,
  getInviteCode,
  getInviteInfo,
  getMessagesAdminsOnly,
  getParticipantsV2,
  joinGroup,
  leaveGroup,
  promoteParticipants,
  refreshGroups,
  revokeInviteCode,
  setGroupDescription,
  setGroupPicture,
  setGroupSubject,
  setInfoAdminsOnly,
  setMessagesAdminsOnly,
} from './group-acts.ts';
import {
  addParticipants,
  createGroup,
  getGroup,
  getGroups,
  getParticipants,
  removeParticipants,
} from './groups.ts';
import { getChatLabels, getLabelChats, getLabels, setChatLabels } from './labels.ts';
import { countLids, findLidByNumber, findNumberByLid, getLids } from './lids.ts';
import { logout } from './logout.ts';
import {
  forwardMessage,
  getMessage,
  pinMessage,
  sendPollVote,
  starMessage,
  unpinMessage,
} from './message-acts.ts';
import { confirmPasskey, getPasskeyChallenge, getPasskeyConfirmation, submitPasskey } from './passkey.ts';
import {
  blockContact,
  deleteProfilePicture,
  getContactAbout,
  getContactById,
  getContactPicture,
  getProfile,
  getScreenshot,
  rejectCall,
  saveContact,
  setPresence,
  setProfileName,
  setProfilePicture,
  setProfileStatus,
  unblockContact,
} from './people.ts';
import {
  getPresence,
  getPresences,
  sendSeen,
  startTyping,
  stopTyping,
  subscribePresence,
} from './presence.ts';
import { requestCode } from './request-code.ts';
import { sendContactVcard } from './send-contacts.ts';
import { sendEvent } from './send-event.ts';
import { sendFile, sendImage, sendVideo, sendVoice } from './send-file.ts';
import { sendLocation } from './send-location.ts';
import { sendPoll } from './send-poll.ts';
import { sendText } from './send-text.ts';
import { setReaction } from './set-reaction.ts';
import { deleteStatus, sendImageStatus, sendTextStatus, sendVideoStatus, sendVoiceStatus } from './status.ts';

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
  getMessage,
  editMessage,
  deleteMessage,
  pinMessage,
  unpinMessage,
  forwardMessage,
  starMessage,
  sendPollVote,
  sendEvent,
  getChatsOverview,
  findChatsOverview,
  getChatPicture,
  readChat,
  markChatUnread,
  archiveChat,
  unarchiveChat,
  clearChat,
  deleteChat,
  getContactAbout,
  getContactPicture,
  blockContact,
  unblockContact,
  getContactById,
  saveContact,
  getProfile,
  setProfileName,
  setProfileStatus,
  setProfilePicture,
  deleteProfilePicture,
  setPresence,
  getPresences,
  getPresence,
  subscribePresence,
  rejectCall,
  getScreenshot,
  countGroups,
  refreshGroups,
  getInviteInfo,
  joinGroup,
  deleteGroup,
  leaveGroup,
  getGroupPicture,
  setGroupPicture,
  deleteGroupPicture,
  setGroupSubject,
  setGroupDescription,
  getInfoAdminsOnly,
  setInfoAdminsOnly,
  getMessagesAdminsOnly,
  setMessagesAdminsOnly,
  getInviteCode,
  revokeInviteCode,
  getParticipantsV2,
  promoteParticipants,
  demoteParticipants,
  getLabels,
  getChatLabels,
  setChatLabels,
  getLabelChats,
  sendTextStatus,
  sendImageStatus,
  sendVoiceStatus,
  sendVideoStatus,
  deleteStatus,
  getChannels,
  createChannel,
  getChannel,
  deleteChannel,
  previewChannel,
  followChannel,
  unfollowChannel,
  muteChannel,
  unmuteChannel,
  findChannelsByView,
  findChannelsByText,
  sendTextByQuery,
  reply,
  sendLinkPreview,
  listMessages,
  checkNumberStatus,
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
