/** Messages: how they are named and shown, and the arguments of the commands that send them. Shapes as in WAHA's API. */
import * as z from 'zod';

/**
 * A chat's id as WAHA's clients write it: a number without `@c.us`, with a plus sign, spaces or hyphens, with
 * `@s.whatsapp.net`, or with the number of a device (`4917…:12@s.whatsapp.net`).
 */
const normalizeChatId = (text: string): string => {
  const [user = '', server] = text.trim().split('@', 2);
  const number = user.replace(/[\s()+-]/g, '');
  if (server === undefined) return /^\d{5,20}$/.test(number) ? `${number}@c.us` : text;
  if (server === 'c.us' || server === 's.whatsapp.net') return `${number.replace(/:\d+$/, '')}@c.us`;
  return server === 'lid' ? `${user.replace(/:\d+$/, '')}@lid` : `${user}@${server}`;
};

/** `491701234567@c.us`, `…@g.us`, `…@lid`, `…@newsletter`, `status@broadcast`; other spellings become these. */
export const chatIdSchema = z
  .string()
  .max(128)
  .regex(
    /^\s*(\+?[\d\s()-]{5,}|[\w.+:\s()-]+@(c\.us|g\.us|lid|newsletter|broadcast|s\.whatsapp\.net))\s*$/,
    'must be a chat id such as 491701234567@c.us',
  )
  .transform(normalizeChatId)
  .pipe(
    z
      .string()
      .regex(
        /^[0-9A-Za-z._-]+@(c\.us|g\.us|lid|newsletter|broadcast)$/,
        'must be a chat id such as 491701234567@c.us',
      ),
  );

/**
 * The phone number's id (`491701234567@c.us`) of a person who is named by hidden id (`@lid`), if WhatsApp reveals it.
 */
export const numberIdSchema = z
  .string()
  .optional()
  .describe(
    "The phone number's id, when the other id is a hidden one (`@lid`) and WhatsApp reveals the number.",
  );

/** As the API shows it: `true_491701234567@c.us_3EB0…`, in groups with who wrote at the end. */
export const messageIdSchema = z.string().min(1).max(256);

/**
 * A message's file. The link needs no key and is good for some hours; without one, `error` says why there is none:
 * the message is delivered all the same.
 */
const mediaSchema = z.object({
  url: z.url().optional(),
  mimetype: z.string().nullable(),
  filename: z.string().nullable(),
  /** Bytes. */
  size: z.int().nullable(),
  error: z.string().optional(),
});
export type Media = z.infer<typeof mediaSchema>;

/** A message as WAHA shows it; `type`, `poll` and `media.size` are ours. `timestamp` in seconds, as WhatsApp has it. */
export const messageSchema = z.object({
  id: z.string(),
  timestamp: z.int(),
  from: z.string(),
  fromPn: numberIdSchema,
  fromMe: z.boolean(),
  /** In events of the account's own messages: sent by a command of this session, or elsewhere (phone, another device). */
  source: z.enum(['api', 'app']).optional(),
  to: z.string(),
  toPn: numberIdSchema,
  /** In answers to sends: the recipient, which may be another spelling of the number than the request's. */
  chatId: z.string().optional(),
  participant: z.string().optional(),
  participantPn: numberIdSchema,
  /** The text; of a file its caption, of a poll its question. */
  body: z.string(),
  /** WhatsApp's own name of the kind: `chat`, `image`, `video`, `ptt`, `document`, `location`, `vcard` … */
  type: z.string().optional(),
  /** In events: it came while the session was not running, and is delivered afterwards. */
  late: z.literal(true).optional(),
  hasMedia: z.boolean(),
  /** It may be opened once; if `media` has an error, on the phone only. */
  viewOnce: z.literal(true).optional(),
  /** Of files, in events and in a list if requested; null if there is none. */
  media: mediaSchema.nullable().optional(),
  mediaUrl: z.string().optional().describe('Deprecated: `media.url`.'),
  location: z
    .object({
      latitude: z.number(),
      longitude: z.number(),
      /** A position that moves. */
      live: z.boolean().optional(),
      name: z.string().optional(),
      address: z.string().optional(),
      url: z.string().optional(),
      description: z.string().optional(),
    })
    .optional(),
  vCards: z.array(z.string()).optional(),
  poll: z.object({ options: z.array(z.string()), multipleAnswers: z.boolean() }).optional(),
  /** In lists that would be larger than 6 MB: a text was cut. Ask for fewer to have it whole. */
  truncated: z.literal(true).optional(),
  ack: z.int(),
  ackName: z.enum(['ERROR', 'PENDING', 'SERVER', 'DEVICE', 'READ', 'PLAYED']),
  replyTo: z
    .object({
      id: z.string(),
      body: z.string().optional(),
      participant: z.string().optional(),
      hasMedia: z.boolean().optional(),
      /** The data of its file, without a link: the file itself is not fetched. */
      media: mediaSchema.nullable().optional(),
      truncated: z.literal(true).optional(),
    })
    .optional(),
  _data: z
    .record(z.string(), z.json())
    .optional()
    .describe(
      "In events: the engine's own fields of the message, without previews. Left out if they exceed 16 KB. They change with WhatsApp Web.",
    ),
});
export type Message = z.infer<typeof messageSchema>;

