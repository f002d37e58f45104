/** The page's life: it connects, is linked or shows a code, syncs, and does what the server sends it. */

import { sleep } from '../../contract/poll.ts';
import type {
  PageEvent,
  WireChat,
  WireContact,
  WireGroup,
  WireMessage,
  WithIdentities,
} from '../protocol.ts';
import { type App, Blocked } from './app.ts';
import { BUILD, BUILD_NAME } from './build.ts';
import { GroupMetadataModel, msgFromWire } from './models.ts';
import type { Addons } from './modules/addons.ts';
import type { Channels } from './modules/channels.ts';
import type { Dialogs } from './modules/dialogs.ts';
import { takeEdit, takeRevocation } from './modules/message-changes.ts';
import { stream } from './server-link.ts';
import { clearStorage, loadCredentials, loadIdentity, rememberMe, saveCredentials } from './storage.ts';
import { createWid } from './wid.ts';

/** A handshake takes its time: a client that waits for the page to leave OPENING is waiting by then. */
const HANDSHAKE_MS = 300;
const SYNC_MS = 100;
/** A page shows its "what's new" dialog a moment after it is linked. */
const DIALOG_AFTER_MS = 300;
/** So many messages of a chat are in memory after a start; earlier ones are in the page's database. */
const IN_MEMORY = 20;
/** How long sync waits for a listener, so that a slow machine does not lose `ready`. */
const LISTENER_PATIENCE_MS = 3_000;
const RETRY_MS = { first: 200, most: 2_000 } as const;
/** Without a connection for so long the page says TIMEOUT. */
const TIMEOUT_AFTER_MS = 15_000;

export class Session {
  readonly #app: App;
  readonly #platform: () => string;
  readonly #addons: Addons;
  readonly #dialogs: Dialogs;
  readonly #channels: Channels;
  /** Set once the page must not connect by itself any more: another page took over, or it is leaving. */
  #parked = false;
  #running = false;
  /** The account was linked in this very page. */
  #linkedHere = false;
  #profileKilobytes = 0;

  constructor(app: App, platform: () => string, addons: Addons, dialogs: Dialogs, channels: Channels) {
    this.#app = app;
    this.#platform = platform;
    this.#addons = addons;
    this.#dialogs = dialogs;
    this.#channels = channels;
  }

