/** Parts of the operations of the phone API: ids, accounts, messages, refusals. */
import * as z from 'zod';

/** The closed set of refusals. */
const phoneErrorCodes = [
  'bad_request',
  'no_pending_page',
  'ambiguous_page',
  'code_malformed',
  'code_unknown',
  'code_expired',
  'code_mismatch',
  'pairing_code_unknown',
  'pairing_code_expired',
  'wrong_account',
  'challenge_unknown',
  'unknown_account',
  'unknown_target',
  'unknown_message',
  'unknown_chat',
  'device_limit',
  'not_found',
  'internal',
] as const;
export const phoneErrorSchema = z.object({
  error: z.object({ code: z.enum(phoneErrorCodes), message: z.string() }),
});
export type PhoneErrorCode = (typeof phoneErrorCodes)[number];

/** International number without symbols; a leading + and separators are dropped. */
export const phoneNumber = z
  .string()
  .transform((value) => value.replace(/[+\s().-]/g, ''))
  .pipe(z.string().regex(/^[1-9]\d{6,14}$/, 'must be an international phone number, 7 to 15 digits'));
export const jid = z
  .string()
  .regex(
    /^[\w.:-]+@(c\.us|g\.us|lid|broadcast|newsletter)$/,
    'must be a WhatsApp id such as 15550001111@c.us',
  );
/** The author: a phone number or a full id. */
export const correspondent = z.union([jid, phoneNumber.transform((digits) => `${digits}@c.us`)]);
/** An account (phone number or id), a linked device's id, or a pending page's id. */
export const target = z.string().min(1).max(100);

export const accountChoice = z.union([
  phoneNumber.transform((digits) => ({ phoneNumber: digits })),
  z.object({ phoneNumber: phoneNumber.optional(), pushName: z.string().min(1).max(100).optional() }),
]);

/** Answers that only confirm. */
export const done = z.object({ ok: z.literal(true) });
export const affected = z.object({ affected: z.int() });

const deviceSchema = z.object({
  id: z.string(),
  platform: z.string(),
  /** ms since the epoch */
  linkedAt: z.number(),
  connected: z.boolean(),
  /** The language of its browser, while it is connected: a BCP 47 tag such as en-US. */
  language: z.string().optional(),
});
export const accountSchema = z.object({
  phoneNumber: z.string(),
  id: z.string(),
  lid: z.string(),
  pushName: z.string(),
  devices: z.array(deviceSchema),
});
export type PhoneAccount = z.infer<typeof accountSchema>;

export const pendingPageSchema = z.object({
  id: z.string(),
  /** `idle`: the page gave up refreshing its code and waits for a click or a reload. */
  shows: z.enum(['qr', 'pairing_code', 'passkey', 'passkey_code', 'idle']),
  /** How often the code was renewed. */
  refreshes: z.number(),
  /** ms since the epoch */
  since: z.number(),
});
export type PendingPage = z.infer<typeof pendingPageSchema>;

/** 0 pending, 1 at the server, 2 delivered, 3 read, 4 played; as WhatsApp counts them. */
const ackLevel = z.int().min(0).max(4);
export const messageSchema = z.object({
  id: z.string(),
  chatId: z.string(),
  fromMe: z.boolean(),
  author: z.string(),
  type: z.string(),
  body: z.string(),
  /** seconds since the epoch */
  timestamp: z.number(),
  ack: ackLevel,
  mentions: z.array(z.string()),
  quotedId: z.string().optional(),
  /** Of received messages: the session has not marked them as read. */
  unread: z.boolean(),
  /** `body` is its caption. */
  file: z
    .object({
      mimetype: z.string(),
      filename: z.string().optional(),
      /** bytes */
      size: z.number(),
      /** lower-case hex */
      sha256: z.string(),
    })
    .optional(),
  /** `body` is its name. */
  location: z.object({ lat: z.number(), lng: z.number(), url: z.string().optional() }).optional(),
  /** `body` is its question. */
  poll: z.object({ options: z.array(z.string()), multiple: z.boolean() }).optional(),
  /** Something that takes place; `body` is its name. Times in seconds since the epoch. */
  event: z
    .object({
      start: z.int(),
      end: z.int().optional(),
      description: z.string().optional(),
      location: z.string().optional(),
    })
    .optional(),
  cards: z.array(z.object({ name: z.string(), vcard: z.string() })).optional(),
  reactions: z.array(z.object({ author: z.string(), text: z.string() })),
  votes: z.array(z.object({ voter: z.string(), options: z.array(z.string()) })),
  /** It may be seen once; linked devices do not get what it holds. */
  viewOnce: z.boolean().optional(),
  /** Its content has not come yet. */
  waiting: z.boolean().optional(),
  /** Its text was changed. */
  edited: z.boolean().optional(),
  /** The account deleted it for itself. */
  deleted: z.boolean().optional(),
  starred: z.boolean().optional(),
  /** How long it is pinned in its chat; 0: no longer. */
  pinnedSeconds: z.int().optional(),
  forwarded: z.boolean().optional(),
  /** The title of the preview of the link in it. */
  preview: z.string().optional(),
});
export type PhoneMessage = z.infer<typeof messageSchema>;
