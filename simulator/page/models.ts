/** The models behind WhatsApp Web's collections. */
import type { Content } from '../model/content.ts';
import type { WireChat, WireGroup, WireMe, WireMessage } from '../protocol.ts';
import { BUILD } from './build.ts';
import { type Collection, modelOf } from './model.ts';
import { MsgKey } from './msg-key.ts';
import { createWid, type Wid } from './wid.ts';

/** The attributes by which WhatsApp Web keeps what a message holds beside its text. */
type ContentAttributes = {
  caption?: string | undefined;
  mimetype?: string | undefined;
  filename?: string | undefined;
  size?: number | undefined;
  filehash?: string | undefined;
  encFilehash?: string | undefined;
  directPath?: string | undefined;
  mediaKey?: string | undefined;
  mediaKeyTimestamp?: number | undefined;
  loc?: string | undefined;
  lat?: number | undefined;
  lng?: number | undefined;
  clientUrl?: string | undefined;
  pollName?: string | undefined;
  pollOptions?: { name: string; localId: number }[] | undefined;
  pollSelectableOptionsCount?: number | undefined;
  vcardFormattedName?: string | undefined;
  vcardList?: { displayName: string; vcard: string }[] | undefined;
  subtype?: string | undefined;
  recipients?: Wid[] | undefined;
  isNotification?: boolean | undefined;
  /** Of a link's preview. */
  title?: string | undefined;
  matchedText?: string | undefined;
  isViewOnce?: boolean | undefined;
  latestEditMsgKey?: string | undefined;
  latestEditSenderTimestampMs?: number | undefined;
  isForwarded?: boolean | undefined;
  star?: boolean | undefined;
  /** It has a reaction; the collection of reactions says whose. */
  hasReaction?: boolean | undefined;
  eventName?: string | undefined;
  eventDescription?: string | undefined;
  eventStartTime?: number | undefined;
  eventEndTime?: number | null | undefined;
  eventLocation?: { name: string } | undefined;
  /** Of a channel's post: its number there. */
  serverId?: number | undefined;
};

export type QuotedMsg = { type: string; body: string };
export type MsgAttributes = ContentAttributes & {
  id: MsgKey;
  from: Wid;
  to: Wid;
  author?: Wid | undefined;
  type: string;
  body: string;
  /** seconds since the epoch */
  t: number;
  ack: number;
  self: 'in' | 'out';
  isNewMsg: boolean;
  notifyName?: string | undefined;
  mentionedJidList: Wid[];
  quotedMsg?: QuotedMsg | undefined;
  quotedStanzaID?: string | undefined;
  quotedParticipant?: Wid | undefined;
};

export class MsgModel extends modelOf<MsgAttributes>() {
  /** The fields that make another message a reply to this one. */
  msgContextInfo(): Partial<MsgAttributes> {
    return {
      quotedMsg: { type: this.type, body: this.body },
      quotedStanzaID: this.id.id,
      quotedParticipant: this.author ?? this.from,
    };
  }

  canReply(): boolean {
    return true;
  }

  /** Its file: at the servers, and to be had at once. */
  get mediaData(): { mediaStage: string } | undefined {
    return this.directPath === undefined ? undefined : { mediaStage: 'RESOLVED' };
  }

  async downloadMedia(): Promise<void> {}

  /** The fields that only uploads to channels have. */
  avParams(): object {
    return {};
  }

  updateAck(ack: number): void {
    if (this.ack < ack) this.set({ ack });
  }
}

/** The fields that the server keeps of a message that the library made. */
export const contentToWire = (msg: MsgAttributes): Content & { body: string } => {
  const { directPath, type } = msg;
  if (directPath !== undefined) {
    const { mimetype = '', filename, size = 0, filehash = '', caption } = msg;
    return { body: caption ?? '', file: { mimetype, filename, size, sha256: filehash, directPath } };
  }
  if (type === 'location') {
    const { loc, lat = 0, lng = 0, clientUrl } = msg;
    return { body: loc ?? '', location: { lat, lng, url: clientUrl } };
  }
  if (type === 'poll_creation') {
    const { pollName, pollOptions = [], pollSelectableOptionsCount } = msg;
    const options = pollOptions.map(({ name }) => name);
    return { body: pollName ?? '', poll: { options, multiple: pollSelectableOptionsCount === 0 } };
  }
  if (type === 'event_creation') {
    const { eventName = '', eventDescription, eventStartTime = 0, eventEndTime, eventLocation } = msg;
    const event = {
      start: eventStartTime,
      end: eventEndTime ?? undefined,
      description: eventDescription,
      location: eventLocation?.name,
    };
    return { body: eventName, event };
  }
  if (type === 'vcard') {
    const body = msg.body ?? '';
    return { body, cards: [{ name: msg.vcardFormattedName ?? '', vcard: body }] };
  }
  if (type === 'multi_vcard') {
    return {
      body: '',
      cards: (msg.vcardList ?? []).map(({ displayName, vcard }) => ({ name: displayName, vcard })),
    };
  }
  return { body: msg.body ?? '' };
};

