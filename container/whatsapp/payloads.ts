/**
 * WAHA's shapes from the library's objects. They are read leniently: WhatsApp Web changes what it holds without notice,
 * and an event with a gap is worth more than none. Only what has no id is no message.
 */
import * as z from 'zod';
import type { Message } from '../../contract/whatsapp/messages.ts';
import { idText, numberId } from './ids.ts';

/** `{ [name]: pn }` where the id is a hidden one whose number is known. */
const pnOf = <N extends string>(name: N, id: unknown): { [K in N]?: string } => {
  const pn = numberId(id);
  return pn === undefined ? {} : ({ [name]: pn } as { [K in N]: string });
};

const ACK_NAMES = ['PENDING', 'SERVER', 'DEVICE', 'READ', 'PLAYED'] as const;
export const ackName = (ack: number): Message['ackName'] =>
  ack < 0 ? 'ERROR' : (ACK_NAMES[ack] ?? 'PLAYED');

/** May be absent: a plain `z.unknown()` demands the key. */
const anything = z.unknown().optional();
const optionalText = z.string().optional().catch(undefined);
const whole = z.number().transform(Math.trunc);

const dataSchema = z.object({
  from: anything,
  to: anything,
  author: anything,
  quotedStanzaID: optionalText,
  quotedParticipant: anything,
  quotedMsg: z.object({ body: optionalText }).optional().catch(undefined),
  isViewOnce: z.boolean().optional().catch(undefined),
  subtype: optionalText,
});
const messageSource = z.object({
  id: anything,
  timestamp: whole.catch(0),
  from: anything,
  to: anything,
  author: anything,
  body: z.string().catch(''),
  hasMedia: z.boolean().catch(false),
  ack: whole.catch(0),
  type: optionalText,
  location: z
    .object({ latitude: z.number(), longitude: z.number(), description: optionalText })
    .optional()
    .catch(undefined),
  vCards: z.array(z.string()).catch([]),
  pollOptions: z
    .array(z.object({ name: z.string() }))
    .optional()
    .catch(undefined),
  allowMultipleAnswers: z.boolean().catch(false),
  _data: dataSchema.optional().catch(undefined),
});
const fromMeOf = (id: unknown): boolean =>
  z.object({ fromMe: z.boolean() }).safeParse(id).data?.fromMe ?? false;

/** The library's Message as WAHA shows it; undefined: it has no id. */
export const messagePayload = (source: unknown): Message | undefined => {
  const parsed = messageSource.safeParse(source);
  if (!parsed.success) return undefined;
  const {
    id,
    timestamp,
    body,
    hasMedia,
    ack,
    type,
    location,
    vCards,
    pollOptions,
    _data: data,
  } = parsed.data;
  const idOf = (value: unknown, raw: unknown) => idText(value) ?? idText(raw);
  const text = idText(id);
  if (text === undefined) return undefined;
  const participant = idOf(parsed.data.author, data?.author);
  const quoted = data?.quotedStanzaID;
  const quotedParticipant = idText(data?.quotedParticipant);
  return {
    id: text,
    timestamp,
    from: idOf(parsed.data.from, data?.from) ?? '',
    ...pnOf('fromPn', data?.from),
    fromMe: fromMeOf(id),
    to: idOf(parsed.data.to, data?.to) ?? '',
    ...pnOf('toPn', data?.to),
    ...(participant === undefined ? {} : { participant }),
    ...pnOf('participantPn', data?.author),
    body,
    ...(type === undefined ? {} : { type }),
    hasMedia,
    ...(data?.isViewOnce || isUnopened(data?.subtype) ? { viewOnce: true as const } : {}),
    ...(location === undefined ? {} : { location: placeOf(location) }),
    ...(vCards.length === 0 ? {} : { vCards }),
    ...(pollOptions === undefined
      ? {}
      : {
          poll: {
            options: pollOptions.map(({ name }) => name),
            multipleAnswers: parsed.data.allowMultipleAnswers,
          },
        }),
    ack,
    ackName: ackName(ack),
    ...(quoted === undefined
      ? {}
      : {
          replyTo: {
            id: quoted,
            ...(data?.quotedMsg?.body === undefined ? {} : { body: data.quotedMsg.body }),
            ...(quotedParticipant === undefined ? {} : { participant: quotedParticipant }),
          },
        }),
  };
};

/** The account's own message with where it was sent; others as they are. */
export const sourced = (message: Message, byCommand: boolean): Message =>
  message.fromMe ? { ...message, source: byCommand ? 'api' : 'app' } : message;

/** WhatsApp does not give linked devices what may be seen once: they get this in its place. */
const isUnopened = (subtype: string | undefined): boolean =>
  /^view_once.*_unavailable_fanout$/.test(subtype ?? '');

/** A view-once message whose content stays on the phone, as the message that it is. */
export const unopenedPayload = (source: unknown): Message | undefined => {
  const message = messagePayload(source);
  if (message?.viewOnce !== true) return undefined;
  const error = 'View once: WhatsApp shows it only on the phone.';
  return { ...message, hasMedia: true, media: { mimetype: null, filename: null, size: null, error } };
};

/** A message that has come without its content, which is asked for. */
export const waitingPayload = (source: unknown): Message | undefined => {
  const message = messagePayload(source);
  return message?.viewOnce === true ? undefined : message;
};

const editSource = z.object({
  latestEditMsgKey: z.unknown().optional(),
  latestEditSenderTimestampMs: z.number().nullish().catch(undefined),
});

