/** Commands at paths that WAHA has given up: each is carried out as its successor. */
import * as z from 'zod';
import {
  listMessagesArgs,
  replyArgs,
  sendLinkPreviewArgs,
  sendTextByQueryArgs,
} from '../whatsapp/aliases.ts';
import { checkNumberArgs, numberStatusSchema } from '../whatsapp/chats.ts';
import { messageSchema } from '../whatsapp/messages.ts';
import { COMMAND_PROBLEMS, commandRows } from './command-rows.ts';

const SENDS = {
  tag: 'Messages',
  scope: 'messages:send',
  problems: COMMAND_PROBLEMS,
  result: messageSchema,
  says: "WhatsApp's server has accepted it.",
} as const;
const READS = {
  tag: 'Chats',
  method: 'GET',
  scope: 'messages:read',
  problems: COMMAND_PROBLEMS,
  status: 200,
  says: 'As the session has it now.',
} as const;

export const ALIAS_OPERATIONS = commandRows({
  sendTextByQuery: {
    waha: true,
    ...SENDS,
    method: 'GET',
    path: '/api/sendText',
    args: sendTextByQueryArgs,
    status: 200,
    summary: 'Deprecated: POST /api/sendText',
    description: 'A GET that sends: a proxy or a browser may repeat it. Use its successor.',
  },
  reply: {
    waha: true,
    ...SENDS,
    method: 'POST',
    path: '/api/reply',
    args: replyArgs,
    status: 201,
    summary: 'Deprecated: POST /api/sendText with reply_to',
  },
  sendLinkPreview: {
    waha: true,
    ...SENDS,
    method: 'POST',
    path: '/api/sendLinkPreview',
    args: sendLinkPreviewArgs,
    status: 201,
    summary: 'Deprecated: POST /api/sendText with a link in its text',
  },
  listMessages: {
    waha: true,
    ...READS,
    path: '/api/messages',
    args: listMessagesArgs,
    result: z.array(messageSchema),
    summary: 'Deprecated: GET /api/{session}/chats/{chatId}/messages',
  },
  checkNumberStatus: {
    waha: true,
    ...READS,
    path: '/api/checkNumberStatus',
    args: checkNumberArgs,
    result: numberStatusSchema,
    summary: 'Deprecated: GET /api/contacts/check-exists',
  },
});
