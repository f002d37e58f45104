/** The server side of WhatsApp: connects pages, links them, and answers their calls. */
import type { Clock } from '../contract/clock.ts';
import type { BuildName, Faults } from '../contract/phone/behavior.ts';
import { addressForPage, addressFromPage } from './addressing.ts';
import { type Build, buildNamed } from './builds.ts';
import { Connection } from './connection.ts';
import { Groups, wireGroup } from './groups.ts';
import { Happenings } from './happenings.ts';
import { type AccountChoice, Linking } from './linking.ts';
import type { MediaStore } from './media-store.ts';
import { Messages } from './messages.ts';
import type { AccountRecord, MessageRecord } from './model/records.ts';
import type { World } from './model/world.ts';
import { PageCalls } from './page-calls.ts';
import { Pages } from './pages.ts';
import { Presences } from './presences.ts';
import {
  type Call,
  type CallAnswer,
  type ConnectRequest,
  type PageEvent,
  type WithIdentities,
  wire,
} from './protocol.ts';

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
  readonly pages: Pages;
  readonly messages: Messages;
  readonly groups: Groups;
  readonly calls: PageCalls;
  readonly #options: ExchangeOptions;
  #faults: Faults = NO_FAULTS;
  #build: BuildName;

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
    this.pages = new Pages(options.world);
    const shared = {
      ...options,
      refusesSends: () => this.#faults.refuseSend,
      notify: (account: string, event: PageEvent) => this.pages.notify(account, event),
    };
    this.presences = new Presences(shared);
    this.happenings = new Happenings(shared);
    this.messages = new Messages({ ...shared, pagesOf: (account) => this.pages.of(account) });
    this.groups = new Groups({ ...shared, deliver: (message) => this.messages.deliver(message) });
    this.calls = new PageCalls(this, {
      ...shared,
      followPresence: (account, chatId) => this.presences.follow(account, chatId),
      changeGroup: (id, by, change) => this.groups.change(id, by, change),
      vote: (account, messageId, by, chosen) => this.messages.vote(account, messageId, by, chosen),
      requireMayWrite: (account, chatId) => this.messages.requireMayWrite(account, chatId),
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

  setFaults(change: { [K in keyof Faults]?: Faults[K] | undefined }): Faults {
    const given = Object.entries(change).filter(([, value]) => value !== undefined);
    this.#faults = { ...this.#faults, ...Object.fromEntries(given) };
    if (change.unpairedIdle) this.linking.goIdle();
    return this.#faults;
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
    connection.network = this.pages.network(identityKey);
    this.pages.add(connection);
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

  /** The language of a connected companion's browser. */
  languageOf(deviceId: string): string | undefined {
    return this.pages.ofDevice(deviceId)[0]?.language;
  }

  connected(deviceId: string): boolean {
    return this.pages.ofDevice(deviceId).length > 0;
  }

  /** Answers what a page asks for on its open connection, both in the manner of the page's build. */
  call(connection: Connection, call: Call): Addressed | Promise<Addressed> {
    const answer = this.calls.answer(connection, addressFromPage(call, this.world));
    const addressed = (given: CallAnswer[Call['op']]) => this.#addressed(given, connection.build);
    return answer instanceof Promise ? answer.then(addressed) : addressed(answer);
  }

  #addressed<T extends object>(value: T, build: Build): WithIdentities<T> {
    const { event, identities } = addressForPage(value, build, this.world);
    return identities.length === 0 ? event : { ...event, identities };
  }

  /** A file's bytes, unless the servers have lost it. */
  download(directPath: string): Buffer | undefined {
    return this.#faults.filesGone ? undefined : this.#options.media.get(directPath);
  }

  upload(bytes: Buffer): ReturnType<MediaStore['put']> {
    return this.#options.media.put(bytes);
  }

  /** The phone of a companion's account rings. */
  ring(account: AccountRecord, from: string, isVideo: boolean): string {
    const id = this.#options.random(16).toUpperCase();
    const caller = this.world.personId(from);
    this.pages.notify(account.phoneNumber, { type: 'call', id, from: caller, isVideo, isGroup: false });
    return id;
  }

  /** The phone removes companions from its list. `quiet`: a connected page receives no event. */
  logout(target: string, quiet: boolean): number {
    const devices = this.pages.devicesOf(target);
    for (const device of devices) {
      this.world.unlink(device.id);
      if (!quiet)
        for (const connection of this.pages.ofDevice(device.id)) connection.send({ type: 'logout' });
    }
    return devices.length;
  }

  scan(choice: { code?: string | undefined; page?: string | undefined }, account: AccountChoice) {
    return choice.code === undefined
      ? this.linking.scanPage(choice.page, account)
      : this.linking.scanCode(choice.code, account);
  }

  close(): void {
    this.linking.close();
    this.pages.close();
  }

  #attach(connection: Connection, deviceId: string): void {
    // WhatsApp lets one page speak for a companion: the older page receives a conflict and is disconnected.
    for (const older of this.pages.ofDevice(deviceId)) older.dismiss({ type: 'state', state: 'CONFLICT' });
    connection.deviceId = deviceId;
    const device = this.pages.deviceOf(connection);
    const account = this.pages.accountOf(connection);
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
}

type Addressed = WithIdentities<CallAnswer[Call['op']]>;
