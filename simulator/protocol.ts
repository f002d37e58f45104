/**
 * The protocol between the simulated page and its server: one streamed response to the page (a JSON event per line),
 * POSTs to the server. The page belongs to this project, but its requests are validated: a test may send requests
 * from the page's origin.
 */
import * as z from 'zod';
import { buildNames } from '../contract/phone/behavior.ts';
import type { ShownPresence } from '../contract/phone/happenings.ts';
import { type PasskeyChallenge, passkeyAssertionArgs } from '../contract/whatsapp/passkey.ts';
import type { Identity } from './addressing.ts';
import { channelCalls, chatCalls, groupCalls, messageCalls } from './calls.ts';
import { type Content, contentSchema } from './model/content.ts';
import type { MessageRecord } from './model/records.ts';

const key = z.string().min(8).max(200);

/** POST /sim/connect, answered by the stream of events. */
export const connectSchema = z.object({
  noiseKey: key,
  identityKey: key,
  platform: z.string().max(40),
  /** The browser's first language, as pages see it. */
  language: z.string().max(100).default(''),
  /** The page's own build, which may be another than the one that is served now. */
  build: z.enum(buildNames),
  device: z.object({ id: z.string().max(100), token: z.string().max(200) }).optional(),
  /** Whether the origin's Local Storage still holds what a link put there. */
  localStorage: z.boolean().default(false),
});
export type ConnectRequest = z.infer<typeof connectSchema>;

const chatId = z.string().min(5).max(100);

const draftSchema = contentSchema.extend({
  id: z.string().min(8).max(64),
  chatId: z.string().min(5).max(100),
  type: z.string().max(40),
  body: z.string().max(65_536),
  mentions: z.array(z.string().max(100)).max(1024),
  quotedId: z.string().max(64).optional(),
  preview: z.string().max(1000).optional(),
  forwarded: z.boolean().optional(),
});

/** POST /sim/call: what an open connection asks for. */
export const callSchema = z.object({
  connection: z.string().max(100),
  call: z.discriminatedUnion('op', [
    z.object({ op: z.literal('refreshCode') }),
    z.object({ op: z.literal('pairingCode'), phoneNumber: z.string().max(30) }),
    z.object({ op: z.literal('showQr') }),
    z.object({ op: z.literal('passkeyOptions') }),
    z.object({ op: z.literal('passkeyPrologue'), assertion: passkeyAssertionArgs }),
    z.object({ op: z.literal('confirmPasskey') }),
    z.object({ op: z.literal('cancelPasskey') }),
    z.object({ op: z.literal('send'), message: draftSchema }),
    z.object({ op: z.literal('received'), seq: z.int() }),
    z.object({ op: z.literal('seen'), chatId: z.string().max(100) }),
    z.object({ op: z.literal('react'), messageId: z.string().max(64), text: z.string().max(40) }),
    ...messageCalls,
    ...chatCalls,
    ...groupCalls,
    ...channelCalls,
    z.object({ op: z.literal('chatState'), chatId, state: z.enum(['composing', 'recording', 'paused']) }),
    z.object({ op: z.literal('exists'), id: chatId }),
    z.object({
      op: z.literal('createGroup'),
      subject: z.string().min(1).max(100),
      participants: z.array(chatId),
    }),
    z.object({ op: z.literal('addParticipant'), group: chatId, participant: chatId }),
    z.object({ op: z.literal('removeParticipants'), group: chatId, participants: z.array(chatId) }),
    z.object({ op: z.literal('logout') }),
    z.object({ op: z.literal('linkPreview'), url: z.string().max(2048) }),
    z.object({ op: z.literal('groupMetadata'), group: chatId }),
    /** A dialog opened or closed; the "what's new" dialog was left open too long. */
    z.object({ op: z.literal('dialog'), happened: z.enum(['opened', 'closed', 'ignored']) }),
  ]),
});
export type Call = z.infer<typeof callSchema>['call'];
export type MessageCall = z.infer<(typeof messageCalls)[number]>;
export type ChatCall = z.infer<(typeof chatCalls)[number]>;
export type GroupCall = z.infer<(typeof groupCalls)[number]>;
export type ChannelCall = z.infer<(typeof channelCalls)[number]>;
/** The calls of linked companions except sending. */
export type CompanionCall = MessageCall | ChatCall | GroupCall | ChannelCall;
const companionOps: ReadonlySet<string> = new Set(
  [...messageCalls, ...chatCalls, ...groupCalls, ...channelCalls].map(({ shape }) => shape.op.value),
);
export const isCompanionCall = (call: Call): call is CompanionCall => companionOps.has(call.op);