/** Texts also change when a placeholder gets its content or a file its caption: those are no edits. */
export const editedPayload = (source: unknown) => {
  const message = messagePayload(source);
  const edit = editSource.safeParse(source);
  if (!message || !edit.success) return undefined;
  const { latestEditMsgKey, latestEditSenderTimestampMs } = edit.data;
  if (!latestEditMsgKey && !latestEditSenderTimestampMs) return undefined;
  return { ...message, editedMessageId: message.id };
};

const placeOf = ({
  description,
  ...place
}: {
  latitude: number;
  longitude: number;
  description?: string | undefined;
}): NonNullable<Message['location']> => (description ? { ...place, description } : place);

export const ackPayload = (source: unknown, ack: unknown) => {
  const message = messagePayload(source);
  if (!message) return undefined;
  const { id, from, fromPn, to, toPn, participant, participantPn, fromMe } = message;
  const level = typeof ack === 'number' ? Math.trunc(ack) : message.ack;
  return {
    id,
    from,
    ...(fromPn === undefined ? {} : { fromPn }),
    to,
    ...(toPn === undefined ? {} : { toPn }),
    ...(participant === undefined ? {} : { participant }),
    ...(participantPn === undefined ? {} : { participantPn }),
    fromMe,
    ack: level,
    ackName: ackName(level),
  };
};

const reactionSource = z.object({
  id: anything,
  msgId: anything,
  senderId: anything,
  timestamp: z.number().catch(0),
  reaction: z.string().catch(''),
  _data: z.object({ author: anything, from: anything }).optional().catch(undefined),
});
const remoteOf = (id: unknown): string | undefined =>
  idText(z.object({ remote: anything }).safeParse(id).data?.remote);

export const reactionPayload = (source: unknown) => {
  const parsed = reactionSource.safeParse(source);
  const id = parsed.success ? idText(parsed.data.id) : undefined;
  if (!parsed.success || id === undefined) return undefined;
  const { senderId, _data: data } = parsed.data;
  const sender = data?.author ?? data?.from;
  const from = idText(senderId) ?? idText(sender) ?? '';
  return {
    id,
    from,
    ...pnOf('fromPn', sender),
    fromMe: fromMeOf(parsed.data.id),
    to: remoteOf(parsed.data.id) ?? '',
    participant: from,
    ...pnOf('participantPn', sender),
    timestamp: parsed.data.timestamp,
    reaction: { text: parsed.data.reaction, messageId: idText(parsed.data.msgId) ?? '' },
  };
};

export const revokedPayload = (after: unknown, before: unknown) => {
  const now = messagePayload(after);
  if (!now) return undefined;
  const earlier = messagePayload(before);
  return { after: now, before: earlier ?? null, revokedMessageId: earlier?.id ?? now.id };
};

const groupSource = z.object({
  id: anything,
  chatId: anything,
  author: anything,
  recipientIds: z.array(z.unknown()).catch([]),
  timestamp: z.number().catch(0),
  type: z.string().catch(''),
  body: z.string().catch(''),
  _data: z.object({ author: anything }).optional().catch(undefined),
});

export const groupPayload = (source: unknown) => {
  const parsed = groupSource.safeParse(source);
  if (!parsed.success) return undefined;
  const { id, chatId, author, recipientIds, timestamp, type, body, _data: data } = parsed.data;
  const group = idText(chatId) ?? remoteOf(id);
  if (group === undefined) return undefined;
  const by = idText(author);
  return {
    group: { id: group, ...(type === 'subject' ? { subject: body } : {}) },
    type,
    timestamp,
    ...(by === undefined ? {} : { author: by }),
    ...pnOf('authorPn', data?.author),
    participants: recipientIds.flatMap((recipient) => {
      const one = idText(recipient);
      return one === undefined ? [] : [{ id: one, ...pnOf('pn', recipient) }];
    }),
  };
};

const callSource = z.object({
  id: anything,
  from: anything,
  timestamp: z.number().optional().catch(undefined),
  isVideo: z.boolean().catch(false),
  isGroup: z.boolean().catch(false),
  fromMe: z.boolean().catch(false),
});

export const callPayload = (source: unknown) => {
  const parsed = callSource.safeParse(source);
  const id = parsed.success ? idText(parsed.data.id) : undefined;
  if (!parsed.success || id === undefined || parsed.data.fromMe) return undefined;
  const { timestamp, isVideo, isGroup } = parsed.data;
  return {
    id,
    from: idText(parsed.data.from) ?? '',
    ...pnOf('fromPn', parsed.data.from),
    ...(timestamp === undefined ? {} : { timestamp }),
    isVideo,
    isGroup,
  };
};

const voteSource = z.object({
  voter: anything,
  selectedOptions: z.array(z.object({ name: optionalText })).catch([]),
  interractedAtTs: z.number().catch(0),
  parentMsgKey: anything,
});

export const votePayload = (source: unknown) => {
  const parsed = voteSource.safeParse(source);
  const poll = parsed.success ? idText(parsed.data.parentMsgKey) : undefined;
  if (!parsed.success || poll === undefined) return undefined;
  const chat = remoteOf(parsed.data.parentMsgKey) ?? '';
  return {
    vote: {
      from: idText(parsed.data.voter) ?? '',
      ...pnOf('fromPn', parsed.data.voter),
      to: chat,
      selectedOptions: parsed.data.selectedOptions.flatMap(({ name }) => (name === undefined ? [] : [name])),
      timestamp: parsed.data.interractedAtTs,
    },
    poll: { id: poll, to: chat, fromMe: fromMeOf(parsed.data.parentMsgKey) },
  };
};
