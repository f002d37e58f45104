/**
 * The simulated WhatsApp as rules without I/O: accounts on phones, the companions linked to them, and the messages
 * between them. Time, randomness and the place where records are kept come from outside.
 */
import type { Clock } from '../../contract/clock.ts';
import type { Content } from './content.ts';
import { isGroup, isNumberJid, numberOf, userJid } from './jid.ts';
import type {
  AccountRecord,
  ChannelRecord,
  ChatRecord,
  ContactRecord,
  DeviceRecord,
  GroupRecord,
  MessageRecord,
  PasskeyRecord,
  ProfileRecord,
  WorldRecord,
} from './records.ts';
import { recordKey } from './records.ts';
import { registeredSpelling } from './spelling.ts';

/** WhatsApp's acknowledgement levels. */
export const ACK = { pending: 0, server: 1, delivered: 2, read: 3, played: 4 } as const;

type WorldOptions = {
  /** The kept records, oldest first. */
  readonly records?: Iterable<WorldRecord>;
  /** Called with every new or changed record, before the change is visible. */
  readonly write?: (record: WorldRecord) => void;
  readonly clock: Clock;
  /** Random bytes as lower-case hex, `bytes` of them. */
  readonly random: (bytes: number) => string;
};

export type CompanionKeys = {
  readonly noiseKey: string;
  readonly identityKey: string;
  readonly platform: string;
};
type Credentials = { readonly id: string; readonly token: string; readonly identityKey: string };
export type Draft = Content & {
  readonly id: string;
  readonly chatId: string;
  readonly type: string;
  readonly body: string;
  readonly mentions: readonly string[];
  readonly quotedId?: string | undefined;
  readonly preview?: string | undefined;
  readonly forwarded?: boolean | undefined;
};
export type Incoming = Content & {
  readonly from: string;
  readonly name?: string | undefined;
  readonly chatId?: string | undefined;
  /** What WhatsApp calls the kind. */
  readonly type?: string | undefined;
  readonly body: string;
  readonly mentions?: readonly string[] | undefined;
  readonly quotedId?: string | undefined;
  readonly viewOnce?: boolean | undefined;
  readonly waiting?: boolean | undefined;
};

/** Whether the account is in the group, as this copy of it knows. */
export const isMember = (group: GroupRecord, account: string): boolean =>
  group.participants.some(({ id }) => id === userJid(account));

export class World {
  /** By kind and then by key: looking for a companion must not walk over every message. */
  readonly #records = new Map<WorldRecord['kind'], Map<string, WorldRecord>>();
  readonly #messages = new Map<string, MessageRecord[]>();
  readonly #options: WorldOptions;

  constructor(options: WorldOptions) {
    this.#options = options;
    for (const record of options.records ?? []) this.#remember(record);
  }

