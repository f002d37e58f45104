/** A stand-in for the library's client that does what the library was seen to do, on command. */
import { EventEmitter } from 'node:events';
import type { LibraryAccount } from '../../../container/whatsapp/account.ts';
import type {
  CreateClient,
  LibraryClient,
  LibraryContent,
  SendOptions,
} from '../../../container/whatsapp/library.ts';

const unused = async (): Promise<never> => {
  throw new Error('the fake does not do this');
};

export class FakeClient implements LibraryClient {
  readonly #events = new EventEmitter();
  readonly #browserEvents = new EventEmitter();
  readonly #pageEvents = new EventEmitter();
  readonly onBrowser: () => void;
  info: unknown = undefined;
  lastLoggedOut = false;
  connected = false;
  reloads = 0;
  evaluated: string[] = [];
  sent: { chatId: string; text: LibraryContent; options: SendOptions }[] = [];
  url = 'https://web.whatsapp.com/';
  /** The page's answer when its state is requested. */
  probe: () => Promise<unknown> = async () => ({ state: 'OPENING', hasSynced: false, injected: true });
  send: () => Promise<unknown> = async () => undefined;
  pairing: () => Promise<unknown> = async () => 'ABCDEFGH';
  logout = async () => {};
  hasBrowser = false;
  readonly account: LibraryAccount = {
    message: unused,
    downloadMedia: unused,
    edit: unused,
    delete: unused,
    react: unused,
    sendSeen: unused,
    setTyping: unused,
    showInChat: unused,
    forward: unused,
    star: unused,
    pin: unused,
    vote: unused,
    reactions: unused,
    archive: unused,
    markUnread: unused,
    clearChat: unused,
    deleteChat: unused,
    pictureUrl: unused,
    about: unused,
    block: unused,
    saveContact: unused,
    setName: unused,
    setAbout: unused,
    setPicture: unused,
    setOnline: unused,
    presences: unused,
    followPresence: unused,
    rejectCall: unused,
    setSubject: unused,
    setDescription: unused,
    setInfoAdminsOnly: unused,
    setMessagesAdminsOnly: unused,
    setAdmins: unused,
    leaveGroup: unused,
    inviteCode: unused,
    revokeInvite: unused,
    inviteInfo: unused,
    joinGroup: unused,
    labels: unused,
    chatLabels: unused,
    setLabels: unused,
    labelChats: unused,
    channels: unused,
    createChannel: unused,
    deleteChannel: unused,
    followChannel: unused,
    muteChannel: unused,
    searchChannels: unused,
    channelByInvite: unused,
    revokeStatus: unused,
    screenshot: unused,
    chats: unused,
    chat: unused,
    messages: unused,
    contacts: unused,
    contact: unused,
    numberId: unused,
    knownLids: unused,
    lidAndNumber: unused,
    createGroup: unused,
    addParticipants: unused,
    removeParticipants: unused,
  };
  #initialized = Promise.withResolvers<void>();
  pupPage: LibraryClient['pupPage'] = undefined;
  pupBrowser: LibraryClient['pupBrowser'] = undefined;

  constructor(onBrowser: () => void) {
    this.onBrowser = onBrowser;
  }

  on(event: string, listener: (...values: unknown[]) => void) {
    // The library's emitter calls listeners from inside the page's callbacks: what they throw is swallowed there.
    this.#events.on(event, (...values) => {
      try {
        listener(...values);
      } catch {}
    });
  }
  emit(event: string, ...values: unknown[]) {
    this.#events.emit(event, ...values);
  }
  emitPage(event: string, value?: unknown) {
    this.#pageEvents.emit(event, value);
  }
  initialize() {
    return this.#initialized.promise;
  }
  /** The browser is up. */
  launched() {
    this.connected = true;
    this.pupBrowser = {
      on: (event, listener) => this.#browserEvents.on(event, listener),
      isConnected: () => this.connected,
      close: async () => this.killed(),
    };
    this.pupPage = {
      on: (event, listener) => this.#pageEvents.on(event, listener),
      evaluate: async (expression) => {
        this.evaluated.push(expression);
        return expression.includes('hasSynced') ? await this.probe() : undefined;
      },
      reload: async () => {
        this.reloads += 1;
      },
      url: () => this.url,
      heap: { held: async () => 0, collect: async () => {} },
    };
    this.onBrowser();
  }
  /** `initialize()` came to its end. */
  initialized() {
    this.#initialized.resolve();
  }
  failed(error: unknown) {
    this.#initialized.reject(error);
  }
  killed() {
    this.connected = false;
    this.#browserEvents.emit('disconnected');
  }
  ready(account = '491701234567@c.us') {
    this.info = { wid: { _serialized: account }, pushname: 'Ada' };
    this.emit('authenticated');
    this.emit('ready');
  }
  async requestPairingCode() {
    return await this.pairing();
  }
  async sendMessage(chatId: string, text: LibraryContent, options: SendOptions) {
    this.sent.push({ chatId, text, options });
    return await this.send();
  }
}

/** Makes fake clients and keeps them in the order made. */
export const fakeLibrary = () => {
  const clients: FakeClient[] = [];
  const createClient: CreateClient = ({ onBrowser }) => {
    const client = new FakeClient(onBrowser);
    clients.push(client);
    return client;
  };
  return {
    clients,
    createClient,
    /** The client made last. */
    get client(): FakeClient {
      const last = clients.at(-1);
      if (!last) throw new Error('no client was made');
      return last;
    },
  };
};
export type FakeLibrary = ReturnType<typeof fakeLibrary>;
