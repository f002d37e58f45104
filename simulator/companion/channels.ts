/** Companions' calls for channels. A channel is kept once for each account that has it. */

import { createChannel } from '../model/happenings.ts';
import type { ChannelRecord } from '../model/records.ts';
import type { ChannelCall } from '../protocol.ts';
import { CallRefusal } from '../refusal.ts';
import type { CallContext, CallHandlers } from './call-context.ts';

export const channelHandlers = (context: CallContext): CallHandlers<ChannelCall> => {
  const { world } = context;
  const own = (account: string, id: string): ChannelRecord | undefined =>
    world.channels(account).find((channel) => channel.id === id);
  const known = (id: string): ChannelRecord => {
    const channel = world.everyChannel().find((one) => one.id === id);
    if (!channel) throw new CallRefusal(404, 'item-not-found');
    return channel;
  };
  /** As a user sees it who does not follow it. */
  const shown = (account: string, channel: ChannelRecord): ChannelRecord =>
    own(account, channel.id) ?? { ...channel, account, role: 'guest', muted: false };

  return {
    createChannel: ({ name, description }, account) => {
      const { random } = context;
      const made = createChannel(world, account, name, 'owner', random);
      return world.keep({ ...made, description: description ?? '', invite: random(12) });
    },
    deleteChannel: ({ channel }, { phoneNumber }) => {
      if (own(phoneNumber, channel)?.role !== 'owner') throw new CallRefusal(403, 'forbidden');
      for (const copy of world.everyChannel().filter(({ id }) => id === channel))
        world.keep({ ...copy, gone: true });
      return {};
    },
    followChannel: ({ channel, follow }, { phoneNumber }) => {
      const found = shown(phoneNumber, known(channel));
      world.keep({ ...found, account: phoneNumber, role: follow ? 'subscriber' : 'guest' });
      return {};
    },
    muteChannel: ({ channel, muted }, { phoneNumber }) => {
      const found = own(phoneNumber, channel);
      if (!found) throw new CallRefusal(404, 'item-not-found');
      world.keep({ ...found, muted });
      return {};
    },
    findChannels: ({ text, limit }, { phoneNumber }) => {
      const byId = new Map(world.everyChannel().map((channel) => [channel.id, channel]));
      const found = [...byId.values()].filter(({ name }) => name.toLowerCase().includes(text.toLowerCase()));
      return { channels: found.slice(0, limit).map((channel) => shown(phoneNumber, channel)) };
    },
    channelInfo: ({ channel }, { phoneNumber }) => shown(phoneNumber, known(channel)),
    channelByInvite: ({ code }, { phoneNumber }) => {
      const found = world.everyChannel().find(({ invite }) => invite === code);
      if (!found) throw new CallRefusal(404, 'item-not-found');
      return shown(phoneNumber, found);
    },
  };
};
