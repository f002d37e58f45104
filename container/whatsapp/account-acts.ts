/** The worker's less frequent calls to the library for a linked account. Results are parsed by their readers. */
import whatsapp from 'whatsapp-web.js';
import * as z from 'zod';

/** The library has none of it; WAHA uses the same modules of the page. */
const PRESENCES = `(() => {
  const { PresenceCollection } = window.require('WAWebPresenceCollection');
  const presences = PresenceCollection.getModelsArray().map((presence) => {
    const many = presence.chatstates?.getModelsArray?.() ?? [];
    const states = many.length > 0 ? many : presence.chatstate ? [presence.chatstate] : [];
    return {
      id: presence.id,
      isOnline: Boolean(presence.isOnline),
      states: states.map(({ id, type, t }) => ({ id, type, t })),
    };
  });
  // As JSON an id says its phone number (compat/page-pieces.ts).
  return JSON.parse(JSON.stringify(presences));
})()`;
const FOLLOW_PRESENCE = `(async (id) => {
  const wid = window.require('WAWebWidFactory').createWid(id);
  const chat = window.require('WAWebCollections').Chat.get(wid);
  await window.require('WAWebContactPresenceBridge').subscribePresence(wid, chat?.getTcToken?.());
})`;

export type Picture = { readonly mimetype: string; readonly data: string };
type ChannelSearch = {
  readonly searchText?: string;
  readonly view?: number;
  readonly limit: number;
  readonly countryCodes?: string[];
};

export type AccountActs = {
  forward(messageId: string, chatId: string): Promise<void>;
  star(messageId: string, star: boolean): Promise<void>;
  /** `seconds` 0 unpins. False: WhatsApp did not take it. */
  pin(messageId: string, seconds: number): Promise<boolean>;
  vote(messageId: string, options: readonly string[]): Promise<void>;
  reactions(messageId: string): Promise<unknown>;
  archive(chatId: string, archived: boolean): Promise<void>;
  markUnread(chatId: string): Promise<void>;
  clearChat(chatId: string): Promise<void>;
  deleteChat(chatId: string): Promise<void>;
  /** undefined: none, or none that the account may see. */
  pictureUrl(id: string): Promise<unknown>;
  about(contactId: string): Promise<unknown>;
  block(contactId: string, blocked: boolean): Promise<void>;
  saveContact(digits: string, firstName: string, lastName: string): Promise<void>;
  /** False: WhatsApp does not let it be changed. */
  setName(name: string): Promise<boolean>;
  setAbout(text: string): Promise<void>;
  /** Of the account itself, or of a group. undefined takes it away. False: WhatsApp refused. */
  setPicture(id: string, picture: Picture | undefined): Promise<boolean>;
  setOnline(online: boolean): Promise<void>;
  /** Of each chat whose presence the page knows: `{id, isOnline, states: [{id, type, t}]}`. */
  presences(): Promise<readonly unknown[]>;
  followPresence(chatId: string): Promise<void>;
  rejectCall(from: string, callId: string): Promise<void>;
  /** False, of these four: WhatsApp refused. */
  setSubject(groupId: string, subject: string): Promise<boolean>;
  setDescription(groupId: string, description: string): Promise<boolean>;
  setInfoAdminsOnly(groupId: string, only: boolean): Promise<boolean>;
  setMessagesAdminsOnly(groupId: string, only: boolean): Promise<boolean>;
  setAdmins(groupId: string, participants: readonly string[], admin: boolean): Promise<void>;
  leaveGroup(groupId: string): Promise<void>;
  /** undefined: WhatsApp refused. */
  inviteCode(groupId: string): Promise<unknown>;
  revokeInvite(groupId: string): Promise<unknown>;
  inviteInfo(code: string): Promise<unknown>;
  joinGroup(code: string): Promise<unknown>;
  labels(): Promise<readonly unknown[]>;
  chatLabels(chatId: string): Promise<readonly unknown[]>;
  setLabels(chatId: string, labelIds: readonly string[]): Promise<void>;
  labelChats(labelId: string): Promise<readonly unknown[]>;
  channels(): Promise<readonly unknown[]>;
  createChannel(
    name: string,
    description: string | undefined,
    picture: Picture | undefined,
  ): Promise<unknown>;
  /** False, of these three: WhatsApp refused. */
  deleteChannel(id: string): Promise<boolean>;
  followChannel(id: string, follow: boolean): Promise<boolean>;
  muteChannel(id: string, muted: boolean): Promise<boolean>;
  searchChannels(search: ChannelSearch): Promise<readonly unknown[]>;
  channelByInvite(code: string): Promise<unknown>;
  revokeStatus(messageId: string): Promise<void>;
  /** PNG, base64. */
  screenshot(): Promise<string>;
};

/** In the library's classes and missing in its types, or the other way round. */
type Untyped = Record<string, (...values: unknown[]) => Promise<unknown>>;
const untyped = (value: unknown): Untyped => value as Untyped;
const called = (value: object, name: string, ...values: unknown[]): Promise<unknown> => {
  const method = untyped(value)[name];
  if (typeof method !== 'function') throw new Error(`the library has no ${name}`);
  return method.call(value, ...values);
};

