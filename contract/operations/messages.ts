/** Commands that send something or act in a chat. */
import { LARGEST_BODY_BYTES } from '../operation.ts';
import { doneSchema, resultSchema } from '../whatsapp/done.ts';
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
import { commandRows, SEND_PROBLEMS } from './command-rows.ts';

const FILE =
  'The file is given by URL (the session fetches it: http or https on the public Internet, up to three redirects) or as ' +
  'base64 in the request (up to 4 MiB; with `wake=true` 300 KB in all). A larger one is answered 413, one of ' +
  'another kind 415.';

/** The fields that all of them have. */
const ACTS = { tag: 'Messages', waha: true, wakes: true, problems: SEND_PROBLEMS } as const;

const SENDS = {
  ...ACTS,
  method: 'POST',
  result: messageSchema,
  status: 201,
  says: "WhatsApp's server has accepted it.",
} as const;

const SENDS_FILE = {
  ...SENDS,
  maxBodyBytes: LARGEST_BODY_BYTES,
  description: FILE,
  problems: [...SEND_PROBLEMS, 'too_large', 'unsupported_media_type'],
} as const;

const DOES = { ...ACTS, result: doneSchema, says: 'Done.' } as const;

export const MESSAGE_OPERATIONS = commandRows({
  sendText: {
    ...SENDS,
    path: '/api/sendText',
    scope: 'messages:send',
    args: sendTextArgs,
    summary: 'Send a text message',
    client: 'messages.sendText',
  },
  sendImage: {
    ...SENDS_FILE,
    path: '/api/sendImage',
    scope: 'messages:send',
    args: sendImageArgs,
    summary: 'Send a picture',
    client: 'messages.sendImage',
  },
  sendFile: {
    ...SENDS_FILE,
    path: '/api/sendFile',
    scope: 'messages:send',
    args: sendFileArgs,
    summary: 'Send a file as a document',
    client: 'messages.sendFile',
  },
  sendVideo: {
    ...SENDS_FILE,
    path: '/api/sendVideo',
    scope: 'messages:send',
    args: sendVideoArgs,
    summary: 'Send a video',
    client: 'messages.sendVideo',
  },
  sendVoice: {
    ...SENDS_FILE,
    path: '/api/sendVoice',
    scope: 'messages:send',
    args: sendVoiceArgs,
    summary: 'Send a voice message',
    description: `WhatsApp plays Ogg with Opus; nothing is converted. ${FILE}`,
    client: 'messages.sendVoice',
  },
  sendLocation: {
    ...SENDS,
    path: '/api/sendLocation',
    scope: 'messages:send',
    args: sendLocationArgs,
    summary: 'Send a location',
    client: 'messages.sendLocation',
  },
  sendContactVcard: {
    ...SENDS,
    path: '/api/sendContactVcard',
    scope: 'messages:send',
    args: sendContactVcardArgs,
    summary: 'Send contact cards',
    client: 'messages.sendContactVcard',
  },
  sendPoll: {
    ...SENDS,
    path: '/api/sendPoll',
    scope: 'messages:send',
    args: sendPollArgs,
    summary: 'Send a poll',
    description: 'Votes come as events `poll.vote`.',
    client: 'messages.sendPoll',
  },
  setReaction: {
    ...DOES,
    method: 'PUT',
    path: '/api/reaction',
    scope: 'messages:send',
    args: reactionArgs,
    status: 200,
    summary: 'React to a message; an empty reaction removes the earlier one',
    client: 'messages.setReaction',
  },
  sendSeen: {
    ...DOES,
    method: 'POST',
    path: '/api/sendSeen',
    scope: 'messages:send',
    args: sendSeenArgs,
    status: 201,
    summary: 'Mark a chat as read',
    client: 'messages.sendSeen',
  },
  startTyping: {
    ...DOES,
    method: 'POST',
    path: '/api/startTyping',
    scope: 'messages:send',
    args: typingArgs,
    result: resultSchema,
    status: 201,
    summary: 'Show that the account is typing',
    client: 'messages.startTyping',
  },
  stopTyping: {
    ...DOES,
    method: 'POST',
    path: '/api/stopTyping',
    scope: 'messages:send',
    args: typingArgs,
    result: resultSchema,
    status: 201,
    summary: 'Stop showing that the account is typing',
    client: 'messages.stopTyping',
  },
});
