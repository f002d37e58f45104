/** The server side of WhatsApp: connects pages, links them, and carries messages between companions and phones. */
import type { Clock } from '../contract/clock.ts';
import type { BuildName, Faults } from '../contract/phone/api.ts';
import { addressForPage, addressFromPage } from './addressing.ts';
import { type Build, buildNamed } from './builds.ts';
import type { GroupChange } from './companion/call-context.ts';
import { companionCalls } from './companion/index.ts';
import { Connection, type Network, ONLINE } from './connection.ts';
import { Happenings } from './happenings.ts';
import { type AccountChoice, Linking } from './linking.ts';
import type { MediaStore } from './media-store.ts';
import { isGroup, isNumberJid, userJid } from './model/jid.ts';
import type { AccountRecord, DeviceRecord, GroupRecord, MessageRecord } from './model/records.ts';
import { type Draft, type Incoming, isMember, type World } from './model/world.ts';
import { Presences } from './presences.ts';
import {
  type Call,
  type CallAnswer,
  type ConnectRequest,
  isCompanionCall,
  type PageEvent,
  type WireGroup,
  type WithIdentities,
  wire,
} from './protocol.ts';
import { CallRefusal, PhoneRefusal } from './refusal.ts';

/** Messages of an account that a page gets as history when it connects. */
const HISTORY_LENGTH = 500;

const NO_FAULTS: Faults = {
  syncFast: false,
  rateLimitPairing: false,
  refuseSend: false,
  hangOpening: false,
  unpairedIdle: false,
  reloadOnConnect: 0,
  needLocalStorage: false,
  filesGone: false,
  missingModule: '',
  unknownDialog: false,
  whatsNewSeconds: 120,
  deviceLimit: 4,
  linkPreviews: 'none',
  groupMetadataMs: 0,
};

type ExchangeOptions = {
  readonly world: World;
  readonly media: MediaStore;
  readonly clock: Clock;
  readonly random: (bytes: number) => string;
  readonly qrRefreshMs: number;
  readonly qrRefreshLimit: number;
  readonly passkeyChallengeMs?: number | undefined;
  readonly profileKilobytes: number;
  /** The build of pages that load from now on. */
  readonly build: BuildName;
};

