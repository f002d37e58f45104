/** The library's events, in WAHA's shapes. Read as leniently as messages (payloads.ts). */
import * as z from 'zod';
import { chatKindOf } from '../../contract/whatsapp/chat-kind.ts';
import type { Message } from '../../contract/whatsapp/messages.ts';
import { idText } from './ids.ts';
import {
  ackName,
  anything,
  bareId,
  eventMessagePayload,
  fromMeOf,
  messagePayload,
  optionalText,
  pnOf,
  remoteOf,
} from './payloads.ts';

/** A view-once message whose content stays on the phone, as the message that it is. */
export const unopenedPayload = (source: unknown): Message | undefined => {
  const message = eventMessagePayload(source);
  if (message?.viewOnce !== true) return undefined;
  const error = 'View once: WhatsApp shows it only on the phone.';
  return { ...message, hasMedia: true, media: { mimetype: null, filename: null, size: null, error } };
};

/** A message that has come without its content, which is asked for. */
export const waitingPayload = (source: unknown): Message | undefined => {
  const message = eventMessagePayload(source);
  return message?.viewOnce === true ? undefined : message;
};

const editSource = z.object({
  latestEditMsgKey: z.unknown().optional(),
  latestEditSenderTimestampMs: z.number().nullish().catch(undefined),
});

/** Texts also change when a placeholder gets its content or a file its caption: those are no edits. */
export const editedPayload = (source: unknown) => {
  const message = eventMessagePayload(source);
  const edit = editSource.safeParse(source);
  if (!message || !edit.success) return undefined;
  const { latestEditMsgKey, latestEditSenderTimestampMs } = edit.data;
  if (!latestEditMsgKey && !latestEditSenderTimestampMs) return undefined;
  return { ...message, editedMessageId: bareId(message.id) };
};

const isOfGroup = ({ from, to }: Pick<Message, 'from' | 'to'>): boolean =>
  [from, to].some((id) => chatKindOf(id) === 'group');

/** Of direct chats; those of groups are `message.ack.group`. */
export const directAckPayload = (source: unknown, ack: unknown) => {
  const payload = ackPayload(source, ack);
  return payload && !isOfGroup(payload) ? payload : undefined;
};

export const groupAckPayload = (source: unknown, ack: unknown) => {
  const payload = ackPayload(source, ack);
  return payload && isOfGroup(payload) ? payload : undefined;
};

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
    // The library divides milliseconds; every other time in seconds is whole.
    timestamp: Math.trunc(parsed.data.timestamp),
    reaction: { text: parsed.data.reaction, messageId: idText(parsed.data.msgId) ?? '' },
  };
};

export const revokedPayload = (after: unknown, before: unknown) => {
  const now = eventMessagePayload(after);
  if (!now) return undefined;
  const earlier = eventMessagePayload(before);
  return { after: now, before: earlier ?? null, revokedMessageId: bareId(earlier?.id ?? now.id) };
};

const callSource = z.object({
  id: anything,
  from: anything,
  timestamp: z.number().optional().catch(undefined),
  isVideo: z.boolean().catch(false),
  isGroup: z.boolean().catch(false),
  fromMe: z.boolean().catch(false),
  webClientShouldHandle: z.boolean().catch(false),
  canHandleLocally: z.boolean().catch(false),
});

/** `now` in seconds: the time of a call that has none. */
export const callPayload = (source: unknown, now: number) => {
  const parsed = callSource.safeParse(source);
  const id = parsed.success ? idText(parsed.data.id) : undefined;
  if (!parsed.success || id === undefined || parsed.data.fromMe) return undefined;
  const { timestamp, isVideo, isGroup, webClientShouldHandle, canHandleLocally } = parsed.data;
  return {
    id,
    from: idText(parsed.data.from) ?? '',
    ...pnOf('fromPn', parsed.data.from),
    timestamp: timestamp ?? now,
    isVideo,
    isGroup,
    _data: { webClientShouldHandle, canHandleLocally },
  };
};

const archivedSource = z.object({ id: anything });

/** A chat was archived, or taken out of the archive. `timestamp` in seconds. */
export const archivePayload = (source: unknown, archived: unknown, timestamp: number) => {
  const parsed = archivedSource.safeParse(source);
  const id = parsed.success ? idText(parsed.data.id) : undefined;
  return id === undefined || typeof archived !== 'boolean' ? undefined : { id, archived, timestamp };
};

const voteSource = z.object({
  voter: anything,
  selectedOptions: z.array(z.object({ name: optionalText })).catch([]),
  interractedAtTs: z.number().catch(0),
  parentMsgKey: anything,
  parentMessage: anything,
});

/** The engine gives votes no id: theirs names the poll and who voted, so a later vote of the same person has the same. */
export const votePayload = (source: unknown) => {
  const parsed = voteSource.safeParse(source);
  const poll = parsed.success ? idText(parsed.data.parentMsgKey) : undefined;
  if (!parsed.success || poll === undefined) return undefined;
  const { parentMsgKey, parentMessage, selectedOptions, interractedAtTs, voter } = parsed.data;
  const chat = remoteOf(parentMsgKey) ?? '';
  const isOwnPoll = fromMeOf(parentMsgKey);
  const message = messagePayload(parentMessage);
  const me = isOwnPoll ? message?.from : message?.to;
  const from = idText(voter) ?? '';
  const fromMe = from !== '' && from === me;
  const isGroup = chatKindOf(chat) === 'group';
  return {
    vote: {
      id: [fromMe, chat, bareId(poll), from].join('_'),
      from,
      ...pnOf('fromPn', voter),
      fromMe,
      to: chat,
      ...(isGroup ? { participant: from } : {}),
      selectedOptions: selectedOptions.flatMap(({ name }) => (name === undefined ? [] : [name])),
      timestamp: interractedAtTs,
    },
    poll: {
      id: poll,
      from: message?.from ?? chat,
      to: chat,
      fromMe: isOwnPoll,
      ...(message?.participant === undefined ? {} : { participant: message.participant }),
    },
  };
};