/** Lambda takes 6 MB an invocation, base64 makes four characters of three bytes, and the rest of the request has room. */
export const MAX_INLINE_MEDIA_BYTES = 4 * 1024 * 1024;
/** Of a command that may have to wait for its session: DynamoDB takes 400 KB an item. */
export const MAX_KEPT_ARGS_BYTES = 300 * 1024;

const mimetype = z
  .string()
  .max(256)
  .regex(/^[\w.+-]+\/[\w.+-]+(\s*;\s*[\w.+-]+=("[^"]*"|[\w.+-]+))*$/, 'must be a type such as image/png');
const filename = z
  .string()
  .min(1)
  .max(255)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: names with control characters are what this refuses
  .regex(/^[^/\\\u0000-\u001f\u007f]+$/, 'must be a file name without a path');

/** By URL: fetched by the session's worker. `mimetype` if the server does not say the right one. */
const remoteFile = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).max(2048),
  mimetype: mimetype.optional(),
  filename: filename.optional(),
});
/** In the request, as base64. */
const inlineFile = z.strictObject({
  data: z.base64().min(4, 'is empty: WhatsApp does not accept empty files'),
  mimetype,
  filename: filename.optional(),
});
export const fileSchema = z.union([inlineFile, remoteFile]);
export type FileSource = z.infer<typeof fileSchema>;

const message = z.strictObject({
  chatId: chatIdSchema,
  reply_to: messageIdSchema.optional(),
});
/** Means every member of the group. */
export const ALL_MEMBERS = 'all';
const mentions = z
  .array(z.union([z.literal(ALL_MEMBERS), chatIdSchema]))
  .max(1024)
  .optional()
  .describe('Ids of mentioned people; `all` mentions every member of the group.');
const captioned = message.extend({ file: fileSchema, caption: z.string().max(65_536).optional(), mentions });

export const sendTextArgs = message.extend({
  text: z.string().min(1).max(65_536),
  mentions,
  linkPreview: z.boolean().optional(),
});
export const sendImageArgs = captioned;
export const sendFileArgs = captioned;
export const sendVideoArgs = captioned;
/** Sent as it is: WhatsApp plays voice messages in Ogg with Opus. */
export const sendVoiceArgs = message.extend({ file: fileSchema });

export const sendLocationArgs = message.extend({
  latitude: z.number().min(-90).max(90),
  longitude: z.number().min(-180).max(180),
  title: z.string().max(1024).optional(),
});

const vcard = z
  .string()
  .max(65_536)
  .regex(/^BEGIN:VCARD\r?\n[\s\S]*\r?\nEND:VCARD\s*$/, 'must be a vCard');
/** Names and numbers become lines of a vCard. */
const line = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[^\r\n]+$/, 'must be one line');
const describedContact = z.strictObject({
  fullName: line,
  organization: line.nullish(),
  phoneNumber: line.regex(/^\+?[\d\s().-]+$/, 'must be a phone number'),
  /** The number's id at WhatsApp: with it the card offers to write there. */
  whatsappId: z
    .string()
    .regex(/^\d{7,15}$/, 'must be digits')
    .nullish(),
  vcard: z.null().optional(),
});
export const contactCardSchema = z.union([z.strictObject({ vcard }), describedContact]);
export type ContactCard = z.infer<typeof contactCardSchema>;
export const sendContactVcardArgs = message.extend({ contacts: z.array(contactCardSchema).min(1).max(50) });

export const sendPollArgs = message.extend({
  poll: z.strictObject({
    name: z.string().trim().min(1).max(255),
    options: z
      .array(z.string().trim().min(1).max(100))
      .min(2)
      .max(12)
      .refine((options) => new Set(options).size === options.length, 'must differ from each other'),
    multipleAnswers: z.boolean().default(false),
  }),
});

/** A message of a chat. */
const oneMessage = z.strictObject({ chatId: chatIdSchema, messageId: messageIdSchema });

/** The text of a message, or the caption of a file, as it should be. */
export const editMessageArgs = oneMessage.extend({
  text: z.string().min(1).max(65_536),
  mentions,
  linkPreview: z.boolean().optional(),
});

/** For whom a message is deleted. */
const deletedFor = z.enum(['everyone', 'me']);
export const deleteMessageArgs = oneMessage.extend({
  for: deletedFor
    .optional()
    .describe(
      '`everyone`: 422 if WhatsApp does not allow it. `me`: for this account only. ' +
        'Without it: for everyone if WhatsApp allows it, otherwise for this account only.',
    ),
});
export const deletedMessageSchema = z.object({ deletedFor });

/** An empty reaction takes the earlier one away. */
export const reactionArgs = z.strictObject({
  messageId: messageIdSchema,
  reaction: z.string().max(32),
});
/** WhatsApp marks a whole chat as read; WAHA's message ids are accepted and change nothing. */
export const sendSeenArgs = z.strictObject({
  chatId: chatIdSchema,
  messageId: messageIdSchema.nullish(),
  messageIds: z.array(messageIdSchema).max(1000).nullish(),
  participant: chatIdSchema.nullish(),
});
export const typingArgs = z.strictObject({ chatId: chatIdSchema });
