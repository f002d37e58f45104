/** Operations that are commands to a session's worker: each is named as its command (contract/worker/commands.ts). */
import type * as z from 'zod';
import {
  acceptedCommandSchema,
  commandQuerySchema,
  inSession,
  sendTextRequestSchema,
} from '../bodies/commands.ts';
import { LARGEST_BODY_BYTES, type Operation, operation } from '../operation.ts';
import { messageSchema } from '../whatsapp/messages.ts';
import { COMMANDS, doneSchema } from '../worker/commands.ts';

const PROBLEMS = [
  'not_found',
  'conflict',
  'unprocessable',
  'too_many',
  'worker_failed',
  'worker_timeout',
] as const;
const ACCEPTED = {
  description: 'With `wake=true`: the session is being started, and it is done once that works.',
  body: acceptedCommandSchema,
};
const FILE =
  'The file comes by URL (the session fetches it: http or https on the public Internet, up to three redirects) or as ' +
  'base64 in the request (up to 4 MiB; with `wake=true` 300 KB in all). A larger one is answered 413, one of ' +
  'another kind 415.';

/** What every one of them has in common. */
const command = {
  handler: 'commands',
  auth: 'key',
  tag: 'Messages',
  query: commandQuerySchema,
  idempotencyKey: true,
  problems: PROBLEMS,
} as const;

export const sendText = operation({
  ...command,
  id: 'sendText',
  method: 'POST',
  path: '/api/sendText',
  summary: 'Send a text message',
  body: sendTextRequestSchema,
  answers: {
    201: { description: "WhatsApp's server has accepted it.", body: messageSchema },
    202: { ...ACCEPTED, description: 'With `wake=true`: the session is being started, and it is sent then.' },
  },
});

const sends = (id: string, args: z.ZodObject, summary: string, description?: string): Operation => ({
  ...command,
  id,
  method: 'POST',
  path: `/api/${id}`,
  summary,
  ...(description === undefined ? {} : { description }),
  body: inSession(args),
  answers: {
    201: { description: "WhatsApp's server has accepted it.", body: messageSchema },
    202: ACCEPTED,
  },
});

const sendsFile = (id: string, args: z.ZodObject, summary: string, description = FILE): Operation => ({
  ...sends(id, args, summary, description),
  maxBodyBytes: LARGEST_BODY_BYTES,
  problems: [...PROBLEMS, 'too_large', 'unsupported_media_type'],
});

const does = (
  id: string,
  args: z.ZodObject,
  summary: string,
  at: { method: Operation['method']; path: string; status: 200 | 201 },
): Operation => ({
  ...command,
  id,
  method: at.method,
  path: at.path,
  summary,
  body: inSession(args),
  answers: { [at.status]: { description: 'Done.', body: doneSchema }, 202: ACCEPTED },
});

const { sendImage, sendFile, sendVideo, sendVoice, sendLocation, sendContactVcard, sendPoll } = COMMANDS;
const { setReaction, sendSeen, startTyping, stopTyping } = COMMANDS;

/** All but `sendText`. */
export const MESSAGE_OPERATIONS: readonly Operation[] = [
  sendsFile('sendImage', sendImage.args, 'Send a picture'),
  sendsFile('sendFile', sendFile.args, 'Send a file as a document'),
  sendsFile('sendVideo', sendVideo.args, 'Send a video'),
  sendsFile(
    'sendVoice',
    sendVoice.args,
    'Send a voice message',
    `WhatsApp plays Ogg with Opus; nothing is converted. ${FILE}`,
  ),
  sends('sendLocation', sendLocation.args, 'Send a location'),
  sends('sendContactVcard', sendContactVcard.args, 'Send contact cards'),
  sends('sendPoll', sendPoll.args, 'Send a poll', 'Votes come as events `poll.vote`.'),
  does('setReaction', setReaction.args, 'React to a message; an empty reaction takes the earlier one away', {
    method: 'PUT',
    path: '/api/reaction',
    status: 200,
  }),
  does('sendSeen', sendSeen.args, 'Mark a chat as read', {
    method: 'POST',
    path: '/api/sendSeen',
    status: 201,
  }),
  does('startTyping', startTyping.args, 'Show that somebody is typing', {
    method: 'POST',
    path: '/api/startTyping',
    status: 201,
  }),
  does('stopTyping', stopTyping.args, 'Show that nobody is typing any more', {
    method: 'POST',
    path: '/api/stopTyping',
    status: 201,
  }),
];
