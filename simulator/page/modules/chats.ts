import { sleep } from '../../../contract/poll.ts';
import type { App } from '../app.ts';
import type { ChatModel, ContactModel } from '../models.ts';
import { MsgModel } from '../models.ts';
import { define } from '../registry.ts';
import { createWid, type Wid } from '../wid.ts';

/** Chats, contacts, groups, and the collections in which the library finds everything. */
export const defineChats = (app: App): void => {
  const { msgs, chats, contacts } = app;
  define({
    WAWebWidFactory: {
      createWid,
      createWidFromWidLike: createWid,
      createUserWid: (user: string) => createWid(`${user}@c.us`),
      createUserWidOrThrow: (user: string) => createWid(`${user}@c.us`),
      asUserWidOrThrow,
    },
    WAWebLidMigrationUtils: { toPn: (wid: Wid) => app.identities.numberOf(wid) },
    WAWebCollections: {
      Msg: Object.assign(msgs, {
        modelClass: MsgModel,
        getMessagesById: async (ids: unknown[]) => messagesById(app, ids),
      }),
      Chat: Object.assign(chats, {
        find: async (id: unknown) => app.chatOf(createWid(id)),
        filter: (isIt: (chat: ChatModel) => boolean) => chats.getModelsArray().filter(isIt),
      }),
      Contact: Object.assign(contacts, { find: async (id: unknown) => app.contact(createWid(id)) }),
      GroupMetadata: {
        update: (id: unknown) => updateGroup(app, id),
        get: (id: unknown) => chats.get(id)?.groupMetadata,
      },
      WAWebNewsletterCollection: Object.assign(app.channels, {
        find: async (id: unknown) => app.channels.get(id),
      }),
      NewsletterMetadataCollection: { update: async () => {} },
      Status: { getMyStatus: () => ({}) },
      Blocklist: app.blocked,
      Label: Object.assign(app.business.labels, {
        addOrRemoveLabels: app.business.addOrRemoveLabels.bind(app.business),
      }),
      Reactions: { find: async (id: unknown) => app.reactions.get(String(id)) },
      ProfilePicThumb: app.pictures,
    },
    WAWebFindChatAction: {
      findOrCreateLatestChat: async (wid: Wid) => ({ chat: app.chatOf(wid), created: false }),
    },
    WAWebChatGetters: {
      getIsNewsletter: ({ id }: ChatModel) => id.isNewsletter(),
      getIsBroadcast: ({ id }: ChatModel) => id.isBroadcast(),
      getIsGroup: ({ id }: ChatModel) => id.isGroup(),
    },
    WAWebUpdateUnreadChatAction: { sendSeen: ({ chat }: { chat: ChatModel }) => sendSeen(app, chat) },
    ...contactModules(app),
  });
};

/** Asks WhatsApp for a group as it is now, which takes its time. */
const updateGroup = async (app: App, id: unknown): Promise<void> => {
  const { waitMs } = await app.deliver({ op: 'groupMetadata', group: String(id) });
  if (waitMs > 0) await sleep(waitMs);
};

const contactModules = (app: App): Record<string, unknown> => {
  return {
    WAWebApiContact: {
      getCurrentLid: (wid: Wid) => app.identities.lidOf(wid),
      getPhoneNumber: (wid: Wid) => app.identities.numberOf(wid),
      getAlternateUserWid: (wid: Wid) => app.identities.otherOf(wid),
    },
    WAWebContactGetters: {
      getIsMe: ({ id }: ContactModel) => app.isMe(id),
      getIsUser: ({ id }: ContactModel) => id.isUser(),
      getIsGroup: ({ id }: ContactModel) => id.isGroup(),
      getIsWAContact: ({ id }: ContactModel) => id.isUser(),
      getUserid: ({ id, phoneNumber }: ContactModel) => (phoneNumber ?? id).user,
      getVerifiedName: () => undefined,
      getVerifiedLevel: () => undefined,
      getStatusMute: () => false,
      getName: ({ name }: ContactModel) => name,
      getShortName: ({ name }: ContactModel) => name?.split(' ')[0],
      getPushname: ({ pushname }: ContactModel) => pushname,
      getIsEnterprise: () => false,
    },
    WAWebFrontendContactGetters: { getIsMyContact: ({ name }: ContactModel) => name !== undefined },
  };
};

const asUserWidOrThrow = (wid: Wid): Wid => {
  if (!wid.isUser()) throw new Error(`not a user: ${wid}`);
  return wid;
};

/** WhatsApp Web reads these from IndexedDB, whose error for an id that is none reaches the caller. */
const messagesById = (app: App, ids: unknown[]): { messages: MsgModel[] } => {
  if (ids.some((id) => id === undefined || id === null)) {
    throw new DOMException(
      "Failed to execute 'get' on 'IDBObjectStore': No key or key range specified.",
      'DataError',
    );
  }
  return { messages: ids.flatMap((id) => app.msgs.get(id) ?? app.archive.get(id) ?? []) };
};

/** Seen here at once; the receipt goes out when there is a network. */
const sendSeen = async (app: App, chat: ChatModel): Promise<void> => {
  const { unreadCount } = chat;
  if (unreadCount === 0) return;
  chat.set({ unreadCount: 0 });
  const chatId = String(chat.id);
  if (unreadCount < 0) app.deliver({ op: 'setChat', chatId, markedUnread: false }).catch(() => {});
  app.deliver({ op: 'seen', chatId }).catch(() => {});
};
