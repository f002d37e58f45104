import type { App } from '../app.ts';
import type { ChatModel, ChatPromises, MsgModel } from '../models.ts';
import { MsgKey } from '../msg-key.ts';
import { define, ownModule } from '../registry.ts';
import { addAndSend } from './messages.ts';

/** How long WhatsApp Web offers to change a text, and to delete for all participants. Seconds. */
const EDIT_WINDOW_S = 15 * 60;
const REVOKE_WINDOW_S = 60 * 60 * 60;

type Chosen = { type: 'message'; list: MsgModel[] } | MsgModel[];
type Forwarding = { chat: ChatModel; msgs: MsgModel[] };

/** Actions on existing messages. */
export const defineMessageChanges = (app: App): void => {
  const age = ({ t }: MsgModel) => Date.now() / 1000 - t;
  const canRevoke = (msg: MsgModel) =>
    msg.type !== 'revoked' && msg.type !== 'gp2' && age(msg) < REVOKE_WINDOW_S;
  const canEdit = (msg: MsgModel) => msg.id.fromMe && msg.ack > 0 && age(msg) < EDIT_WINDOW_S;
  define({
    WAWebMsgActionCapability: {
      canEditText: (msg: MsgModel) => msg.type === 'chat' && canEdit(msg),
      canEditCaption: (msg: MsgModel) => ['image', 'video', 'document'].includes(msg.type) && canEdit(msg),
      canSenderRevokeMsg: (msg: MsgModel) => msg.id.fromMe && canRevoke(msg),
      canAdminRevokeMsg: (msg: MsgModel) =>
        msg.id.remote.isGroup() && canRevoke(msg) && (app.chats.get(msg.id.remote)?.iAmAdmin() ?? false),
      canStarMsg: (msg: MsgModel) => msg.type !== 'revoked' && msg.type !== 'gp2',
    },
    WAWebSendMessageEditAction: {
      sendMessageEdit: async (msg: MsgModel, text: string) => {
        const { at } = await app.deliver({ op: 'edit', messageId: msg.id.id, text });
        takeEdit(msg, text, at);
      },
    },
    WAWebPinMsgConstants: { getPinExpiryDuration: () => 604_800 },
    WAWebSendPinMessageAction: {
      sendPinInChatMsg: async (msg: MsgModel, action: 1 | 2, duration: number) => {
        await app.deliver({ op: 'pin', messageId: msg.id.id, seconds: action === 1 ? duration : 0 });
        return { messageSendResult: 'OK' };
      },
    },
    WAWebPollsSendVoteMsgAction: {
      sendVote: async (msg: MsgModel, localIds: Set<number>) => {
        const chosen = (msg.pollOptions ?? []).filter(({ localId }) => localIds.has(localId));
        await app.deliver({ op: 'vote', messageId: msg.id.id, options: chosen.map(({ name }) => name) });
      },
    },
    WAWebChatForwardMessage: { forwardMessages: (forwarding: Forwarding) => forward(app, forwarding) },
  });
  const { Cmd } = ownModule('WAWebCmd') as { Cmd: object };
  // As in WhatsApp Web: a command is an event for the page's windows, and its result is kept at the chat.
  const begins =
    (doing: keyof ChatPromises, each: (msg: MsgModel) => Promise<unknown>) =>
    (chat: ChatModel, chosen: Chosen): void => {
      if (chat.promises[doing]) return;
      const list = Array.isArray(chosen) ? chosen : chosen.list;
      const done = Promise.all(list.map(each)).finally(() => {
        chat.promises[doing] = null;
      });
      // No caller has to wait for it; a caller that waits still sees the refusal.
      done.catch(() => {});
      chat.promises[doing] = done;
    };
  const stars = (star: boolean) =>
    begins('sendStarMsgs', async (msg) => {
      await app.deliver({ op: 'star', messageId: msg.id.id, star });
      msg.set({ star });
    });
  Object.assign(Cmd, {
    sendRevokeMsgs: begins('sendRevokeMsgs', async (msg) => {
      await app.deliver({ op: 'revoke', messageId: msg.id.id });
      takeRevocation(msg);
      return { messageSendResult: 'OK' };
    }),
    sendDeleteMsgs: begins('sendDeleteMsgs', async (msg) => {
      await app.deliver({ op: 'deleteMessage', messageId: msg.id.id });
      app.forget(String(msg.id.remote), msg.id.id);
    }),
    sendStarMsgs: stars(true),
    sendUnstarMsgs: stars(false),
  });
};

/** Each message again, as a new one of this account. */
const forward = async (app: App, { chat, msgs }: Forwarding): Promise<void> => {
  for (const msg of msgs) {
    const from = app.me && (chat.id.isLid() ? app.me.lidWid : app.me.wid);
    if (!from) throw new Error('not logged in');
    const participant = chat.id.isGroup() ? from : undefined;
    const id = new MsgKey({ fromMe: true, remote: chat.id, id: await MsgKey.newId(), participant });
    const kept = { ...msg.serialize(), latestEditMsgKey: undefined, latestEditSenderTimestampMs: undefined };
    const t = Math.floor(Date.now() / 1000);
    const own = { id, from, to: chat.id, author: participant, t, ack: 0, self: 'out' as const };
    const flags = { isNewMsg: true, isForwarded: true, star: undefined, hasReaction: undefined };
    // The attributes are the message's own, apart from those above.
    const copy = { ...kept, ...own, ...flags } as unknown as Parameters<typeof addAndSend>[2];
    const [, sent] = addAndSend(app, chat, copy);
    await sent;
  }
};

/** Another text; of a file, another caption. `at` in ms. */
export const takeEdit = (msg: MsgModel, text: string, at: number): void => {
  const changed = msg.directPath === undefined ? { body: text } : { caption: text };
  msg.set({ latestEditMsgKey: msg.id.id, latestEditSenderTimestampMs: at, ...changed });
};

/** Its content is gone for every reader; the fact that it was here stays. */
export const takeRevocation = (msg: MsgModel): void => {
  msg.set({
    type: 'revoked',
    body: '',
    caption: undefined,
    directPath: undefined,
    loc: undefined,
    pollOptions: undefined,
  });
};
