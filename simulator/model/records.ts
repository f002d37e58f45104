/** The records of the simulated WhatsApp. Each record replaces the earlier one of the same kind and key. */
import * as z from 'zod';
import { contentSchema } from './content.ts';

const accountRecord = z.object({
  kind: z.literal('account'),
  /** digits only; the account's key everywhere */
  phoneNumber: z.string(),
  lid: z.string(),
  pushName: z.string(),
  /** WhatsApp has blocked it. */
  banned: z.boolean().optional(),
  /** Whom it has blocked. */
  blocked: z.array(z.string()).optional(),
  /** Its companions show it as online. */
  online: z.boolean().optional(),
  rejectedCalls: z.array(z.string()).optional(),
  /** A business account has labels. */
  labels: z.array(z.object({ id: z.string(), name: z.string(), color: z.int() })).optional(),
});

const deviceRecord = z.object({
  kind: z.literal('device'),
  id: z.string(),
  account: z.string(),
  /** The companion's number within its account, as in `491701234567:3@c.us`. */
  index: z.int(),
  token: z.string(),
  noiseKey: z.string(),
  identityKey: z.string(),
  platform: z.string(),
  linkedAt: z.number(),
  /** The last message (its `seq`) whose receipt the companion confirmed. */
  receivedSeq: z.int(),
  /** A removed device is kept as removed: its number is never given again. */
  removed: z.boolean(),
});

/** The passkey of an account, and whether linking asks for it. */
const passkeyRecord = z.object({
  kind: z.literal('passkey'),
  account: z.string(),
  /** base64url */
  id: z.string(),
  /** PKCS #8, base64 */
  privateKey: z.string(),
  userHandle: z.string(),
  counter: z.int(),
  required: z.boolean(),
  /** Linking continues with a code that is compared. */
  confirm: z.boolean(),
});

/** The hidden id of a person who has no account here. */
const identityRecord = z.object({
  kind: z.literal('identity'),
  /** digits only */
  phoneNumber: z.string(),
  lid: z.string(),
});

const contactRecord = z.object({
  kind: z.literal('contact'),
  account: z.string(),
  id: z.string(),
  name: z.string(),
});

const groupRecord = z.object({
  kind: z.literal('group'),
  account: z.string(),
  id: z.string(),
  subject: z.string(),
  owner: z.string(),
  participants: z.array(z.object({ id: z.string(), isAdmin: z.boolean() })),
  createdAt: z.number(),
  description: z.string().optional(),
  /** Only admins write. */
  announce: z.boolean().optional(),
  /** Only admins change its name, description and picture. */
  restrict: z.boolean().optional(),
  invite: z.string().optional(),
});

/** How an account keeps a chat. */
const chatRecord = z.object({
  kind: z.literal('chat'),
  account: z.string(),
  id: z.string(),
  archived: z.boolean().optional(),
  markedUnread: z.boolean().optional(),
  labels: z.array(z.string()).optional(),
  /** It was deleted, for this account. */
  gone: z.boolean().optional(),
});

/** The profile that a person or a group shows. */
const profileRecord = z.object({
  kind: z.literal('profile'),
  id: z.string(),
  about: z.string().optional(),
  /** A data URL. */
  picture: z.string().optional(),
});

/** A channel as one account sees it. */
const channelRecord = z.object({
  kind: z.literal('channel'),
  account: z.string(),
  id: z.string(),
  name: z.string(),
  role: z.enum(['owner', 'admin', 'subscriber', 'guest']),
  description: z.string().optional(),
  invite: z.string().optional(),
  muted: z.boolean().optional(),
  /** Its owner deleted it. */
  gone: z.boolean().optional(),
});

const quotedSchema = z.object({
  id: z.string(),
  author: z.string(),
  type: z.string(),
  body: z.string(),
});

const messageRecord = contentSchema.extend({
  kind: z.literal('message'),
  account: z.string(),
  id: z.string(),
  /** Order within the account, from 1. */
  seq: z.int(),
  chatId: z.string(),
  fromMe: z.boolean(),
  author: z.string(),
  type: z.string(),
  body: z.string(),
  /** seconds since the epoch */
  timestamp: z.int(),
  ack: z.int(),
  mentions: z.array(z.string()),
  quoted: quotedSchema.optional(),
  unread: z.boolean(),
  /** One for each who reacted. */
  reactions: z.array(z.object({ author: z.string(), text: z.string() })).optional(),
  /** Of a poll: one for each who voted. */
  votes: z.array(z.object({ voter: z.string(), options: z.array(z.string()) })).optional(),
  /** Of what happened in a group (type `gp2`): what, and to whom. */
  subtype: z.string().optional(),
  recipients: z.array(z.string()).optional(),
  /** It may be seen once: companions get no content. */
  viewOnce: z.boolean().optional(),
  /** Its content has not come to companions yet. */
  waiting: z.boolean().optional(),
  edited: z.boolean().optional(),
  /** The account deleted it for itself: its phone and companions do not show it any more. */
  deleted: z.boolean().optional(),
  starred: z.boolean().optional(),
  /** How long it is pinned; 0: no longer. */
  pinnedSeconds: z.int().optional(),
  forwarded: z.boolean().optional(),
  /** The title of the preview of its link. */
  preview: z.string().optional(),
  /** The companion that sent it. */
  sentBy: z.string().optional(),
});

export const worldRecord = z.discriminatedUnion('kind', [
  accountRecord,
  deviceRecord,
  identityRecord,
  contactRecord,
  groupRecord,
  channelRecord,
  messageRecord,
  passkeyRecord,
  chatRecord,
  profileRecord,
]);

export type AccountRecord = z.infer<typeof accountRecord>;
export type DeviceRecord = z.infer<typeof deviceRecord>;
export type PasskeyRecord = z.infer<typeof passkeyRecord>;
export type ContactRecord = z.infer<typeof contactRecord>;
export type ChannelRecord = z.infer<typeof channelRecord>;
export type GroupRecord = z.infer<typeof groupRecord>;
export type ChatRecord = z.infer<typeof chatRecord>;
export type ProfileRecord = z.infer<typeof profileRecord>;
export type MessageRecord = z.infer<typeof messageRecord>;
export type WorldRecord = z.infer<typeof worldRecord>;

/** Two records with the same key are versions of one thing; the later one counts. */
export const recordKey = (record: WorldRecord): string => {
  switch (record.kind) {
    case 'account':
      return `account/${record.phoneNumber}`;
    case 'device':
      return `device/${record.id}`;
    case 'passkey':
      return `passkey/${record.account}`;
    case 'identity':
      return `identity/${record.phoneNumber}`;
    case 'profile':
      return `profile/${record.id}`;
    default:
      return `${record.kind}/${record.account}/${record.id}`;
  }
};