  /** Connects and stays connected, until the page is parked; also takes the companion back from another page. */
  async run(): Promise<void> {
    // A take-over may come before the loop below has noticed that the page was parked: then the page continues.
    this.#parked = false;
    if (this.#running) return;
    this.#running = true;
    let lostAt = Date.now();
    let retryMs: number = RETRY_MS.first;
    this.#setState('OPENING');
    while (!this.#parked) {
      await this.#connect(() => {
        retryMs = RETRY_MS.first;
      }).catch(() => {});
      if (this.#app.connection !== undefined) lostAt = Date.now();
      this.#app.connection = undefined;
      if (this.#parked) break;
      if (this.#app.me) this.#setState(Date.now() - lostAt > TIMEOUT_AFTER_MS ? 'TIMEOUT' : 'OPENING');
      await sleep(retryMs);
      retryMs = Math.min(retryMs * 2, RETRY_MS.most);
    }
    this.#running = false;
  }

  async #connect(onOpen: () => void): Promise<void> {
    const identity = await loadIdentity();
    const { device, localStorage } = await loadCredentials();
    this.#app.identity = identity;
    const { noiseKey, identityKey } = identity;
    const request = {
      noiseKey,
      identityKey,
      platform: this.#platform(),
      language: navigator.language,
      build: BUILD_NAME,
      device,
      localStorage,
    };
    await stream(request, async (event) => {
      onOpen();
      await this.#handle(event);
    });
  }

  async #handle(event: WithIdentities<PageEvent>): Promise<void> {
    const app = this.#app;
    for (const identity of event.identities ?? []) app.identities.learn(identity);
    switch (event.type) {
      case 'hello':
        app.connection = event.connection;
        this.#profileKilobytes = event.profileKilobytes;
        this.#dialogs.configure(event);
        return;
      case 'unpaired':
        app.passkey.close();
        app.conn.set({ ref: event.ref });
        if (app.socket.state === 'OPENING') this.#setState('PAIRING');
        return this.#setState('UNPAIRED');
      case 'ref':
        return app.conn.set({ ref: event.ref });
      case 'passkey':
        return this.#app.passkey.ask();
      case 'passkeyCode':
        return this.#app.passkey.showCode(event.code);
      case 'linked':
        this.#app.passkey.close();
        this.#linkedHere = true;
        this.#setState('PAIRING');
        return saveCredentials(event.device, this.#profileKilobytes);
      case 'welcome':
        return this.#welcome(event);
      case 'message':
        return this.#take(event.message, event.contact, true);
      case 'group':
        return this.#takeGroup(event.group);
      case 'reaction':
        return this.#addons.react(event);
      case 'vote':
        return this.#addons.vote(event);
      case 'labels':
        return app.business.take(event.labels);
      case 'presence':
        return app.presences.take(event);
      case 'call':
        return this.#addons.ring(event);
      case 'edited':
        return this.#takeEdit(event);
      case 'resolved':
        return this.#takeContent(event.message);
      case 'channel':
        return this.#channels.take(event.channel);
      case 'chat':
        return this.#takeChat(event.chat);
      case 'revoked':
        return this.#takeRevocation(event.chatId, event.id);
      case 'deleted':
        return this.#app.forget(event.chatId, event.id);
      case 'ack':
        return this.#takeAck(event.id, event.ack);
      case 'state':
        // A blocked account's page does not move: it does not connect again by itself.
        if (event.state === 'CONFLICT' || event.state === 'TOS_BLOCK') this.#parked = true;
        return this.#setState(event.state);
      case 'logout':
        return this.#loggedOut();
      case 'reload':
        await sleep(HANDSHAKE_MS);
        return location.reload();
      case 'freeze':
        return freeze();
    }
  }

  async #welcome(event: Extract<PageEvent, { type: 'welcome' }>): Promise<void> {
    const app = this.#app;
    const wid = createWid(`${event.me.phoneNumber}@c.us`);
    app.me = { ...event.me, wid, lidWid: createWid(event.me.lid) };
    rememberMe(`${event.me.phoneNumber}:${event.me.deviceIndex}@c.us`);
    app.conn.set({ pushname: event.me.pushName, connected: true });
    for (const { id, name } of event.contacts) app.contact(createWid(id)).set({ name, pushname: name });
    for (const group of event.groups) this.#takeGroup(group);
    for (const channel of event.channels) this.#channels.take(channel);
    app.business.take(event.labels);
    for (const id of event.blocked) app.blocked.add(new Blocked({ id: createWid(id) }));
    app.identities.learn({ lid: event.me.lid, pn: String(wid) });
    this.#takeHistory(event.history);
    for (const chat of event.chats) this.#takeChat(chat);
    if (app.socket.state === 'OPENING') this.#setState('PAIRING');
    this.#setState('CONNECTED');
    event.offline.forEach((message, index) => {
      this.#take(message, undefined, true);
      this.#progress((100 * (index + 1)) / event.offline.length);
    });
    this.#progress(100);
    if (event.sync === 'normal' && !this.#syncsEarly()) await this.#untilSomebodyListens();
    app.socket.set({ hasSynced: true });
    setTimeout(() => this.#dialogs.show(), DIALOG_AFTER_MS);
  }

  /** In a page that was linked before it loaded, newer builds have synced before a listener can be attached. */
  #syncsEarly(): boolean {
    return BUILD.syncsBeforeListeners && !this.#linkedHere;
  }

  /** The last messages of each chat go into memory, those before into the database. */
  #takeHistory(history: WireMessage[]): void {
    const newer = new Map<string, number>();
    const inMemory = new Set<WireMessage>();
    for (const message of history.toReversed()) {
      const count = (newer.get(message.chatId) ?? 0) + 1;
      newer.set(message.chatId, count);
      if (count <= IN_MEMORY) inMemory.add(message);
    }
    for (const message of history) {
      if (inMemory.has(message)) this.#take(message, undefined, false);
      else this.#archive(message);
    }
  }