export const libraryActs = (client: whatsapp.Client): AccountActs => {
  const message = (id: string) => client.getMessageById(id);
  const chat = (id: string) => client.getChatById(id);
  const isTrue = async (answer: Promise<unknown>): Promise<boolean> => (await answer) === true;
  const ofGroup = async (id: string, name: string, ...values: unknown[]): Promise<unknown> =>
    called(await chat(id), name, ...values);
  const page = () => {
    if (!client.pupPage) throw new Error('there is no page');
    return client.pupPage;
  };
  /** The library deletes only pictures that the page has looked at. */
  const knowPicture = (id: string) =>
    page().evaluate(
      `window.require('WAWebCollections').ProfilePicThumb.find(${JSON.stringify(id)}).then(() => true)`,
    );

  return {
    forward: async (messageId, chatId) => (await message(messageId)).forward(chatId),
    star: async (messageId, star) => {
      const found = await message(messageId);
      await (star ? found.star() : found.unstar());
    },
    pin: async (messageId, seconds) => {
      const found = await message(messageId);
      return await isTrue(seconds > 0 ? called(found, 'pin', seconds) : called(found, 'unpin'));
    },
    vote: async (messageId, options) => {
      await called(await message(messageId), 'vote', [...options]);
    },
    reactions: async (messageId) => (await message(messageId)).getReactions(),
    archive: async (chatId, archived) => {
      await (archived ? client.archiveChat(chatId) : client.unarchiveChat(chatId));
    },
    markUnread: async (chatId) => client.markChatUnread(chatId),
    clearChat: async (chatId) => {
      await (await chat(chatId)).clearMessages();
    },
    deleteChat: async (chatId) => {
      await (await chat(chatId)).delete();
    },
    pictureUrl: (id) => client.getProfilePicUrl(id),
    about: async (contactId) => (await client.getContactById(contactId)).getAbout(),
    block: async (contactId, blocked) => {
      const contact = await client.getContactById(contactId);
      await (blocked ? contact.block() : contact.unblock());
    },
    saveContact: async (digits, firstName, lastName) => {
      await called(client, 'saveOrEditAddressbookContact', digits, firstName, lastName, true);
    },
    setName: (name) => isTrue(client.setDisplayName(name)),
    setAbout: (text) => client.setStatus(text),
    setPicture: async (id, picture) => {
      if (picture === undefined) {
        await knowPicture(id);
        return await isTrue(page().evaluate(`window.WWebJS.deletePicture(${JSON.stringify(id)})`));
      }
      const media = JSON.stringify(picture);
      return await isTrue(page().evaluate(`window.WWebJS.setPicture(${JSON.stringify(id)}, ${media})`));
    },
    setOnline: async (online) => {
      await (online ? client.sendPresenceAvailable() : client.sendPresenceUnavailable());
    },
    presences: async () => z.array(z.unknown()).parse(await page().evaluate(PRESENCES)),
    followPresence: async (chatId) => {
      await page().evaluate(`${FOLLOW_PRESENCE}(${JSON.stringify(chatId)})`);
    },
    rejectCall: async (from, callId) => {
      const values = [from, callId].map((value) => JSON.stringify(value)).join(', ');
      await page().evaluate(`window.WWebJS.rejectCall(${values})`);
    },
    setSubject: (id, subject) => isTrue(ofGroup(id, 'setSubject', subject)),
    setDescription: (id, description) => isTrue(ofGroup(id, 'setDescription', description)),
    setInfoAdminsOnly: (id, only) => isTrue(ofGroup(id, 'setInfoAdminsOnly', only)),
    setMessagesAdminsOnly: (id, only) => isTrue(ofGroup(id, 'setMessagesAdminsOnly', only)),
    setAdmins: async (id, participants, admin) => {
      await ofGroup(id, admin ? 'promoteParticipants' : 'demoteParticipants', [...participants]);
    },
    leaveGroup: async (id) => {
      await ofGroup(id, 'leave');
    },
    inviteCode: (id) => ofGroup(id, 'getInviteCode'),
    revokeInvite: (id) => ofGroup(id, 'revokeInvite'),
    inviteInfo: (code) => client.getInviteInfo(code),
    joinGroup: (code) => client.acceptInvite(code),
    labels: () => client.getLabels(),
    chatLabels: (chatId) => client.getChatLabels(chatId),
    setLabels: async (chatId, labelIds) => {
      await client.addOrRemoveLabels([...labelIds], [chatId]);
    },
    labelChats: (labelId) => client.getChatsByLabelId(labelId),
    channels: () => client.getChannels(),
    createChannel: (name, description, picture) =>
      client.createChannel(name, {
        ...(description === undefined ? {} : { description }),
        ...(picture === undefined
          ? {}
          : { picture: new whatsapp.MessageMedia(picture.mimetype, picture.data) }),
      }),
    deleteChannel: (id) => isTrue(client.deleteChannel(id)),
    followChannel: (id, follow) =>
      isTrue(follow ? client.subscribeToChannel(id) : client.unsubscribeFromChannel(id)),
    muteChannel: async (id, muted) => isTrue(called(await chat(id), muted ? 'mute' : 'unmute')),
    searchChannels: (search) => client.searchChannels({ ...search }),
    channelByInvite: (code) => client.getChannelByInviteCode(code),
    revokeStatus: async (messageId) => {
      await called(client, 'revokeStatusMessage', messageId);
    },
    screenshot: () => page().screenshot({ encoding: 'base64', type: 'png' }),
  };
};
