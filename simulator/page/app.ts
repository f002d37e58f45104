import { sleep } from '../../contract/poll.ts';
import type { Call, CallAnswer, WireMe } from '../protocol.ts';
import { BUILD } from './build.ts';
import { Business } from './business.ts';
import { Emitter } from './emitter.ts';
import { Identities } from './identities.ts';
import { Collection, modelOf } from './model.ts';
import { ChatModel, ContactModel, type MsgModel } from './models.ts';
import { PasskeyScreen } from './passkey.ts';
import { Pictures } from './pictures.ts';
import { PresenceCollection } from './presences.ts';
import { Reactions } from './reactions.ts';
import { callServer, ServerStatusCodeError } from './server-link.ts';
import type { Identity } from './storage.ts';
import type { Wid } from './wid.ts';

export type SocketState = { state: string; hasSynced: boolean };
export type ConnState = {
  ref: string | undefined;
  pushname: string | undefined;
  platform: string;
  connected: boolean;
};

/** A person whom the account has blocked. */
export class Blocked extends modelOf<{ id: Wid }>() {}

/** The state that all the page's modules share: the models that the library listens to, and the way to the server. */
export class App {
  readonly socket = new (modelOf<SocketState>())({ state: 'UNLAUNCHED', hasSynced: false });
  readonly conn = new (modelOf<ConnState>())({
    ref: undefined,
    pushname: undefined,
    platform: 'android',
    connected: false,
  });
  readonly cmd = new Emitter();
  readonly msgs = new Collection<MsgModel>();
  readonly chats = new Collection<ChatModel>();
  readonly contacts = new Collection<ContactModel>();
  /** Channels, which are in no other collection. */
  readonly channels = new Collection<ChatModel>();
  readonly blocked = new Collection<Blocked>();
  readonly business = new Business({
    chats: this.chats,
    conn: this.conn,
    setLabels: (chatId, labels) => this.deliver({ op: 'setChat', chatId, labels }),
  });
  readonly presences = new PresenceCollection();
  readonly reactions = new Reactions();
  readonly pictures = new Pictures({ chats: this.chats, isMe: (id) => this.isMe(id) });
  readonly identities = new Identities();
  /** Messages that the page has in its database and not in memory. */
  readonly archive = new Collection<MsgModel>();
  identity: Identity | undefined;
  me: (WireMe & { wid: Wid; lidWid: Wid }) | undefined;
  readonly passkey = new PasskeyScreen(this);
  /** Share of the offline messages taken in, percent. */
  offlineProgress = 0;
  /** The open connection's name at the server. */
  connection: string | undefined;

  /** Asks the server; rejects with `ServerStatusCodeError`, also if no connection is open. */
  async call<O extends Call['op']>(call: Extract<Call, { op: O }>): Promise<CallAnswer[O]> {
    if (this.connection === undefined) throw new ServerStatusCodeError(503, 'not connected');
    const answer = await callServer(this.connection, call);
    for (const identity of answer.identities ?? []) this.identities.learn(identity);
    return answer;
  }

  /**
   * Asks the server, and asks again after each reconnect until it has answered; rejects only if the server refuses.
   */
  async deliver<O extends Call['op']>(call: Extract<Call, { op: O }>): Promise<CallAnswer[O]> {
    for (;;) {
      try {
        return await this.call(call);
      } catch (error) {
        if (!isConnectionLoss(error)) throw error;
      }
      await this.#untilConnected();
    }
  }

  async #untilConnected(): Promise<void> {
    // The loss may be known here before the connection's own end is.
    do await sleep(100);
    while (this.socket.state !== 'CONNECTED');
  }

  /**
   * The chat in which a person is written to. A build that addresses by hidden id knows no chat of a number whose
   * hidden id it has not received: it must look the number up first.
   */
  chatOf(id: Wid): ChatModel {
    if (BUILD.addressing === 'number' || id.server !== 'c.us') return this.chat(id);
    const lid = this.identities.lidOf(id);
    if (!lid) throw new Error('No LID for user');
    return this.chat(lid);
  }

  /** Whether this is the account itself, under either id. */
  isMe(id: unknown): boolean {
    return this.me !== undefined && (this.me.wid.equals(id) || this.me.lidWid.equals(id));
  }

  /** The chat with a person or group, made on first use. */
  chat(id: Wid): ChatModel {
    return this.chats.get(id) ?? this.chats.add(new ChatModel(id, this.msgs, (who) => this.isMe(who)));
  }

  /** A message of a chat by the part of its id that is the same in all accounts. */
  messageOf(chatId: string, id: string): MsgModel | undefined {
    const isIt = (msg: MsgModel) => msg.id.id === id && msg.id.remote.equals(chatId);
    return this.msgs.getModelsArray().find(isIt) ?? this.archive.getModelsArray().find(isIt);
  }

  /** A message that the account has deleted for itself is nowhere any more. */
  forget(chatId: string, id: string): void {
    const msg = this.messageOf(chatId, id);
    if (!msg) return;
    this.msgs.remove(msg.id);
    this.archive.remove(msg.id);
  }

  /** The contact of a person, who is kept under the id by which the build addresses people. */
  contact(id: Wid): ContactModel {
    const wanted = BUILD.addressing === 'lid' ? this.identities.lidOf(id) : this.identities.numberOf(id);
    const kept = wanted ?? id;
    const number = kept.isLid() ? this.identities.numberOf(kept) : undefined;
    const contact = this.contacts.get(kept) ?? this.contacts.add(new ContactModel(kept));
    if (number && !contact.phoneNumber) contact.set({ phoneNumber: number });
    return contact;
  }
}

/** No answer at all, no connection, or one that the server has closed. */
const isConnectionLoss = (error: unknown): boolean => {
  return !(error instanceof ServerStatusCodeError) || error.status === 503 || error.status === 410;
};