/** Answers of the calls; a refusal is a 4xx with `{ error }`. */
export type CallAnswer = {
  refreshCode: Record<string, never>;
  pairingCode: { code: string };
  showQr: Record<string, never>;
  /** The valid challenge, as JSON. A new one if the last was used. */
  passkeyOptions: PasskeyChallenge;
  passkeyPrologue: Record<string, never>;
  confirmPasskey: Record<string, never>;
  cancelPasskey: Record<string, never>;
  send: { ack: number; timestamp: number };
  received: Record<string, never>;
  seen: Record<string, never>;
  react: Record<string, never>;
  /** `at` in ms. */
  edit: { at: number };
  revoke: Record<string, never>;
  deleteMessage: Record<string, never>;
  star: Record<string, never>;
  pin: Record<string, never>;
  vote: Record<string, never>;
  setChat: Record<string, never>;
  emptyChat: Record<string, never>;
  block: Record<string, never>;
  saveContact: Record<string, never>;
  about: { about: string };
  picture: { url: string };
  setPicture: Record<string, never>;
  setProfile: Record<string, never>;
  presence: Record<string, never>;
  followPresence: Record<string, never>;
  rejectCall: Record<string, never>;
  setSubject: Record<string, never>;
  setDescription: Record<string, never>;
  setGroupProperty: Record<string, never>;
  setAdmins: Record<string, never>;
  leaveGroup: Record<string, never>;
  inviteCode: { code: string };
  inviteInfo: {
    id: string;
    subject: string;
    owner: string;
    createdAt: number;
    description: string;
    size: number;
  };
  joinGroup: { id: string };
  createChannel: WireChannel;
  deleteChannel: Record<string, never>;
  followChannel: Record<string, never>;
  muteChannel: Record<string, never>;
  findChannels: { channels: WireChannel[] };
  channelInfo: WireChannel;
  channelByInvite: WireChannel;
  chatState: Record<string, never>;
  /** With both ids, if WhatsApp reveals them. */
  exists: { exists: boolean; identity?: Identity | undefined };
  createGroup: WireGroup;
  /** As WhatsApp's server: 200 added, 403 not an admin, 404 not on WhatsApp, 409 a member already. */
  addParticipant: { code: number };
  removeParticipants: Record<string, never>;
  logout: Record<string, never>;
  dialog: Record<string, never>;
  linkPreview: { becomes: 'none' | 'given' | 'failing' | 'silent' };
  /** How long WhatsApp takes for it. */
  groupMetadata: { waitMs: number };
};
/** Every event and answer carries both ids of the people in it, as far as WhatsApp reveals them. */
export type WithIdentities<T> = T & { identities?: Identity[] | undefined };

