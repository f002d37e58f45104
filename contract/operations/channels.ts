/** Commands about channels (newsletters). */
import * as z from 'zod';
import { LARGEST_BODY_BYTES } from '../operation.ts';
import {
  channelArgs,
  channelListSchema,
  channelMessageSchema,
  channelSchema,
  channelsByTextArgs,
  channelsByViewArgs,
  createChannelArgs,
  getChannelsArgs,
  previewChannelArgs,
} from '../whatsapp/channels.ts';
import { doneSchema } from '../whatsapp/done.ts';
import { COMMAND_PROBLEMS, commandRows, READING } from './command-rows.ts';

const COMMON = { tag: 'Channels', problems: COMMAND_PROBLEMS } as const;
const READS = { ...COMMON, ...READING } as const;
const DOES = {
  ...COMMON,
  method: 'POST',
  scope: 'messages:send',
  result: doneSchema,
  status: 201,
  says: 'Done.',
} as const;
const CHANNELS = '/api/{session}/channels';
const CHANNEL = `${CHANNELS}/{id}` as const;

export const CHANNEL_OPERATIONS = commandRows({
  getChannels: {
    waha: true,
    ...READS,
    path: CHANNELS,
    args: getChannelsArgs,
    result: z.array(channelSchema),
    summary: 'Channels that the account owns or follows',
    client: 'channels.list',
  },
  createChannel: {
    waha: true,
    ...DOES,
    path: CHANNELS,
    args: createChannelArgs,
    result: channelSchema,
    maxBodyBytes: LARGEST_BODY_BYTES,
    problems: [...COMMON.problems, 'too_large', 'unsupported_media_type'],
    summary: 'Make a channel',
    client: 'channels.create',
  },
  getChannel: {
    waha: true,
    ...READS,
    path: CHANNEL,
    args: channelArgs,
    result: channelSchema,
    summary: 'One channel, by its id or the code of its invitation',
    client: 'channels.get',
  },
  deleteChannel: {
    waha: true,
    ...DOES,
    method: 'DELETE',
    path: CHANNEL,
    args: channelArgs,
    status: 200,
    summary: 'Delete a channel that the account owns',
    client: 'channels.delete',
  },
  previewChannel: {
    waha: true,
    ...READS,
    path: `${CHANNEL}/messages/preview`,
    args: previewChannelArgs,
    result: z.array(channelMessageSchema),
    summary: 'The newest posts of a channel',
    description: 'As far as WhatsApp Web has them: of a channel that is not followed, there may be none.',
    client: 'channels.preview',
  },
  followChannel: {
    waha: true,
    ...DOES,
    path: `${CHANNEL}/follow`,
    args: channelArgs,
    summary: 'Follow a channel',
    client: 'channels.follow',
  },
  unfollowChannel: {
    waha: true,
    ...DOES,
    destructive: true,
    path: `${CHANNEL}/unfollow`,
    args: channelArgs,
    summary: 'Follow a channel no longer',
    client: 'channels.unfollow',
  },
  muteChannel: {
    waha: true,
    ...DOES,
    path: `${CHANNEL}/mute`,
    args: channelArgs,
    summary: 'Mute a channel',
    client: 'channels.mute',
  },
  unmuteChannel: {
    waha: true,
    ...DOES,
    path: `${CHANNEL}/unmute`,
    args: channelArgs,
    summary: 'Unmute a channel',
    client: 'channels.unmute',
  },
  findChannelsByView: {
    waha: true,
    ...DOES,
    scope: 'messages:read',
    path: `${CHANNELS}/search/by-view`,
    args: channelsByViewArgs,
    result: channelListSchema,
    status: 200,
    says: 'Channels that the account does not follow.',
    summary: 'Channels of a list of WhatsApp: recommended, trending, popular, new',
    description: 'One page: the engine has no cursor. `categories` change nothing.',
    client: 'channels.findByView',
  },
  findChannelsByText: {
    waha: true,
    ...DOES,
    scope: 'messages:read',
    path: `${CHANNELS}/search/by-text`,
    args: channelsByTextArgs,
    result: channelListSchema,
    status: 200,
    says: 'Channels that the account does not follow.',
    summary: 'Channels by words in their names',
    description: 'One page: the engine has no cursor. `categories` change nothing.',
    client: 'channels.findByText',
  },
});