  /** Everything remembered, one record a thing. */
  records(): WorldRecord[] {
    return [...this.#records.values()].flatMap((kept) => [...kept.values()]);
  }

  accounts(): AccountRecord[] {
    return this.#all('account');
  }

  /** The account of a phone number or id, however it is written. */
  account(name: string): AccountRecord | undefined {
    return (
      this.#get('account', `account/${numberOf(name)}`) ?? this.accounts().find(({ lid }) => lid === name)
    );
  }

  /** The account with this number, created if it does not exist; without a number, a new one. */
  ensureAccount(
    wanted: { phoneNumber?: string | undefined; pushName?: string | undefined } = {},
  ): AccountRecord {
    const phoneNumber = wanted.phoneNumber ?? this.#freeNumber();
    const known = this.account(phoneNumber);
    if (known && (wanted.pushName === undefined || wanted.pushName === known.pushName)) return known;
    return this.#put({
      kind: 'account',
      phoneNumber,
      lid: known?.lid ?? this.#get('identity', `identity/${phoneNumber}`)?.lid ?? `${this.#digits(14)}@lid`,
      pushName: wanted.pushName ?? `Phone ${phoneNumber.slice(-4)}`,
    });
  }

  passkey(account: string): PasskeyRecord | undefined {
    return this.#get('passkey', `passkey/${account}`);
  }

  keepPasskey(passkey: PasskeyRecord): void {
    this.#put(passkey);
  }

  /** The hidden id of a phone number's id, given at the first question. */
  lidOf(pn: string): string {
    const phoneNumber = numberOf(pn);
    const known =
      this.#get('account', `account/${phoneNumber}`) ?? this.#get('identity', `identity/${phoneNumber}`);
    return (known ?? this.#put({ kind: 'identity', phoneNumber, lid: `${this.#digits(14)}@lid` })).lid;
  }

  /** The phone number's id of a hidden id; undefined if no number belongs to it here. */
  pnOf(lid: string): string | undefined {
    const known =
      this.accounts().find((account) => account.lid === lid) ??
      this.#all('identity').find((identity) => identity.lid === lid);
    return known && userJid(known.phoneNumber);
  }

  /** A person's id as it is kept here: by numberif the number is known. */
  personId(id: string): string {
    return id.endsWith('@lid') ? (this.pnOf(id) ?? id) : id;
  }

  /** Links a companion with these keys, as after a scan. */
  link(account: AccountRecord, keys: CompanionKeys): DeviceRecord {
    const earlier = this.#all('device').filter((device) => device.account === account.phoneNumber);
    return this.#put({
      kind: 'device',
      id: `dev_${this.#options.random(8)}`,
      account: account.phoneNumber,
      index: earlier.length + 1,
      token: this.#options.random(32),
      ...keys,
      linkedAt: this.#options.clock(),
      receivedSeq: this.#messagesOf(account.phoneNumber).at(-1)?.seq ?? 0,
      removed: false,
    });
  }

  /** The companions that the phone lists as linked, of one account or of all. */
  devices(account?: string): DeviceRecord[] {
    return this.#all('device').filter(
      (device) => !device.removed && (account === undefined || device.account === account),
    );
  }

  device(id: string): DeviceRecord | undefined {
    return this.devices().find((device) => device.id === id);
  }

  /** The linked companion with these credentials; undefined once the phone removed it, or if it never was. */
  authenticate(credentials: Credentials): DeviceRecord | undefined {
    const device = this.device(credentials.id);
    const matches = device?.token === credentials.token && device.identityKey === credentials.identityKey;
    return matches ? device : undefined;
  }

  unlink(deviceId: string): void {
    const device = this.device(deviceId);
    if (device) this.#put({ ...device, removed: true });
  }

  contacts(account: string): ContactRecord[] {
    return this.#all('contact').filter((contact) => contact.account === account);
  }

  groups(account: string): GroupRecord[] {
    return this.#all('group').filter((group) => group.account === account);
  }

  createGroup(account: AccountRecord, subject: string, participants: readonly string[]): GroupRecord {
    const owner = userJid(account.phoneNumber);
    const members = [...new Set([owner, ...participants])];
    const group = {
      kind: 'group',
      id: `1203${this.#digits(14)}@g.us`,
      subject,
      owner,
      participants: members.map((id) => ({ id, isAdmin: id === owner })),
      createdAt: this.#options.clock(),
    } as const;
    for (const member of members.slice(1).flatMap((id) => this.account(id) ?? [])) {
      this.#put({ ...group, participants: [...group.participants], account: member.phoneNumber });
    }
    return this.#put({ ...group, account: account.phoneNumber });
  }

  messages(account: string): readonly MessageRecord[] {
    return this.#messagesOf(account);
  }

  message(account: string, id: string): MessageRecord | undefined {
    return this.#get('message', `message/${account}/${id}`);
  }

  /** A message of another person arrives at the account. */
  receive(account: AccountRecord, incoming: Incoming): MessageRecord {
    const chatId = incoming.chatId ?? incoming.from;
    if (incoming.name !== undefined) this.nameContact(account.phoneNumber, incoming.from, incoming.name);
    return this.post(account.phoneNumber, {
      // WhatsApp on Android makes ids of 32 hex digits; the library recognizes the device by that.
      id: this.#options.random(16).toUpperCase(),
      chatId,
      fromMe: false,
      author: incoming.from,
      type: incoming.type ?? 'chat',
      body: incoming.body,
      ...contentOf(incoming),
      ack: ACK.server,
      mentions: [...(incoming.mentions ?? [])],
      quoted: this.#quote(account.phoneNumber, incoming.quotedId),
      unread: true,
      ...(incoming.viewOnce && { viewOnce: true }),
      ...(incoming.waiting && { waiting: true }),
    });
  }

  /**
   * A companion sends. If the recipient is an account here, its phone has the message at once.
   *
   * @returns the message as the sender keeps it, and the copies that arrived at other accounts
   */
  send(device: DeviceRecord, draft: Draft): { message: MessageRecord; arrived: MessageRecord[] } {
    const repeated = this.message(device.account, draft.id);
    if (repeated) return { message: repeated, arrived: [] };
    const arrived = this.#recipients(device.account, draft.chatId).map((recipient) =>
      this.post(recipient.phoneNumber, {
        ...this.#content(device.account, draft),
        chatId: isGroup(draft.chatId) ? draft.chatId : userJid(device.account),
        fromMe: false,
        author: userJid(device.account),
        ack: ACK.server,
        unread: true,
      }),
    );
    const message = this.post(device.account, {
      ...this.#content(device.account, draft),
      chatId: draft.chatId,
      fromMe: true,
      author: userJid(device.account),
      ack: arrived.length > 0 ? ACK.delivered : ACK.server,
      unread: false,
      sentBy: device.id,
    });
    return { message, arrived };
  }

  /** Raises a sent message's acknowledgement; lower or equal levels change nothing. */
  acknowledge(account: string, id: string, ack: number): MessageRecord | undefined {
    const message = this.message(account, id);
    if (!message?.fromMe || message.ack >= ack) return undefined;
    return this.#put({ ...message, ack });
  }

  /** The account read a chat: its messages are seen, and senders that are accounts here get their receipt. */
  see(account: string, chatId: string): { receipts: MessageRecord[] } {
    const unread = this.#messagesOf(account).filter((message) => message.chatId === chatId && message.unread);
    for (const message of unread) this.#put({ ...message, unread: false });
    const receipts = unread.flatMap(({ author, id }) => {
      const sender = this.account(author);
      return (sender && this.acknowledge(sender.phoneNumber, id, ACK.read)) ?? [];
    });
    return { receipts };
  }

  /** A person's reaction to a message as this account has it; an empty one removes the earlier one. */
  react(account: string, id: string, author: string, text: string): MessageRecord | undefined {
    const message = this.message(account, id);
    if (!message) return undefined;
    const others = (message.reactions ?? []).filter((reaction) => reaction.author !== author);
    return this.#put({ ...message, reactions: text === '' ? others : [...others, { author, text }] });
  }

  /** A person's vote in a poll as this account has it; replaces an earlier one. */
  vote(account: string, id: string, voter: string, options: string[]): MessageRecord | undefined {
    const message = this.message(account, id);
    if (!message?.poll) return undefined;
    const others = (message.votes ?? []).filter((vote) => vote.voter !== voter);
    return this.#put({ ...message, votes: [...others, { voter, options }] });
  }

  /** The author deleted it for all participants: its content is gone. */
  revoke(account: string, id: string): MessageRecord | undefined {
    const message = this.message(account, id);
    if (!message) return undefined;
    const { file: _file, location: _location, poll: _poll, cards: _cards, ...rest } = message;
    return this.#put({ ...rest, type: 'revoked', body: '' });
  }

  /** The author changes the text, or the caption of a file. */
  edit(account: string, id: string, text: string): MessageRecord | undefined {
    const message = this.message(account, id);
    return message && this.#put({ ...message, body: text, edited: true });
  }

  /** An event in a group, as one of its members sees it: a message without an author. */
  notifyGroup(
    account: string,
    group: GroupRecord,
    happened: { readonly subtype: string; readonly by: string; readonly recipients: readonly string[] },
  ): MessageRecord {
    return this.post(account, {
      id: this.#options.random(16).toUpperCase(),
      chatId: group.id,
      fromMe: false,
      author: happened.by,
      type: 'gp2',
      subtype: happened.subtype,
      recipients: [...happened.recipients],
      body: happened.subtype === 'subject' ? group.subject : '',
      ack: ACK.server,
      mentions: [],
      unread: false,
    });
  }

  /**
   * Changes a group for every account here that is a member; returns each account's copy. Who has left keeps the group as
   * it was.
   */
  changeGroup(id: string, change: (group: GroupRecord) => Partial<GroupRecord>): GroupRecord[] {
    return this.#all('group')
      .filter((group) => group.id === id && isMember(group, group.account))
      .map((group) => this.#put({ ...group, ...change(group) }));
  }

  /** Gives a group to an account that has come into it. */
  joinGroup(account: AccountRecord, group: GroupRecord): GroupRecord {
    return this.#put({ ...group, account: account.phoneNumber });
  }

  /** The id under which WhatsApp knows a number, in whichever spelling the request has it. */
  registeredId(id: string): string {
    if (!isNumberJid(id)) return id;
    return userJid(
      registeredSpelling(numberOf(id), (digits) => this.#get('account', `account/${digits}`) !== undefined),
    );
  }

  /** Whether this number is on WhatsApp. All numbers are, except those that end in six zeros. */
  exists(id: string): boolean {
    return this.account(id) !== undefined || !numberOf(id).endsWith('000000');
  }

  /** The companion has everything up to this message. */
  confirmReceipt(deviceId: string, seq: number): void {
    const device = this.device(deviceId);
    if (device && seq > device.receivedSeq) this.#put({ ...device, receivedSeq: seq });
  }

  #recipients(sender: string, chatId: string): AccountRecord[] {
    const members = isGroup(chatId)
      ? (this.groups(sender)
          .find((group) => group.id === chatId)
          ?.participants.map(({ id }) => id) ?? [])
      : [chatId];
    return members
      .flatMap((id) => this.account(id) ?? [])
      .filter(({ phoneNumber }) => phoneNumber !== sender);
  }

  #content(account: string, draft: Draft) {
    return {
      id: draft.id,
      type: draft.type,
      body: draft.body,
      ...contentOf(draft),
      mentions: [...draft.mentions],
      quoted: this.#quote(account, draft.quotedId),
      ...(draft.preview !== undefined && { preview: draft.preview }),
      ...(draft.forwarded && { forwarded: true }),
    };
  }

  #quote(account: string, id: string | undefined): MessageRecord['quoted'] {
    const original = id === undefined ? undefined : this.message(account, id);
    return original && { id: original.id, author: original.author, type: original.type, body: original.body };
  }

  /** The account's address book has this name. */
  nameContact(account: string, id: string, name: string): void {
    const known = this.contacts(account).find((contact) => contact.id === id);
    if (known?.name !== name) this.#put({ kind: 'contact', account, id, name });
  }

  /** Keeps a message of an account, after its existing ones. Its time is now if none is given. */
  post(
    account: string,
    fields: Omit<MessageRecord, 'kind' | 'account' | 'seq' | 'timestamp'> & { timestamp?: number },
  ): MessageRecord {
    const { chatId: id } = fields;
    if (this.chat(account, id).gone) this.#put({ kind: 'chat', account, id });
    return this.#put({
      kind: 'message',
      account,
      seq: (this.#messagesOf(account).at(-1)?.seq ?? 0) + 1,
      timestamp: Math.floor(this.#options.clock() / 1000),
      ...fields,
    });
  }

  /** Keeps a new version of a record. */
  keep<T extends WorldRecord>(record: T): T {
    return this.#put(record);
  }

  channels(account: string): ChannelRecord[] {
    return this.everyChannel().filter((channel) => channel.account === account);
  }

  /** Those of all accounts: one record for each account that has it. */
  everyChannel(): ChannelRecord[] {
    return this.#all('channel').filter(({ gone }) => !gone);
  }

  /** Those of all accounts: one record for each account that has it. */
  everyGroup(): GroupRecord[] {
    return this.#all('group');
  }

  /** How the account keeps the chat. */
  chat(account: string, id: string): ChatRecord {
    return this.#get('chat', `chat/${account}/${id}`) ?? { kind: 'chat', account, id };
  }

  chats(account: string): ChatRecord[] {
    return this.#all('chat').filter((chat) => chat.account === account);
  }

  profile(id: string): ProfileRecord {
    return this.#get('profile', `profile/${id}`) ?? { kind: 'profile', id };
  }

  #messagesOf(account: string): MessageRecord[] {
    return this.#messages.get(account) ?? [];
  }

  #freeNumber(): string {
    for (;;) {
      const phoneNumber = `491555${this.#digits(7)}`;
      if (!this.account(phoneNumber)) return phoneNumber;
    }
  }

  #digits(count: number): string {
    return BigInt(`0x${this.#options.random(count)}`)
      .toString()
      .slice(-count)
      .padStart(count, '7');
  }

  #all<K extends WorldRecord['kind']>(kind: K): Extract<WorldRecord, { kind: K }>[] {
    return [...(this.#records.get(kind)?.values() ?? [])].filter((record) => isKind(record, kind));
  }

  #get<K extends WorldRecord['kind']>(kind: K, key: string): Extract<WorldRecord, { kind: K }> | undefined {
    const record = this.#records.get(kind)?.get(key);
    return record && isKind(record, kind) ? record : undefined;
  }

  #put<T extends WorldRecord>(record: T): T {
    this.#options.write?.(record);
    this.#remember(record);
    return record;
  }

  #remember(record: WorldRecord): void {
    const kept = this.#records.get(record.kind) ?? new Map<string, WorldRecord>();
    this.#records.set(record.kind, kept.set(recordKey(record), record));
    if (record.kind !== 'message') return;
    const messages = this.#messages.get(record.account) ?? [];
    this.#messages.set(record.account, messages);
    const at = messages.findLastIndex(({ seq }) => seq <= record.seq);
    const same = at >= 0 && messages[at]?.seq === record.seq;
    messages.splice(same ? at : at + 1, same ? 1 : 0, record);
  }
}

const isKind = <K extends WorldRecord['kind']>(
  record: WorldRecord,
  kind: K,
): record is Extract<WorldRecord, { kind: K }> => {
  return record.kind === kind;
};

/** Without keys whose value is undefined. */
const contentOf = ({ file, location, poll, cards, event }: Content): Content => {
  return {
    ...(file && { file }),
    ...(location && { location }),
    ...(poll && { poll }),
    ...(cards && { cards }),
    ...(event && { event }),
  };
};
