import type { Call, CallAnswer, WireMe } from '../protocol.ts';
import { Emitter } from './emitter.ts';
import { Collection, modelOf } from './model.ts';
import { ChatModel, ContactModel, type MsgModel } from './models.ts';
import { PasskeyScreen } from './passkey.ts';
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

/** What all the page's modules share: the models that the library listens to, and the way to the server. */
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
  identity: Identity | undefined;
  me: (WireMe & { wid: Wid; lidWid: Wid }) | undefined;
  readonly passkey = new PasskeyScreen(this);
  /** Share of the offline messages taken in, percent. */
  offlineProgress = 0;
  /** The open connection's name at the server. */
  connection: string | undefined;

  /** Asks the server; rejects with `ServerStatusCodeError`, also where no connection is open. */
  async call<O extends Call['op']>(call: Extract<Call, { op: O }>): Promise<CallAnswer[O]> {
    if (this.connection === undefined) throw new ServerStatusCodeError(503, 'not connected');
    return callServer(this.connection, call);
  }

  /** Asks the server, and asks again after each reconnect until it has answered; rejects only where it refused. */
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
    do await new Promise((resolve) => setTimeout(resolve, 100));
    while (this.socket.state !== 'CONNECTED');
  }

  /** The chat with a person or group, made on first use. */
  chat(id: Wid): ChatModel {
    return this.chats.get(id) ?? this.chats.add(new ChatModel(id, this.msgs, () => this.me?.wid));
  }

  /** A message of a chat by the part of its id that is the same for everybody. */
  messageOf(chatId: string, id: string): MsgModel | undefined {
    return this.msgs.getModelsArray().find((msg) => msg.id.id === id && msg.id.remote.equals(chatId));
  }

  contact(id: Wid): ContactModel {
    return this.contacts.get(id) ?? this.contacts.add(new ContactModel(id));
  }
}

/** No answer at all, no connection, or one that the server has closed. */
function isConnectionLoss(error: unknown): boolean {
  return !(error instanceof ServerStatusCodeError) || error.status === 503 || error.status === 410;
}