/** And the way back. */
const contentFromWire = (wire: WireMessage): Partial<MsgAttributes> => {
  const { type, body, file, location, poll, cards, event } = wire;
  if (file) {
    const { sha256, ...known } = file;
    return { ...known, body: '', caption: body, filehash: sha256, encFilehash: sha256 };
  }
  if (location) {
    const { lat, lng, url } = location;
    return { body: '', loc: body, lat, lng, clientUrl: url };
  }
  if (poll) {
    return {
      body: '',
      pollName: body,
      pollOptions: poll.options.map((name, localId) => ({ name, localId })),
      pollSelectableOptionsCount: poll.multiple ? 0 : 1,
    };
  }
  if (event) {
    return {
      eventName: body,
      eventDescription: event.description,
      eventStartTime: event.start,
      eventEndTime: event.end,
      ...(event.location !== undefined && { eventLocation: { name: event.location } }),
    };
  }
  if (type === 'multi_vcard')
    return { vcardList: (cards ?? []).map(({ name, vcard }) => ({ displayName: name, vcard })) };
  if (type === 'vcard') return { vcardFormattedName: cards?.[0]?.name };
  if (type === 'gp2')
    return {
      subtype: wire.subtype,
      recipients: (wire.recipients ?? []).map(createWid),
      isNotification: true,
    };
  return {};
};

/** A message as the server sends it, as the page's model of it. */
export const msgFromWire = (
  wire: WireMessage,
  me: WireMe & { wid: Wid; lidWid: Wid },
  name: string | undefined,
  isNewMsg: boolean,
): MsgModel => {
  const chat = createWid(wire.chatId);
  const author = createWid(wire.author);
  const byHiddenId = chat.isLid() || (chat.isGroup() && BUILD.addressing === 'lid');
  const own = byHiddenId ? me.lidWid : me.wid;
  return new MsgModel({
    id: new MsgKey({
      fromMe: wire.fromMe,
      remote: chat,
      id: wire.id,
      participant: chat.isGroup() ? author : undefined,
    }),
    from: wire.fromMe ? own : chat,
    to: wire.fromMe ? chat : own,
    author: chat.isGroup() ? author : undefined,
    type: wire.type,
    body: wire.body,
    t: wire.timestamp,
    ack: wire.ack,
    self: wire.fromMe ? 'out' : 'in',
    isNewMsg,
    notifyName: name,
    mentionedJidList: wire.mentions.map(createWid),
    ...contentFromWire(wire),
    ...(wire.type === 'ciphertext' && wire.viewOnce && { subtype: 'view_once_unavailable_fanout' }),
    ...(wire.forwarded && { isForwarded: true }),
    ...(wire.starred && { star: true }),
    ...(wire.edited && { latestEditSenderTimestampMs: wire.timestamp * 1000 }),
    ...(wire.quoted && {
      quotedMsg: { type: wire.quoted.type, body: wire.quoted.body },
      quotedStanzaID: wire.quoted.id,
      quotedParticipant: createWid(wire.quoted.author),
    }),
  });
};

type ContactAttributes = {
  id: Wid;
  /** Of a person who is kept by hidden id. */
  phoneNumber?: Wid | undefined;
  name?: string | undefined;
  pushname?: string | undefined;
  isContactBlocked?: boolean | undefined;
  type: string;
};
export class ContactModel extends modelOf<ContactAttributes>() {
  constructor(id: Wid) {
    super({ id, type: 'in' });
  }
}

type GroupAttributes = {
  id: Wid;
  subject: string;
  desc: string;
  descId?: string | undefined;
  /** Only admins write. */
  announce: boolean;
  /** Only admins change its name, description and picture. */
  restrict: boolean;
  owner: Wid;
  creation: number;
  participants: Participants;
  isLidAddressingMode: boolean;
};
type GroupParticipant = { id: Wid; isAdmin: boolean; isSuperAdmin: boolean };

