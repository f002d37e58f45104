/** Commands that act on a message that is there, and messages of rarer kinds. */
import { doneSchema } from '../whatsapp/done.ts';
import {
  forwardMessageArgs,
  getMessageArgs,
  messageWithReactionsSchema,
  pinMessageArgs,
  sendEventArgs,
  sendPollVoteArgs,
  starMessageArgs,
  unpinMessageArgs,
} from '../whatsapp/message-acts.ts';
import {
  deletedMessageSchema,
  deleteMessageArgs,
  editMessageArgs,
  messageSchema,
} from '../whatsapp/messages.ts';
import { commandRows, SEND_PROBLEMS } from './command-rows.ts';

/** The session is in the path. */
const ACTS = { tag: 'Messages', scope: 'messages:send', problems: SEND_PROBLEMS } as const;
const DOES = { ...ACTS, result: doneSchema, says: 'Done.' } as const;
const ONE = '/api/{session}/chats/{chatId}/messages/{messageId}';

export const MESSAGE_ACTS = commandRows({
  getMessage: {
    waha: true,
    method: 'GET',
    path: ONE,
    tag: 'Messages',
    scope: 'messages:read',
    problems: SEND_PROBLEMS,
    args: getMessageArgs,
    result: messageWithReactionsSchema,
    status: 200,
    says: 'As the session has it now.',
    summary: 'One message, with who reacted to it',
    client: 'chats.message',
  },
  editMessage: {
    waha: true,
    ...ACTS,
    method: 'PUT',
    path: ONE,
    args: editMessageArgs,
    result: messageSchema,
    status: 200,
    says: 'The message as it is now.',
    summary: 'Edit the text of a message, or the caption of a file',
    description:
      'Answered once the new text is shown. WhatsApp lets a message of this account be edited for 15 minutes; later, ' +
      "and for other people's messages, 422. Webhooks get `message.edited`.",
    client: 'messages.edit',
  },
  deleteMessage: {
    waha: true,
    ...ACTS,
    method: 'DELETE',
    path: ONE,
    args: deleteMessageArgs,
    result: deletedMessageSchema,
    status: 200,
    says: 'It is deleted.',
    summary: 'Delete a message, for everyone if WhatsApp allows it',
    description:
      'WhatsApp deletes a message of this account for everyone for about two days, and one of another member in a ' +
      'group whose admin the account is. Otherwise it is deleted for this account only; `deletedFor` says which. ' +
      'Webhooks get `message.revoked` if it was for everyone.',
    client: 'messages.delete',
  },
  pinMessage: {
    waha: true,
    ...DOES,
    method: 'POST',
    path: `${ONE}/pin`,
    args: pinMessageArgs,
    status: 201,
    summary: 'Pin a message in its chat',
    client: 'messages.pin',
  },
  unpinMessage: {
    waha: true,
    ...DOES,
    method: 'POST',
    path: `${ONE}/unpin`,
    args: unpinMessageArgs,
    status: 201,
    summary: 'Unpin a message',
    client: 'messages.unpin',
  },
  forwardMessage: {
    waha: true,
    ...ACTS,
    wakes: true,
    method: 'POST',
    path: '/api/forwardMessage',
    args: forwardMessageArgs,
    result: messageSchema,
    status: 201,
    says: "WhatsApp's server has accepted it.",
    summary: 'Forward a message to another chat',
    client: 'messages.forwardMessage',
  },
  starMessage: {
    waha: true,
    ...DOES,
    wakes: true,
    method: 'PUT',
    path: '/api/star',
    args: starMessageArgs,
    status: 200,
    summary: 'Star a message, or take the star away',
    client: 'messages.starMessage',
  },
  sendPollVote: {
    waha: true,
    ...DOES,
    wakes: true,
    method: 'POST',
    path: '/api/sendPollVote',
    args: sendPollVoteArgs,
    status: 201,
    summary: 'Vote in a poll; no option takes the vote back',
    client: 'messages.sendPollVote',
  },
  sendEvent: {
    waha: true,
    ...ACTS,
    method: 'POST',
    path: '/api/{session}/events',
    args: sendEventArgs,
    result: messageSchema,
    status: 201,
    says: "WhatsApp's server has accepted it.",
    summary: 'Send an event: something that takes place at a time',
    client: 'messages.sendEvent',
  },
});
