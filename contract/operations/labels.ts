/** Commands about labels, which business accounts have. */
import * as z from 'zod';
import { chatSchema } from '../whatsapp/chats.ts';
import { doneSchema } from '../whatsapp/done.ts';
import { chatLabelsArgs, labelChatsArgs, labelSchema, setChatLabelsArgs } from '../whatsapp/labels.ts';
import { COMMAND_PROBLEMS, commandRows, READING } from './command-rows.ts';

const COMMON = { tag: 'Labels', problems: COMMAND_PROBLEMS } as const;
const READS = { ...COMMON, ...READING } as const;

export const LABEL_OPERATIONS = commandRows({
  getLabels: {
    waha: true,
    ...READS,
    path: '/api/{session}/labels',
    args: z.strictObject({}),
    result: z.array(labelSchema),
    summary: 'Labels of a business account',
    client: 'labels.list',
  },
  getChatLabels: {
    waha: true,
    ...READS,
    path: '/api/{session}/labels/chats/{chatId}',
    args: chatLabelsArgs,
    result: z.array(labelSchema),
    summary: 'Labels of a chat',
    client: 'labels.ofChat',
  },
  setChatLabels: {
    waha: true,
    ...COMMON,
    method: 'PUT',
    scope: 'messages:send',
    path: '/api/{session}/labels/chats/{chatId}',
    args: setChatLabelsArgs,
    result: doneSchema,
    status: 200,
    says: 'Done.',
    summary: 'Give a chat these labels and no others',
    client: 'labels.setOfChat',
  },
  getLabelChats: {
    waha: true,
    ...READS,
    path: '/api/{session}/labels/{labelId}/chats',
    args: labelChatsArgs,
    result: z.array(chatSchema),
    summary: 'Chats that have a label',
    client: 'labels.chats',
  },
});
