import type { WireChannel } from '../../protocol.ts';
import type { App } from '../app.ts';
import { define, ownModule } from '../registry.ts';
import { ServerStatusCodeError } from '../server-link.ts';
import { createWid } from '../wid.ts';
import type { ChannelModel, Channels } from './channels.ts';

type Search = { searchText: string };

/** Actions on channels, except posting. */
export const defineChannelActions = (app: App, channels: Channels): void => {
  const pageSize = { getNewsletterDirectoryPageSize: () => 50, isNewsletterCreationEnabled: () => true };
  const settings = async (channel: string, muted: boolean): Promise<void> => {
    await app.deliver({ op: 'muteChannel', channel, muted });
  };
  const follow = async (model: ChannelModel, following: boolean): Promise<void> => {
    const channel = String(model.id);
    await app.deliver({ op: 'followChannel', channel, follow: following });
    model.setRole(following ? 'subscriber' : 'guest');
    if (!following) app.channels.remove(channel);
  };
  define({
    WAWebNewsletterGatingUtils: pageSize,
    WAWebNewsletterCreateQueryJob: {
      createNewsletterQuery: async ({ name, description }: { name: string; description: string | null }) => {
        const channel = await app.deliver({ op: 'createChannel', name, description });
        channels.take(channel);
        return {
          idJid: channel.id,
          newsletterInviteLinkMetadataMixin: { inviteCode: channel.invite },
          newsletterCreationTimeMetadataMixin: { creationTimeValue: Math.floor(Date.now() / 1000) },
        };
      },
    },
    WAWebJidToWid: { newsletterJidToWid: createWid, userJidToUserWid: createWid },
    WAWebNewsletterDeleteAction: {
      deleteNewsletterAction: async (model: ChannelModel) => {
        await app.deliver({ op: 'deleteChannel', channel: String(model.id) });
        app.channels.remove(model.id);
      },
    },
    WAWebNewsletterSubscribeAction: {
      subscribeToNewsletterAction: (model: ChannelModel) => follow(model, true),
    },
    WAWebNewsletterUnsubscribeAction: {
      unsubscribeFromNewsletterAction: (model: ChannelModel) => follow(model, false),
    },
    WAJids: { toNewsletterJid: (id: string) => id },
    WAWebNewsletterModelUtils: {
      ADMIN_NOTIFICATIONS: 'admin_notifications',
      MUTED_STATE: -1,
      UNMUTED_STATE: 0,
      getRoleByIdentifier: () => 'guest',
    },
    WAWebNewsletterUpdateUserSettingJob: {
      updateNewsletterUserSetting: (change: { newsletterJid: string; muteExpirationValue: number }) =>
        settings(change.newsletterJid, change.muteExpirationValue !== 0),
    },
    WAWebL10N: { getRegion: () => 'DE' },
    WAWebCountriesNativeCountryNames: { countryCodesIso: { DE: 'Deutschland', US: 'United States' } },
    WAWebNewsletterDirectorySearchAction: {
      fetchNewsletterDirectories: async ({ searchText: text }: Search) => {
        const limit = pageSize.getNewsletterDirectoryPageSize();
        const { channels: found } = await app.deliver({ op: 'findChannels', text, limit });
        return { newsletters: found.map((channel) => channels.modelOf(channel)) };
      },
    },
    WAWebNewsletterMetadataQueryJob: {
      queryNewsletterMetadataByInviteCode: async (code: string) =>
        metadataOf(await app.deliver({ op: 'channelByInvite', code })),
    },
  });
  const load = async (id: unknown): Promise<void> => {
    if (app.channels.get(id)) return;
    try {
      channels.take(await app.deliver({ op: 'channelInfo', channel: String(id) }));
    } catch (error) {
      if (error instanceof ServerStatusCodeError) throw new Error('newsletter not found');
      throw error;
    }
  };
  Object.assign(ownModule('WAWebLoadNewsletterPreviewChatAction'), {
    loadNewsletterPreviewChat: load,
  });
};

/** In the nesting in which WhatsApp Web's generated code has it. */
const metadataOf = (channel: WireChannel) => {
  return {
    idJid: channel.id,
    newsletterCreationTimeMetadataMixin: { creationTimeValue: 0 },
    newsletterNameMetadataMixin: { nameElementValue: channel.name, nameUpdateTime: 0 },
    newsletterDescriptionMetadataMixin: {
      descriptionQueryDescriptionResponseMixin: { elementValue: channel.description ?? '', updateTime: 0 },
    },
    newsletterInviteLinkMetadataMixin: { inviteCode: channel.invite },
    newsletterStateMetadataMixin: { stateType: 'active' },
    newsletterSubscribersMetadataMixin: { subscribersCount: 0 },
    newsletterVerificationMetadataMixin: { verificationState: 'unverified' },
  };
};