  #archive(message: WireMessage): void {
    const { me, archive } = this.#app;
    if (me) archive.add(msgFromWire(message, me, this.#nameOf(message), false));
  }

  #nameOf(message: WireMessage): string | undefined {
    return message.fromMe ? this.#app.me?.pushName : this.#app.contact(createWid(message.author)).name;
  }

  async #untilSomebodyListens(): Promise<void> {
    const until = Date.now() + LISTENER_PATIENCE_MS;
    await sleep(SYNC_MS);
    while (!this.#app.socket.hasListeners('change:hasSynced') && Date.now() < until) await sleep(20);
  }

  #progress(percent: number): void {
    this.#app.offlineProgress = Math.round(percent);
    this.#app.cmd.trigger('offline_progress_update_from_bridge');
  }

  #take(message: WireMessage, contact: WireContact | undefined, isNew: boolean): void {
    const app = this.#app;
    if (!app.me) return;
    if (contact) app.contact(createWid(contact.id)).set({ name: contact.name, pushname: contact.name });
    const name = this.#nameOf(message);
    const msg = msgFromWire(message, app.me, name, isNew);
    if (!app.msgs.get(msg.id)) {
      const chat = app.chat(createWid(message.chatId));
      if (chat.name === undefined && !message.fromMe && name) chat.set({ name, formattedTitle: name });
      for (const reaction of message.reactions ?? []) app.reactions.take(msg, { ...reaction, at: 0 });
      app.msgs.add(msg);
      chat.noteMsg(msg, message.unread);
    }
    if (isNew) void app.call({ op: 'received', seq: message.seq }).catch(() => {});
  }

  #takeChat({ id, gone, ...kept }: WireChat): void {
    if (gone) this.#app.chats.remove(id);
    else this.#app.chats.get(id)?.take(kept);
  }

  #takeGroup(group: WireGroup): void {
    this.#app.chat(createWid(group.id)).groupMetadata = new GroupMetadataModel(group);
  }

  #takeRevocation(chatId: string, id: string): void {
    const msg = this.#app.messageOf(chatId, id);
    if (msg) takeRevocation(msg);
  }

  #takeEdit({ chatId, about, text, at }: Extract<PageEvent, { type: 'edited' }>): void {
    const msg = this.#app.messageOf(chatId, about);
    if (msg) takeEdit(msg, text, at);
  }

  /** A placeholder becomes the message that it stood for. */
  #takeContent(message: WireMessage): void {
    const { me } = this.#app;
    if (!me) return;
    const whole = msgFromWire(message, me, this.#nameOf(message), true).serialize();
    const { id: _id, ...content } = whole;
    this.#app.messageOf(message.chatId, message.id)?.set(content);
  }

  #takeAck(id: string, ack: number): void {
    const msg = this.#app.msgs
      .getModelsArray()
      .find((candidate) => candidate.id.fromMe && candidate.id.id === id);
    if (msg && msg.ack < ack) msg.set({ ack });
  }

  /** The phone removed this companion: everything is forgotten, and the page starts again as an unlinked one. */
  async #loggedOut(): Promise<void> {
    this.#parked = true;
    if (this.#app.socket.state === 'OPENING') await sleep(HANDSHAKE_MS);
    this.#app.cmd.trigger('logout');
    await clearStorage();
    location.replace('/?post_logout=1&logout_reason=0');
  }

  /** The library's `logout()`: the companion removes itself. Resolves before the page leaves. */
  async logout(): Promise<void> {
    await this.#app.call({ op: 'logout' });
    setTimeout(() => void this.#loggedOut(), SYNC_MS);
  }

  #setState(state: string): void {
    this.#app.socket.set({ state });
  }
}

/** Blocks the main thread for ever, as a hung renderer does; a request that is never answered costs no CPU. */
const freeze = (): void => {
  const request = new XMLHttpRequest();
  request.open('GET', '/sim/never', false);
  request.send();
};
