import type { App } from '../app.ts';
import { BUILD } from '../build.ts';
import { type ChatModel, contentToWire, type MsgAttributes, MsgModel } from '../models.ts';
import { MsgKey } from '../msg-key.ts';
import { define } from '../registry.ts';

const LINK = /\bhttps?:\/\/[^\s<>"]+/g;
const findLinks = (text: unknown) =>
  typeof text === 'string'
    ? [...text.matchAll(LINK)].map(([href]) => ({ href, suspiciousCharacters: new Set() }))
    : [];

/** Messages: their ids, sending, replies and look-up. */
export const defineMessages = (app: App): void => {
  define({
    WAWebMsgKey: MsgKey,
    WALinkify: { findLinks, findLink: (text: unknown) => findLinks(text)[0] },
    WAWebLinkPreviewChatAction: { getLinkPreview: (link: { href: string }) => linkPreview(app, link) },
    // Asks the phone for the message behind a placeholder. The phone may answer later.
    WAWebNonMessageDataRequestPlaceholderMessageResendUtils: { handlePlaceholderMsgsSeen: () => {} },
    WAWebGetEphemeralFieldsMsgActionsUtils: { getEphemeralFields: () => ({}) },
    WAWebMsgReply: { canReplyMsg: (msg: MsgModel) => msg.canReply() },
    WAWebQuotedMsgModelUtils: { getQuotedMsgObj: (msg: MsgModel) => quotedOf(app, msg) },
    WAWebSendMsgChatAction: {
      addAndSendMsgToChat: (chat: ChatModel, attributes: MsgAttributes) => addAndSend(app, chat, attributes),
    },
    WAWebChatLoadMessages: { loadEarlierMsgs: (args: { chat: ChatModel }) => loadEarlier(app, args) },
    WAWebDBMessageFindLocal: { msgFindBefore: (query: Before) => findBefore(app, query) },
  });
};

/** How many earlier messages one call brings into memory. */
const LOADED_AT_ONCE = 20;

/** Earlier messages from the page's database into memory; none: the chat has no more. Dead in newer builds. */
const loadEarlier = async (app: App, { chat }: { chat: ChatModel }): Promise<MsgModel[]> => {
  if (!BUILD.loadsEarlierMessages)
    throw new TypeError("Cannot read properties of undefined (reading 'waitForChatLoading')");
  const [oldest] = chat.msgs.getModelsArray();
  if (!oldest) return [];
  return earlierThan(app, oldest, LOADED_AT_ONCE).map((msg) => {
    app.archive.remove(msg.id);
    return app.msgs.add(msg);
  });
};

type Before = { anchor: MsgKey; count: number };

/** A query of the page's database: attributes of messages, not models, oldest first. */
const findBefore = async (app: App, { anchor, count }: Before) => {
  const known = app.msgs.get(anchor) ?? app.archive.get(anchor);
  if (!known) return { status: 404, messages: [] };
  return { status: 200, messages: earlierThan(app, known, count).map((msg) => msg.serialize()) };
};

/** The archived messages of the same chat before this one, oldest first. */
const earlierThan = (app: App, msg: MsgModel, count: number): MsgModel[] => {
  const chat = app.archive.getModelsArray().filter(({ id }) => id.remote.equals(msg.id.remote));
  const at = chat.findIndex(({ id }) => id.id === msg.id.id);
  return (at === -1 ? chat : chat.slice(0, at)).slice(-count);
};

/** As in WhatsApp Web: the first promise is kept once the page shows the message, the second once the server has it. */
export const addAndSend = (
  app: App,
  chat: ChatModel,
  attributes: MsgAttributes,
): [Promise<MsgModel>, Promise<object>] => {
  const { mentionedJidList = [], ...given } = attributes;
  const msg = new MsgModel({ ...withoutHandles(given), mentionedJidList });
  app.msgs.add(msg);
  chat.noteMsg(msg, false);
  const sent = send(app, chat, msg);
  // No caller has to wait for it; a caller that waits still sees the refusal.
  sent.catch(() => {});
  return [Promise.resolve(msg), sent];
};

/** Attributes as WhatsApp Web keeps them: a file's handles stay behind in its media object. */
const withoutHandles = <A extends object>(attributes: A): A => {
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
};

/** WhatsApp fetches the page behind a link, and gives its title. */
const linkPreview = async (app: App, { href }: { href: string }): Promise<object | undefined> => {
  const { becomes } = await app.deliver({ op: 'linkPreview', url: href.slice(0, 2048) });
  if (becomes === 'failing') throw new Error('link preview: failed to fetch');
  if (becomes === 'silent') return new Promise(() => {});
  return becomes === 'none'
    ? undefined
    : { url: href, data: { title: `Title of ${href}`, matchedText: href } };
};

const send = async (app: App, chat: ChatModel, msg: MsgModel): Promise<object> => {
  const { ack, timestamp } = await app.deliver({
    op: 'send',
    message: {
      id: msg.id.id,
      chatId: String(chat.id),
      type: msg.type,
      ...contentToWire(msg),
      mentions: msg.mentionedJidList.map(String),
      quotedId: msg.quotedStanzaID,
      preview: msg.matchedText === undefined ? undefined : msg.title,
      forwarded: msg.isForwarded,
    },
  });
  if (msg.ack < ack) msg.set({ ack });
  return { messageSendResult: 'OK', t: timestamp };
};

const quotedOf = (app: App, msg: MsgModel): MsgModel | undefined => {
  const { quotedStanzaID, quotedMsg, quotedParticipant } = msg;
  if (!quotedMsg || !quotedStanzaID || !quotedParticipant) return undefined;
  const kept = app.msgs
    .getModelsArray()
    .find(({ id }) => id.id === quotedStanzaID && id.remote.equals(msg.id.remote));
  if (kept) return kept;
  const fromMe = app.isMe(quotedParticipant);
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
};