export type WireMe = { phoneNumber: string; lid: string; pushName: string; deviceIndex: number };
export type WireMessage = Content & {
  id: string;
  seq: number;
  chatId: string;
  fromMe: boolean;
  author: string;
  type: string;
  body: string;
  timestamp: number;
  ack: number;
  mentions: string[];
  quoted?: { id: string; author: string; type: string; body: string } | undefined;
  unread: boolean;
  votes?: { voter: string; options: string[] }[] | undefined;
  subtype?: string | undefined;
  recipients?: string[] | undefined;
  /** Companions get nothing of what it holds. */
  viewOnce?: boolean | undefined;
  /** Its content comes later. */
  waiting?: boolean | undefined;
  edited?: boolean | undefined;
  preview?: string | undefined;
  forwarded?: boolean | undefined;
  starred?: boolean | undefined;
  reactions?: { author: string; text: string }[] | undefined;
};
export type WireChannel = {
  id: string;
  name: string;
  role: 'owner' | 'admin' | 'subscriber' | 'guest';
  description?: string | undefined;
  invite?: string | undefined;
  muted?: boolean | undefined;
};
/** How the account keeps a chat. */
export type WireChat = {
  id: string;
  archived?: boolean | undefined;
  markedUnread?: boolean | undefined;
  labels?: string[] | undefined;
  gone?: boolean | undefined;
};
export type WireLabel = { id: string; name: string; color: number };

/** A message as a page gets it. Content that companions may not see, or not yet, is not sent. */
export const wire = (message: MessageRecord): WireMessage => {
  const { kind: _kind, account: _account, sentBy: _sentBy, ...fields } = message;
  if (!message.fromMe && (message.viewOnce || message.waiting)) {
    const { file: _file, location: _location, poll: _poll, cards: _cards, ...rest } = fields;
    return { ...rest, type: 'ciphertext', body: '' };
  }
  return fields;
};
export type WireContact = { id: string; name: string };
export type WireGroup = {
  id: string;
  subject: string;
  owner: string;
  participants: { id: string; isAdmin: boolean }[];
  createdAt: number;
  description?: string | undefined;
  announce?: boolean | undefined;
  restrict?: boolean | undefined;
};

/** Everything that the server sends to a page, in order. */
export type PageEvent =
  | {
      type: 'hello';
      connection: string;
      profileKilobytes: number;
      /** A dialog that no client knows opens as well. */
      unknownDialog: boolean;
      /** How long the "what's new" dialog may stay open. */
      whatsNewMs: number;
    }
  | { type: 'unpaired'; ref: string }
  | { type: 'ref'; ref: string }
  /** The phone was scanned or its letters typed in, and the account has a passkey. */
  | { type: 'passkey' }
  | { type: 'passkeyCode'; code: string }
  | { type: 'linked'; device: { id: string; token: string } }
  | {
      type: 'welcome';
      me: WireMe;
      contacts: WireContact[];
      groups: WireGroup[];
      channels: WireChannel[];
      chats: WireChat[];
      blocked: string[];
      /** Of a business account. */
      labels?: WireLabel[] | undefined;
      history: WireMessage[];
      /** The messages that arrived while this companion was offline. */
      offline: WireMessage[];
      /** `fast`: sync ends at once, with or without a listener. */
      sync: 'fast' | 'normal';
    }
  | { type: 'message'; message: WireMessage; contact?: WireContact | undefined }
  | { type: 'group'; group: WireGroup }
  /** About the message with this id in this chat. `at` in ms. */
  | { type: 'reaction'; id: string; about: string; chatId: string; author: string; text: string; at: number }
  | { type: 'vote'; id: string; about: string; chatId: string; voter: string; options: string[]; at: number }
  | { type: 'revoked'; chatId: string; id: string }
  /** The account deleted it for itself. */
  | { type: 'deleted'; chatId: string; id: string }
  | { type: 'edited'; chatId: string; about: string; text: string; at: number }
  /** The message, which had come without its content. */
  | { type: 'resolved'; message: WireMessage }
  | { type: 'channel'; channel: WireChannel }
  | { type: 'chat'; chat: WireChat }
  /** All labels of the account, which became a business or changed them. */
  | { type: 'labels'; labels: WireLabel[] }
  /** What a person does in a chat whose presence the page follows. `at` in seconds. */
  | { type: 'presence'; chatId: string; participant: string; state: ShownPresence; at: number }
  | { type: 'call'; id: string; from: string; isVideo: boolean; isGroup: boolean }
  | { type: 'ack'; chatId: string; id: string; ack: number }
  | { type: 'state'; state: string }
  | { type: 'logout' }
  | { type: 'reload' }
  | { type: 'freeze' };
