import type { WireChannel } from '../../protocol.ts';
import type { App } from '../app.ts';
import { ChatModel, contentToWire, type MsgModel, msgFromWire } from '../models.ts';
import { define } from '../registry.ts';
import { createWid, type Wid } from '../wid.ts';

type Metadata = { membershipType: WireChannel['role']; creationTime: number; serialize: () => object };

/** A channel: a chat whose metadata says what the account may do there. */
export class ChannelModel extends ChatModel {
  readonly newsletterMetadata: Metadata;

  constructor(app: App, { id, name, role, description = '', invite }: WireChannel) {
    super(createWid(id), app.msgs, (who) => app.isMe(who));
    this.set({ name, formattedTitle: name });
    const metadata: Metadata = {
      membershipType: role,
      creationTime: 0,
      serialize: () => ({
        membershipType: metadata.membershipType,
        description,
        inviteCode: invite,
        size: 0,
      }),
    };
    this.newsletterMetadata = metadata;
  }

  setRole(role: WireChannel['role']): void {
    this.newsletterMetadata.membershipType = role;
  }
}

type Sending = { msg: MsgModel; newsletterJid: string };
type Wired = ReturnType<typeof contentToWire>;

/** Channels and Status: a post goes to all followers. */
export class Channels {
  readonly #app: App;

  constructor(app: App) {
    this.#app = app;
    define({
      WAWebLoadNewsletterPreviewChatAction: {
        loadNewsletterPreviewChat: async (id: unknown) => {
          if (!app.channels.get(id)) throw new Error('newsletter not found');
        },
      },
      WAWebMsgDataFromModel: { msgDataFromMsgModel: (msg: MsgModel) => msg.serialize() },
      WAWebNewsletterUpdateMsgsRecordsJob: {
        addNewsletterMsgsRecords: async () => {},
        updateNewsletterMsgRecord: async () => {},
      },
      WAWebNewsletterSendMessageJob: { sendNewsletterMessageJob: (sending: Sending) => this.#post(sending) },
      WAWebStatusGatingUtils: { canCheckStatusRankingPosterGating: () => false },
      WAWebMediaUpdateMsg: () => undefined,
      WAWebSendStatusMsgAction: {
        sendStatusTextMsgAction: ({ text }: { text: string }) => this.#publish('chat', { body: text }),
        sendStatusMediaMsgAction: (msg: MsgModel) => this.#publish(msg.type, contentToWire(msg)),
      },
    });
  }

  take(channel: WireChannel): void {
    if (!this.#app.channels.get(channel.id)) this.#app.channels.add(this.modelOf(channel));
  }

  /** The channel as the page has it, or a model of it that is in no collection. */
  modelOf(channel: WireChannel): ChatModel {
    return this.#app.channels.get(channel.id) ?? new ChannelModel(this.#app, channel);
  }

  async #post({ msg, newsletterJid }: Sending): Promise<object> {
    const { timestamp } = await this.#send(msg.id.id, createWid(newsletterJid), msg.type, contentToWire(msg));
    return { success: true, ack: { t: timestamp }, serverId: timestamp };
  }

  /** Of a Status, WhatsApp Web makes a new message, from any model. */
  async #publish(type: string, content: Wired): Promise<object> {
    const app = this.#app;
    const bytes = [...crypto.getRandomValues(new Uint8Array(9))];
    const id = `3EB0${bytes
      .map((byte) => byte.toString(16).padStart(2, '0'))
      .join('')
      .toUpperCase()}`;
    const chatId = 'status@broadcast';
    const { ack, timestamp } = await this.#send(id, createWid(chatId), type, content);
    if (!app.me) return { messageSendResult: 'OK' };
    const own = { id, seq: 0, chatId, fromMe: true, author: String(app.me.wid), mentions: [], unread: false };
    const wire = { ...content, ...own, type, ack, timestamp };
    app.chat(createWid(chatId)).noteMsg(app.msgs.add(msgFromWire(wire, app.me, undefined, true)), false);
    return { messageSendResult: 'OK' };
  }

  #send(id: string, chat: Wid, type: string, content: Wired) {
    return this.#app.deliver({
      op: 'send',
      message: { id, chatId: String(chat), type, ...content, mentions: [], quotedId: undefined },
    });
  }
}
