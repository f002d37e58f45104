import type { App } from '../app.ts';
import type { ChatModel } from '../models.ts';
import { define, ownModule } from '../registry.ts';

/** Actions on whole chats. */
export const defineChatActions = (app: App): void => {
  const empty = async (chat: ChatModel, whole: boolean): Promise<void> => {
    await app.deliver({ op: 'emptyChat', chatId: String(chat.id), whole });
    for (const msg of [...app.msgs.getModelsArray(), ...app.archive.getModelsArray()])
      if (msg.id.remote.equals(chat.id)) app.forget(String(chat.id), msg.id.id);
    if (whole) app.chats.remove(chat.id);
  };
  define({
    WAWebChatClearBridge: { sendClear: (chat: ChatModel, _keepStarred: boolean) => empty(chat, false) },
    WAWebDeleteChatAction: {
      sendDelete: async (chat: ChatModel) => {
        // WhatsApp Web offers "delete" for a group once it was left.
        const isMember = chat.groupMetadata?.participants.find(({ id }) => app.isMe(id)) !== undefined;
        if (isMember) throw new Error('the group has to be left first');
        await empty(chat, true);
      },
    },
  });
  const { Cmd } = ownModule('WAWebCmd') as { Cmd: object };
  // Events for the page's windows: nothing is to be waited for.
  Object.assign(Cmd, {
    archiveChat: (chat: ChatModel, archived: boolean): void => {
      app
        .deliver({ op: 'setChat', chatId: String(chat.id), archived })
        .then(() => chat.set({ archive: archived }))
        .catch(() => {});
    },
    markChatUnread: (chat: ChatModel, unread: boolean): void => {
      app
        .deliver({ op: 'setChat', chatId: String(chat.id), markedUnread: unread })
        .then(() => chat.set({ unreadCount: unread ? -1 : 0 }))
        .catch(() => {});
    },
  });
};
