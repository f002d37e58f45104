/** Commands that act on whole chats, and overviews of them. */
import * as z from 'zod';
import {
  chatOverviewSchema,
  chatPictureArgs,
  findChatsOverviewArgs,
  getChatsOverviewArgs,
  oneChatArgs,
  pictureSchema,
  readChatArgs,
  readChatSchema,
} from '../whatsapp/chat-acts.ts';
import { doneSchema } from '../whatsapp/done.ts';
import { commandRows } from './command-rows.ts';

const OF_CHATS = {
  tag: 'Chats',
  problems: ['not_found', 'unprocessable', 'worker_failed', 'worker_timeout'],
} as const;
const READS = {
  ...OF_CHATS,
  scope: 'messages:read',
  status: 200,
  says: 'As the session has it now.',
} as const;
const DOES = { ...OF_CHATS, scope: 'messages:send', result: doneSchema, says: 'Done.' } as const;
const CHAT = '/api/{session}/chats/{chatId}';

export const CHAT_ACTS = commandRows({
  getChatsOverview: {
    waha: true,
    ...READS,
    method: 'GET',
    path: '/api/{session}/chats/overview',
    args: getChatsOverviewArgs,
    result: z.array(chatOverviewSchema),
    summary: 'Chats with name, picture and last message',
    client: 'chats.overview',
  },
  findChatsOverview: {
    waha: true,
    ...READS,
    method: 'POST',
    path: '/api/{session}/chats/overview',
    args: findChatsOverviewArgs,
    result: z.array(chatOverviewSchema),
    status: 201,
    summary: 'The same, for more ids than a query takes',
    client: 'chats.findOverview',
  },
  getChatPicture: {
    waha: true,
    ...READS,
    method: 'GET',
    path: `${CHAT}/picture`,
    args: chatPictureArgs,
    result: pictureSchema,
    summary: "A chat's picture",
    client: 'chats.picture',
  },
  readChat: {
    waha: true,
    ...DOES,
    method: 'POST',
    path: `${CHAT}/messages/read`,
    args: readChatArgs,
    result: readChatSchema,
    status: 201,
    summary: 'Mark a chat as read',
    description:
      'The whole chat: WhatsApp Web knows no seen single message. `messages` and `days` change nothing.',
    client: 'chats.read',
  },
  markChatUnread: {
    waha: true,
    ...DOES,
    method: 'POST',
    path: `${CHAT}/unread`,
    args: oneChatArgs,
    status: 201,
    summary: 'Mark a chat as unread',
    client: 'chats.unread',
  },
  archiveChat: {
    waha: true,
    ...DOES,
    method: 'POST',
    path: `${CHAT}/archive`,
    args: oneChatArgs,
    status: 201,
    summary: 'Archive a chat',
    client: 'chats.archive',
  },
  unarchiveChat: {
    waha: true,
    ...DOES,
    method: 'POST',
    path: `${CHAT}/unarchive`,
    args: oneChatArgs,
    status: 201,
    summary: 'Take a chat out of the archive',
    client: 'chats.unarchive',
  },
  clearChat: {
    waha: true,
    ...DOES,
    method: 'DELETE',
    path: `${CHAT}/messages`,
    args: oneChatArgs,
    status: 200,
    summary: 'Delete all messages of a chat, for this account only',
    client: 'chats.clear',
  },
  deleteChat: {
    waha: true,
    ...DOES,
    method: 'DELETE',
    path: CHAT,
    args: oneChatArgs,
    status: 200,
    summary: 'Delete a chat, for this account only',
    description: 'A group has to be left first.',
    client: 'chats.delete',
  },
});