export class Exchange {
  readonly world: World;
  readonly linking: Linking;
  readonly happenings: Happenings;
  readonly presences: Presences;
  readonly #companionCall: ReturnType<typeof companionCalls>;
  readonly #connections = new Map<string, Connection>();
  /** Networks that were set for one profile (its identity key), which outlive its connections. */
  readonly #networks = new Map<string, Network>();
  /** The activity that companions show (typing, online), by account and chat. */
  readonly #chatStates = new Map<string, Map<string, ChatState>>();
  readonly #options: ExchangeOptions;
  #network: Network = ONLINE;
  #faults: Faults = NO_FAULTS;
  #build: BuildName;
  /** Dialogs that pages showed, by account. */
  readonly #dialogs = new Map<string, { opened: number; open: number }>();

  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.world = options.world;
    this.#build = options.build;
    this.linking = new Linking({
      ...options,
      unpairedIdle: () => this.#faults.unpairedIdle,
      deviceLimit: () => this.#faults.deviceLimit,
      rateLimited: () => this.#faults.rateLimitPairing,
      onLinked: (connection, deviceId) => this.#attach(connection, deviceId),
    });
    const notify = (account: string, event: PageEvent) => this.#notify(account, event);
    this.presences = new Presences({ clock: options.clock, notify });
    this.#companionCall = companionCalls({
      ...options,
      followPresence: (account, chatId) => this.presences.follow(account, chatId),
      changeGroup: (id, by, change) => this.changeGroup(id, by, change),
      vote: (account, messageId, by, chosen) => this.vote(account, messageId, by, chosen),
      refusesSends: () => this.#faults.refuseSend,
      requireMayWrite: (account, chatId) => this.#requireMayWrite(account, chatId),
      notify: (account, event) => this.#notify(account, event),
    });
    this.happenings = new Happenings({
      ...options,
      notify: (account, event) => this.#notify(account, event),
    });
  }

  get random(): (bytes: number) => string {
    return this.#options.random;
  }

  get faults(): Faults {
    return this.#faults;
  }

  /** The build of pages that load from now on. */
  get build(): BuildName {
    return this.#build;
  }

  set build(name: BuildName) {
    this.#build = name;
  }

  /** Dialogs that the account's pages showed so far, and how many are open now. */
  dialogs(account: string): { opened: number; open: number } {
    return this.#dialogs.get(account) ?? { opened: 0, open: 0 };
  }

  setFaults(change: { [K in keyof Faults]?: Faults[K] | undefined }): Faults {
    const given = Object.entries(change).filter(([, value]) => value !== undefined);
    this.#faults = { ...this.#faults, ...Object.fromEntries(given) };
    if (change.unpairedIdle) this.linking.goIdle();
    return this.#faults;
  }

  /** The network for a profile that is about to connect, or the default for all. */
  network(identityKey?: string): Network {
    if (this.#network.mode !== 'online') return this.#network;
    return (identityKey !== undefined && this.#networks.get(identityKey)) || this.#network;
  }

  /** Sets the network of a target (account, companion or pending page), or of all. Offline closes open connections. */
  setNetwork(target: string | undefined, network: Network): void {
    const open = target === undefined ? [...this.#connections.values()] : this.#connectionsOf(target);
    if (target === undefined) {
      this.#network = network;
      this.#networks.clear();
    } else {
      const away = this.#devicesOf(target).map(({ identityKey }) => identityKey);
      for (const key of [...away, ...open.map(({ keys }) => keys.identityKey)])
        this.#networks.set(key, network);
    }
    for (const connection of open) {
      connection.network = network;
      if (network.mode === 'offline') connection.close();
    }
  }

  /** A page connects; its first events depend on whether the phone still lists its companion. */
  connect(request: ConnectRequest, pipe: { write: (line: string) => void; end: () => void }): Connection {
    const { noiseKey, identityKey, platform, device: credentials } = request;
    const build = buildNamed(request.build);
    const connection = new Connection({
      id: `page_${this.#options.random(8)}`,
      keys: { noiseKey, identityKey, platform },
      since: this.#options.clock(),
      language: request.language,
      build,
      address: (event) => this.#addressed(event, build),
      ...pipe,
    });
    connection.network = this.network(identityKey);
    this.#connections.set(connection.id, connection);
    connection.onClose(() => this.#connections.delete(connection.id));
    connection.send({
      type: 'hello',
      connection: connection.id,
      profileKilobytes: this.#options.profileKilobytes,
      unknownDialog: this.#faults.unknownDialog,
      whatsNewMs: this.#faults.whatsNewSeconds * 1000,
    });
    const whole = request.localStorage || !this.#faults.needLocalStorage;
    this.#admit(
      connection,
      credentials && { ...credentials, identityKey, token: whole ? credentials.token : '' },
    );
    return connection;
  }

  #admit(
    connection: Connection,
    credentials: { id: string; token: string; identityKey: string } | undefined,
  ): void {
    if (this.#faults.hangOpening) return;
    if (this.#faults.reloadOnConnect > 0) {
      this.#faults = { ...this.#faults, reloadOnConnect: this.#faults.reloadOnConnect - 1 };
      connection.send({ type: 'reload' });
      return;
    }
    if (!credentials) {
      this.linking.open(connection);
      return;
    }
    const device = this.world.authenticate(credentials);
    if (device) this.#attach(connection, device.id);
    else connection.send({ type: 'logout' });
  }

  connection(id: string): Connection | undefined {
    return this.#connections.get(id);
  }

  /** The language of a connected companion's browser. */
  languageOf(deviceId: string): string | undefined {
    return this.#speakersFor(deviceId)[0]?.language;
  }

  connected(deviceId: string): boolean {
    return this.#speakersFor(deviceId).length > 0;
  }

  /** Answers what a page asks for on its open connection, both in the manner of the page's build. */
  call(connection: Connection, call: Call): Addressed | Promise<Addressed> {
    const answer = this.#answer(connection, addressFromPage(call, this.world));
    const addressed = (given: CallAnswer[Call['op']]) => this.#addressed(given, connection.build);
    return answer instanceof Promise ? answer.then(addressed) : addressed(answer);
  }

  #addressed<T extends object>(value: T, build: Build): WithIdentities<T> {
    const { event, identities } = addressForPage(value, build, this.world);
    return identities.length === 0 ? event : { ...event, identities };
  }

  #answer(
    connection: Connection,
    call: Call,
  ): CallAnswer[Call['op']] | Promise<CallAnswer['passkeyPrologue']> {
    if (isCompanionCall(call)) {
      const device = this.#deviceOf(connection);
      return this.#companionCall(call, this.#accountOf(device), device);
    }
    switch (call.op) {
      case 'refreshCode':
        this.linking.restart(connection);
        return {};
      case 'pairingCode':
        return { code: this.linking.startPairing(connection, call.phoneNumber) };
      case 'showQr':
        this.linking.endPairing(connection);
        return {};
      case 'passkeyOptions':
        return this.linking.passkeyOptions(connection);
      case 'passkeyPrologue':
        return this.linking.takeAssertion(connection, call.assertion);
      case 'confirmPasskey':
        this.linking.confirmPasskey(connection);
        return {};
      case 'cancelPasskey':
        this.linking.cancelPasskey(connection);
        return {};
      case 'send':
        return this.#sendFrom(this.#deviceOf(connection), connection, call.message);
      case 'received':
        this.world.confirmReceipt(this.#deviceOf(connection).id, call.seq);
        return {};
      case 'seen':
        for (const receipt of this.world.see(this.#deviceOf(connection).account, call.chatId).receipts)
          this.#sendAck(receipt);
        return {};
      case 'react':
        if (!this.world.message(this.#deviceOf(connection).account, call.messageId))
          throw new CallRefusal(404, 'item-not-found');
        this.react(this.#deviceOf(connection).account, call.messageId, this.#me(connection), call.text);
        return {};
      case 'chatState':
        this.#setChatState(this.#deviceOf(connection).account, call.chatId, call.state);
        return {};
      case 'exists':
        return this.#lookUp(call.id);
      case 'createGroup':
        return this.#createGroup(connection, call.subject, call.participants);
      case 'addParticipant':
        return { code: this.#addParticipant(connection, call.group, call.participant) };
      case 'removeParticipants':
        this.#requireAdmin(connection, call.group);
        this.changeGroup(call.group, this.#me(connection), { remove: call.participants });
        return {};
      case 'logout':
        this.world.unlink(this.#deviceOf(connection).id);
        return {};
      case 'linkPreview':
        return { becomes: this.#faults.linkPreviews };
      case 'groupMetadata':
        return { waitMs: this.#faults.groupMetadataMs };
      case 'dialog':
        this.#noteDialog(connection, call.happened);
        return {};
    }
  }

  #lookUp(id: string): CallAnswer['exists'] {
    const pn = this.world.registeredId(this.world.personId(id));
    if (!this.world.exists(pn)) return { exists: false };
    return isNumberJid(pn) ? { exists: true, identity: { lid: this.world.lidOf(pn), pn } } : { exists: true };
  }

  /** Left open too long, the "what's new" dialog costs the link. */
  #noteDialog(connection: Connection, happened: 'opened' | 'closed' | 'ignored'): void {
    const { account, id } = this.#deviceOf(connection);
    const { opened, open } = this.dialogs(account);
    if (happened === 'ignored') this.logout(id, false);
    else if (happened === 'opened') this.#dialogs.set(account, { opened: opened + 1, open: open + 1 });
    else this.#dialogs.set(account, { opened, open: Math.max(0, open - 1) });
  }

  /** A file's bytes, unless the servers have lost it. */
  download(directPath: string): Buffer | undefined {
    return this.#faults.filesGone ? undefined : this.#options.media.get(directPath);
  }

  upload(bytes: Buffer): ReturnType<MediaStore['put']> {
    return this.#options.media.put(bytes);
  }

  chatStates(account: AccountRecord): { chatId: string; state: ChatState }[] {
    const states = this.#chatStates.get(account.phoneNumber) ?? new Map();
    return [...states].map(([chatId, state]) => ({ chatId, state }));
  }

  /** A person reacts to a message: every account here that has it is notified. */
  react(account: string, messageId: string, by: string, text: string): void {
    this.#requireMessage(account, messageId);
    const author = this.world.personId(by);
    const id = this.#options.random(16).toUpperCase();
    this.#notifyHolders((holder) => {
      const message = this.world.react(holder, messageId, author, text);
      return (
        message && {
          type: 'reaction',
          id,
          about: messageId,
          chatId: message.chatId,
          author,
          text,
          at: this.#options.clock(),
        }
      );
    });
  }

  vote(account: string, messageId: string, by: string, options: string[]): void {
    const voter = this.world.personId(by);
    const known = this.#requireMessage(account, messageId).poll?.options;
    if (!known || options.some((option) => !known.includes(option)))
      throw new PhoneRefusal('unknown_message', 'the message is no poll with these options');
    const id = this.#options.random(16).toUpperCase();
    this.#notifyHolders((holder) => {
      const message = this.world.vote(holder, messageId, voter, options);
      return (
        message && {
          type: 'vote',
          id,
          about: messageId,
          chatId: message.chatId,
          voter,
          options,
          at: this.#options.clock(),
        }
      );
    });
  }

  revoke(account: string, messageId: string): void {
    this.#requireMessage(account, messageId);
    this.#notifyHolders((holder) => {
      const message = this.world.revoke(holder, messageId);
      return message && { type: 'revoked', chatId: message.chatId, id: messageId };
    });
  }

  /** The phone of a companion's account rings. */
  ring(account: AccountRecord, from: string, isVideo: boolean): string {
    const id = this.#options.random(16).toUpperCase();
    const caller = this.world.personId(from);
    this.#notify(account.phoneNumber, { type: 'call', id, from: caller, isVideo, isGroup: false });
    return id;
  }

  /** A contact writes to an account. */
  receive(account: AccountRecord, incoming: Incoming): MessageRecord {
    const message = this.world.receive(account, { ...incoming, from: this.world.personId(incoming.from) });
    this.#deliver(message);
    return message;
  }

  createGroup(account: AccountRecord, subject: string, participants: readonly string[]): GroupRecord {
    const group = this.world.createGroup(account, subject, participants);
    for (const member of group.participants.flatMap(({ id }) => this.world.account(id) ?? [])) {
      this.#notify(member.phoneNumber, { type: 'group', group: wireGroup(group) });
    }
    return group;
  }

  /** A person changes a group: its members here get the new state and a notification. */
  changeGroup(id: string, by: string, change: GroupChange): GroupRecord['participants'] {
    const { subject, add = [], remove = [], promote = [], demote = [], ...settings } = change;
    const copies = this.#groupsWith(id);
    const before = copies.find((group) => isMember(group, group.account)) ?? copies[0];
    if (!before) throw new PhoneRefusal('unknown_chat', `there is no group ${id}`);
    const added = add.filter((one) => !before.participants.some((member) => member.id === one));
    const removed = remove.filter((one) => before.participants.some((member) => member.id === one));
    const participants = [...before.participants, ...added.map((one) => ({ id: one, isAdmin: false }))]
      .filter((member) => !removed.includes(member.id))
      .map((member) => (promote.includes(member.id) ? { ...member, isAdmin: true } : member))
      .map((member) => (demote.includes(member.id) ? { ...member, isAdmin: false } : member));
    const changed = this.world.changeGroup(id, (group) => ({
      participants,
      subject: subject ?? group.subject,
      ...settings,
    }));
    for (const account of added.flatMap((one) => this.world.account(one) ?? [])) {
      const group = { ...before, ...settings, participants, subject: subject ?? before.subject };
      changed.push(this.world.joinGroup(account, group));
    }
    const happenings = [
      ...(subject === undefined ? [] : [{ subtype: 'subject', by, recipients: [] }]),
      ...(added.length === 0 ? [] : [{ subtype: 'add', by, recipients: added }]),
      ...(removed.length === 0
        ? []
        : [{ subtype: removed.every((one) => one === by) ? 'leave' : 'remove', by, recipients: removed }]),
      ...(promote.length === 0 ? [] : [{ subtype: 'promote', by, recipients: promote }]),
      ...(demote.length === 0 ? [] : [{ subtype: 'demote', by, recipients: demote }]),
      ...(settings.description === undefined ? [] : [{ subtype: 'description', by, recipients: [] }]),
      ...(settings.announce === undefined ? [] : [{ subtype: 'announce', by, recipients: [] }]),
      ...(settings.restrict === undefined ? [] : [{ subtype: 'restrict', by, recipients: [] }]),
    ];
    for (const group of changed) {
      this.#notify(group.account, { type: 'group', group: wireGroup(group) });
      for (const happening of happenings)
        this.#deliver(this.world.notifyGroup(group.account, group, happening));
    }
    return participants;
  }

  #groupsWith(id: string): GroupRecord[] {
    return this.world
      .accounts()
      .flatMap(({ phoneNumber }) => this.world.groups(phoneNumber).filter((group) => group.id === id));
  }

  #createGroup(connection: Connection, subject: string, participants: readonly string[]): WireGroup {
    const account = this.#accountOf(this.#deviceOf(connection));
    const group = this.createGroup(account, subject, participants);
    for (const each of this.#groupsWith(group.id)) {
      const happened = { subtype: 'create', by: group.owner, recipients: participants };
      this.#deliver(this.world.notifyGroup(each.account, each, happened));
    }
    return wireGroup(group);
  }

  #addParticipant(connection: Connection, groupId: string, participant: string): number {
    const group = this.world.groups(this.#deviceOf(connection).account).find(({ id }) => id === groupId);
    if (!group) throw new CallRefusal(404, 'item-not-found');
    if (!this.world.exists(participant)) return 404;
    if (group.participants.some(({ id }) => id === participant)) return 409;
    this.#requireAdmin(connection, groupId);
    this.changeGroup(groupId, this.#me(connection), { add: [participant] });
    return 200;
  }

  #requireAdmin(connection: Connection, groupId: string): void {
    const me = this.#me(connection);
    const group = this.world.groups(this.#deviceOf(connection).account).find(({ id }) => id === groupId);
    if (!group?.participants.some(({ id, isAdmin }) => id === me && isAdmin))
      throw new CallRefusal(403, 'forbidden');
  }

  #setChatState(account: string, chatId: string, state: ChatState): void {
    const states = this.#chatStates.get(account) ?? new Map<string, ChatState>();
    this.#chatStates.set(account, states.set(chatId, state));
  }

  #me(connection: Connection): string {
    return userJid(this.#deviceOf(connection).account);
  }

  #requireMessage(account: string, id: string): MessageRecord {
    const message = this.world.message(account, id);
    if (!message) throw new PhoneRefusal('unknown_message', `the account has no message ${id}`);
    return message;
  }

  /** Notifies every account here that has the message, in that account's form. */
  #notifyHolders(change: (account: string) => PageEvent | undefined): void {
    for (const { phoneNumber } of this.world.accounts()) {
      const event = change(phoneNumber);
      if (event) this.#notify(phoneNumber, event);
    }
  }

  /** The other side's receipt for one message, or for everything that the account sent. Returns how many changed. */
  acknowledge(account: AccountRecord, messageId: string | undefined, ack: number): number {
    const sent = this.world.messages(account.phoneNumber).filter(({ fromMe }) => fromMe);
    const chosen = messageId === undefined ? sent : sent.filter(({ id }) => id === messageId);
    if (messageId !== undefined && chosen.length === 0) {
      throw new PhoneRefusal('unknown_message', 'the account did not send this message');
    }
    const changed = chosen.flatMap(({ id }) => this.world.acknowledge(account.phoneNumber, id, ack) ?? []);
    for (const message of changed) this.#sendAck(message);
    return changed.length;
  }

  /** The phone removes companions from its list. `quiet`: a connected page receives no event. */
  logout(target: string, quiet: boolean): number {
    const devices = this.#devicesOf(target);
    for (const device of devices) {
      this.world.unlink(device.id);
      if (!quiet) for (const connection of this.#speakersFor(device.id)) connection.send({ type: 'logout' });
    }
    return devices.length;
  }

  /** Sends an event to the connected pages of a target; returns to how many. */
  notify(target: string, event: PageEvent): number {
    const connections = this.#connectionsOf(target);
    for (const connection of connections) connection.send(event);
    return connections.length;
  }

  scan(choice: { code?: string | undefined; page?: string | undefined }, account: AccountChoice) {
    return choice.code === undefined
      ? this.linking.scanPage(choice.page, account)
      : this.linking.scanCode(choice.code, account);
  }

  close(): void {
    this.linking.close();
    for (const connection of [...this.#connections.values()]) connection.close();
  }

  #attach(connection: Connection, deviceId: string): void {
    // WhatsApp lets one page speak for a companion: the older page receives a conflict and is disconnected.
    for (const older of this.#speakersFor(deviceId)) older.dismiss({ type: 'state', state: 'CONFLICT' });
    connection.deviceId = deviceId;
    const device = this.#deviceOf(connection);
    const account = this.#accountOf(device);
    if (account.banned) {
      connection.send({ type: 'state', state: 'TOS_BLOCK' });
      return;
    }
    this.presences.forget(account.phoneNumber);
    const messages = this.world.messages(account.phoneNumber).filter(({ deleted }) => !deleted);
    const missed = ({ seq, sentBy }: MessageRecord) => seq > device.receivedSeq && sentBy !== device.id;
    connection.send({
      type: 'welcome',
      me: {
        phoneNumber: account.phoneNumber,
        lid: account.lid,
        pushName: account.pushName,
        deviceIndex: device.index,
      },
      contacts: this.world.contacts(account.phoneNumber).map(({ id, name }) => ({ id, name })),
      groups: this.world.groups(account.phoneNumber).map(wireGroup),
      channels: this.world.channels(account.phoneNumber).filter(({ role }) => role !== 'guest'),
      chats: this.world.chats(account.phoneNumber),
      blocked: account.blocked ?? [],
      labels: account.labels,
      history: messages
        .filter((message) => !missed(message))
        .slice(-HISTORY_LENGTH)
        .map(wire),
      offline: messages.filter(missed).map(wire),
      sync: this.#faults.syncFast ? 'fast' : 'normal',
    });
  }

  #sendFrom(device: DeviceRecord, connection: Connection, draft: Draft): CallAnswer['send'] {
    if (this.#faults.refuseSend) throw new CallRefusal(463, 'message refused');
    this.#requireMayWrite(device.account, draft.chatId);
    if (draft.file && !this.#options.media.get(draft.file.directPath))
      throw new CallRefusal(400, 'no such file was uploaded');
    const { message, arrived } = this.world.send(device, draft);
    for (const copy of arrived) this.#deliver(copy);
    for (const other of this.#connectionsOf(device.account)) {
      if (other !== connection) other.send({ type: 'message', message: wire(message) });
    }
    // The sender learns "at the server" from the answer and anything higher as a receipt after it.
    if (message.ack > 1) setImmediate(() => this.#sendAck(message));
    return { ack: 1, timestamp: message.timestamp };
  }

  /** A blocked account cannot write at all, a non-member not to a group, a follower not to a channel. */
  #requireMayWrite(account: string, chatId: string): void {
    const groups = () => this.world.groups(account).filter(({ id }) => id === chatId);
    const channels = () => this.world.channels(account).filter(({ id }) => id === chatId);
    const allowed =
      !this.world.account(account)?.banned &&
      (!isGroup(chatId) || groups().some((group) => isMember(group, account))) &&
      (!chatId.endsWith('@newsletter') ||
        channels().some(({ role }) => role === 'owner' || role === 'admin'));
    if (!allowed) throw new CallRefusal(403, 'forbidden');
  }

  #deliver(message: MessageRecord): void {
    const contact = this.world.contacts(message.account).find(({ id }) => id === message.author);
    this.#notify(message.account, {
      type: 'message',
      message: wire(message),
      contact: contact && { id: contact.id, name: contact.name },
    });
  }

  #sendAck({ account, chatId, id, ack }: MessageRecord): void {
    this.#notify(account, { type: 'ack', chatId, id, ack });
  }

  #notify(account: string, event: PageEvent): void {
    for (const device of this.world.devices(account)) {
      for (const connection of this.#speakersFor(device.id)) connection.send(event);
    }
  }

  #accountOf({ account: phoneNumber }: DeviceRecord): AccountRecord {
    const account = this.world.account(phoneNumber);
    if (!account) throw new CallRefusal(500, 'companion without account');
    return account;
  }

  #deviceOf(connection: Connection): DeviceRecord {
    const device = connection.deviceId === undefined ? undefined : this.world.device(connection.deviceId);
    if (!device) throw new CallRefusal(401, 'not linked');
    return device;
  }

  #speakersFor(deviceId: string): Connection[] {
    return [...this.#connections.values()].filter((connection) => connection.deviceId === deviceId);
  }

  #devicesOf(target: string): DeviceRecord[] {
    const device = this.world.device(target);
    if (device) return [device];
    const account = this.world.account(target);
    if (account) return this.world.devices(account.phoneNumber);
    if (this.#connections.has(target)) return [];
    throw new PhoneRefusal('unknown_target', `no account, linked device or page is called ${target}`);
  }

  #connectionsOf(target: string): Connection[] {
    const page = this.#connections.get(target);
    return page ? [page] : this.#devicesOf(target).flatMap(({ id }) => this.#speakersFor(id));
  }
}

type Addressed = WithIdentities<CallAnswer[Call['op']]>;

type ChatState = 'composing' | 'recording' | 'paused';

const wireGroup = ({ kind: _kind, account: _account, invite: _invite, ...group }: GroupRecord): WireGroup => {
  return group;
};