/** The members of a group, as WhatsApp Web's collection of them. */
class Participants {
  readonly #members: readonly GroupParticipant[];
  constructor(members: readonly GroupParticipant[]) {
    this.#members = members;
  }
  get(id: unknown): GroupParticipant | undefined {
    return this.#members.find((member) => member.id.equals(id));
  }
  find(isIt: (member: GroupParticipant) => boolean): GroupParticipant | undefined {
    return this.#members.find(isIt);
  }
  serialize(): GroupParticipant[] {
    return this.#members.map((member) => ({ ...member }));
  }
}
export class GroupMetadataModel extends modelOf<GroupAttributes>() {
  constructor(group: WireGroup) {
    const owner = createWid(group.owner);
    super({
      id: createWid(group.id),
      subject: group.subject,
      desc: group.description ?? '',
      announce: group.announce ?? false,
      restrict: group.restrict ?? false,
      owner,
      creation: Math.floor(group.createdAt / 1000),
      isLidAddressingMode: BUILD.addressing === 'lid',
      participants: new Participants(
        group.participants.map(({ id, isAdmin }) => ({
          id: createWid(id),
          isAdmin,
          isSuperAdmin: owner.equals(id),
        })),
      ),
    });
  }

  override serialize(): Record<string, unknown> {
    return { ...super.serialize(), participants: this.participants.serialize() };
  }
}

type ChatAttributes = {
  id: Wid;
  name?: string | undefined;
  formattedTitle: string;
  t: number;
  unreadCount: number;
  archive: boolean;
  pin: number;
  muteExpiration: number;
  /** Ids of labels, of a business account. */
  labels?: string[] | undefined;
  lastReceivedKey?: MsgKey | undefined;
};
/** The pending actions of a chat, while they run, as in WhatsApp Web. */
export type ChatPromises = {
  sendRevokeMsgs?: Promise<unknown> | null;
  sendDeleteMsgs?: Promise<unknown> | null;
  sendStarMsgs?: Promise<unknown> | null;
};

export class ChatModel extends modelOf<ChatAttributes>() {
  readonly #promises: ChatPromises = {};
  readonly #msgs: Collection<MsgModel>;
  readonly #isMe: (id: unknown) => boolean;
  #group: GroupMetadataModel | undefined;

  constructor(id: Wid, msgs: Collection<MsgModel>, isMe: (id: unknown) => boolean) {
    super({ id, formattedTitle: id.user, t: 0, unreadCount: 0, archive: false, pin: 0, muteExpiration: 0 });
    this.#msgs = msgs;
    this.#isMe = isMe;
  }

  get promises(): ChatPromises {
    return this.#promises;
  }

  iAmAdmin(): boolean {
    return this.#group?.participants.find(({ id }) => this.#isMe(id))?.isAdmin ?? false;
  }

  get mute() {
    return { expiration: this.muteExpiration };
  }

  get groupMetadata(): GroupMetadataModel | undefined {
    return this.#group;
  }

  set groupMetadata(group: GroupMetadataModel) {
    this.#group = group;
    this.set({ name: group.subject, formattedTitle: group.subject });
  }

  /** The fields that the server keeps. */
  take({ archived = false, markedUnread = false, labels }: Omit<WireChat, 'id'>): void {
    const unreadCount = markedUnread ? -1 : Math.max(0, this.unreadCount);
    this.set({ archive: archived, unreadCount, labels });
  }

  /** The chat's messages, oldest first. */
  get msgs() {
    const own = this.#msgs
      .getModelsArray()
      .filter(({ id }) => id.remote.equals(this.id))
      .sort((a, b) => a.t - b.t);
    return { getModelsArray: () => own, length: own.length, add: (msg: MsgModel) => this.#msgs.add(msg) };
  }

  override serialize(): Record<string, unknown> {
    return { ...super.serialize(), msgs: this.msgs.getModelsArray().map(({ id }) => id) };
  }

  /** Takes note of a message that was added. */
  noteMsg(msg: MsgModel, unread: boolean): void {
    this.set({
      t: Math.max(this.t, msg.t),
      lastReceivedKey: msg.id,
      ...(unread && { unreadCount: this.unreadCount + 1 }),
    });
  }
}
