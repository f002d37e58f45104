/** The models behind WhatsApp Web's collections. */
import type { WireGroup, WireMe, WireMessage } from '../protocol.ts';
import { type Collection, modelOf } from './model.ts';
import { MsgKey } from './msg-key.ts';
import { createWid, type Wid } from './wid.ts';

export type QuotedMsg = { type: string; body: string };
export type MsgAttributes = {
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
}

/** A message as the server tells it, as the page's model of it. */
export function msgFromWire(
  wire: WireMessage,
  me: WireMe & { wid: Wid },
  name: string | undefined,
  isNewMsg: boolean,
): MsgModel {
  const chat = createWid(wire.chatId);
  const author = createWid(wire.author);
  return new MsgModel({
    id: new MsgKey({
      fromMe: wire.fromMe,
      remote: chat,
      id: wire.id,
      participant: chat.isGroup() ? author : undefined,
    }),
    from: wire.fromMe ? me.wid : chat,
    to: wire.fromMe ? chat : me.wid,
    author: chat.isGroup() ? author : undefined,
    type: wire.type,
    body: wire.body,
    t: wire.timestamp,
    ack: wire.ack,
    self: wire.fromMe ? 'out' : 'in',
    isNewMsg,
    notifyName: name,
    mentionedJidList: wire.mentions.map(createWid),
    ...(wire.quoted && {
      quotedMsg: { type: wire.quoted.type, body: wire.quoted.body },
      quotedStanzaID: wire.quoted.id,
      quotedParticipant: createWid(wire.quoted.author),
    }),
  });
}

type ContactAttributes = { id: Wid; name?: string | undefined; pushname?: string | undefined; type: string };
export class ContactModel extends modelOf<ContactAttributes>() {
  constructor(id: Wid) {
    super({ id, type: 'in' });
  }
}

type GroupAttributes = {
  id: Wid;
  subject: string;
  owner: Wid;
  creation: number;
  participants: GroupParticipant[];
};
type GroupParticipant = { id: Wid; isAdmin: boolean; isSuperAdmin: boolean };
export class GroupMetadataModel extends modelOf<GroupAttributes>() {
  constructor(group: WireGroup) {
    const owner = createWid(group.owner);
    super({
      id: createWid(group.id),
      subject: group.subject,
      owner,
      creation: Math.floor(group.createdAt / 1000),
      participants: group.participants.map(({ id, isAdmin }) => ({
        id: createWid(id),
        isAdmin,
        isSuperAdmin: owner.equals(id),
      })),
    });
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
  lastReceivedKey?: MsgKey | undefined;
};
export class ChatModel extends modelOf<ChatAttributes>() {
  readonly #msgs: Collection<MsgModel>;
  #group: GroupMetadataModel | undefined;

  constructor(id: Wid, msgs: Collection<MsgModel>) {
    super({ id, formattedTitle: id.user, t: 0, unreadCount: 0, archive: false, pin: 0, muteExpiration: 0 });
    this.#msgs = msgs;
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

  /** The chat's messages, oldest first. */
  get msgs() {
    const own = this.#msgs.getModelsArray().filter(({ id }) => id.remote.equals(this.id));
    return { getModelsArray: () => own, length: own.length };
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
