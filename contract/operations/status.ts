/** Commands that publish a Status (story), or take it back. */
import { LARGEST_BODY_BYTES } from '../operation.ts';
import { doneSchema } from '../whatsapp/done.ts';
import { messageSchema } from '../whatsapp/messages.ts';
import {
  deleteStatusArgs,
  imageStatusArgs,
  textStatusArgs,
  videoStatusArgs,
  voiceStatusArgs,
} from '../whatsapp/status.ts';
import { commandRows, SEND_PROBLEMS } from './command-rows.ts';

const PUBLISHES = {
  tag: 'Status',
  method: 'POST',
  scope: 'messages:send',
  result: messageSchema,
  status: 201,
  says: "WhatsApp's server has accepted it.",
  problems: SEND_PROBLEMS,
} as const;
const PUBLISHES_FILE = {
  ...PUBLISHES,
  maxBodyBytes: LARGEST_BODY_BYTES,
  problems: [...SEND_PROBLEMS, 'too_large', 'unsupported_media_type'],
} as const;
const WHO = "The account's privacy settings decide who sees it; `contacts` changes nothing.";

export const STATUS_OPERATIONS = commandRows({
  sendTextStatus: {
    waha: true,
    ...PUBLISHES,
    path: '/api/{session}/status/text',
    args: textStatusArgs,
    summary: 'Publish a text as a Status',
    description: WHO,
    client: 'status.text',
  },
  sendImageStatus: {
    waha: true,
    ...PUBLISHES_FILE,
    path: '/api/{session}/status/image',
    args: imageStatusArgs,
    summary: 'Publish a picture as a Status',
    description: WHO,
    client: 'status.image',
  },
  sendVoiceStatus: {
    waha: true,
    ...PUBLISHES_FILE,
    path: '/api/{session}/status/voice',
    args: voiceStatusArgs,
    summary: 'Publish a voice message as a Status',
    description: WHO,
    client: 'status.voice',
  },
  sendVideoStatus: {
    waha: true,
    ...PUBLISHES_FILE,
    path: '/api/{session}/status/video',
    args: videoStatusArgs,
    summary: 'Publish a video as a Status',
    description: WHO,
    client: 'status.video',
  },
  deleteStatus: {
    waha: true,
    ...PUBLISHES,
    destructive: true,
    path: '/api/{session}/status/delete',
    args: deleteStatusArgs,
    result: doneSchema,
    says: 'It is deleted.',
    summary: 'Take a Status of this account back',
    client: 'status.delete',
  },
});
