import type { App } from '../app.ts';
import { type ChatModel, contentToWire, type MsgAttributes, MsgModel } from '../models.ts';
import { MsgKey } from '../msg-key.ts';
import { define } from '../registry.ts';

const LINK = /\bhttps?:\/\/[^\s<>"]+/g;
const findLinks = (text: unknown) =>
  typeof text === 'string'
    ? [...text.matchAll(LINK)].map(([href]) => ({ href, suspiciousCharacters: new Set() }))
    : [];

/** Messages: their ids, sending, replies and look-up. */
export function defineMessages(app: App): void {
  define({
    WAWebMsgKey: MsgKey,
    WALinkify: { findLinks, findLink: (text: unknown) => findLinks(text)[0] },
    WAWebLinkPreviewChatAction: { getLinkPreview: async () => undefined },
    WAWebGetEphemeralFieldsMsgActionsUtils: { getEphemeralFields: () => ({}) },
    WAWebMsgReply: { canReplyMsg: (msg: MsgModel) => msg.canReply() },
    WAWebQuotedMsgModelUtils: { getQuotedMsgObj: (msg: MsgModel) => quotedOf(app, msg) },
    WAWebSendMsgChatAction: {
      addAndSendMsgToChat: (chat: ChatModel, attributes: MsgAttributes) => addAndSend(app, chat, attributes),
    },
    WAWebChatLoadMessages: { loadEarlierMsgs: async () => [] },
  });
}

/** As in WhatsApp Web: the first promise is kept once the page shows the message, the second once the server has it. */
function addAndSend(
  app: App,
  chat: ChatModel,
  attributes: MsgAttributes,
): [Promise<MsgModel>, Promise<object>] {
  const { mentionedJidList = [], ...given } = attributes;
  const msg = new MsgModel({ ...withoutHandles(given), mentionedJidList });
  app.msgs.add(msg);
  chat.noteMsg(msg, false);
  const sent = send(app, chat, msg);
  // Nobody need wait for it; whoever does still sees the refusal.
  sent.catch(() => {});
  return [Promise.resolve(msg), sent];
}

/** Attributes as WhatsApp Web keeps them: a file's handles stay behind in its media object. */
function withoutHandles<A extends object>(attributes: A): A {
  const {
    mediaBlob: _blob,
    renderableUrl: _url,
    isViewOnce: _once,
    ...kept
  } = attributes as A & {
    mediaBlob?: unknown;
    renderableUrl?: unknown;
    isViewOnce?: unknown;
  };
  return kept as A;
}

async function send(app: App, chat: ChatModel, msg: MsgModel): Promise<object> {
  const { ack, timestamp } = await app.deliver({
    op: 'send',
    message: {
      id: msg.id.id,
      chatId: String(chat.id),
      type: msg.type,
      ...contentToWire(msg),
      mentions: msg.mentionedJidList.map(String),
      quotedId: msg.quotedStanzaID,
    },
  });
  if (msg.ack < ack) msg.set({ ack });
  return { messageSendResult: 'OK', t: timestamp };
}

function quotedOf(app: App, msg: MsgModel): MsgModel | undefined {
  const { quotedStanzaID, quotedMsg, quotedParticipant } = msg;
  if (!quotedMsg || !quotedStanzaID || !quotedParticipant) return undefined;
  const kept = app.msgs
    .getModelsArray()
    .find(({ id }) => id.id === quotedStanzaID && id.remote.equals(msg.id.remote));
  if (kept) return kept;
  const fromMe = app.me?.wid.equals(quotedParticipant) ?? false;
  return new MsgModel({
    ...msg.serialize(),
    ...quotedMsg,
    id: new MsgKey({ fromMe, remote: msg.id.remote, id: quotedStanzaID }),
    from: quotedParticipant,
    to: msg.id.remote,
    quotedMsg: undefined,
    quotedStanzaID: undefined,
    isNewMsg: false,
  } as MsgAttributes);
}
