/**
 * WAHA's shapes from the library's objects. They are read leniently: WhatsApp Web changes what it holds without notice,
 * and an event with a gap is worth more than none. Only what has no id is no message.
 */
import * as z from 'zod';
import type { Message } from '../../contract/whatsapp/messages.ts';
import { idText, numberId } from './ids.ts';

/** `{ [name]: pn }` if the id is a hidden one whose number is known. */
export const pnOf = <N extends string>(name: N, id: unknown): { [K in N]?: string } => {
  const pn = numberId(id);
  return pn === undefined ? {} : ({ [name]: pn } as { [K in N]: string });
};

const ACK_NAMES = ['PENDING', 'SERVER', 'DEVICE', 'READ', 'PLAYED'] as const;
export const ackName = (ack: number): Message['ackName'] =>
  ack < 0 ? 'ERROR' : (ACK_NAMES[ack] ?? 'PLAYED');

/** May be absent: a plain `z.unknown()` demands the key. */
export const anything = z.unknown().optional();
export const optionalText = z.string().optional().catch(undefined);
const whole = z.number().transform(Math.trunc);

const dataSchema = z.object({
  from: anything,
  to: anything,
  author: anything,
  quotedStanzaID: optionalText,
  quotedParticipant: anything,
  quotedMsg: z
    .object({ type: optionalText, body: optionalText, mimetype: optionalText, filename: optionalText })
    .optional()
    .catch(undefined),
  isLive: z.boolean().optional().catch(undefined),
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
    .object({
      latitude: z.number(),
      longitude: z.number(),
      name: optionalText,
      address: optionalText,
      url: optionalText,
      description: optionalText,
    })
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
export const fromMeOf = (id: unknown): boolean =>
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
    media: null,
    ...(location === undefined ? {} : { location: placeOf(location, data?.isLive === true) }),
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
            ...quotedOf(data?.quotedMsg),
            ...(quotedParticipant === undefined ? {} : { participant: quotedParticipant }),
          },
        }),
  };
};

type Quoted = NonNullable<z.infer<typeof dataSchema>['quotedMsg']>;
const quotedOf = (quoted: Quoted | undefined) => {
  const { body, mimetype, filename } = quoted ?? {};
  return {
    ...(body === undefined ? {} : { body }),
    hasMedia: mimetype !== undefined,
    media: mimetype === undefined ? null : { mimetype, filename: filename ?? null, size: null },
  };
};

/** Fields of `_data` that are pictures or keys of files. */
const LEFT_OUT = new Set(['preview', 'thumbnail', 'thumbnailHQ', 'mediaKey', 'waveform', 'msgContextInfo']);
const MAX_DATA_BYTES = 16 * 1024;
const rawSchema = z.record(z.string(), z.unknown());

/** A message for an event: with the engine's own fields of it. */
export const eventMessagePayload = (source: unknown): Message | undefined => {
  const message = messagePayload(source);
  const raw = rawSchema.safeParse(Object(source)._data);
  if (!message || !raw.success) return message;
  // The body of a file is its preview.
  const skipped = (name: string) => LEFT_OUT.has(name) || (name === 'body' && message.hasMedia);
  const text = JSON.stringify(raw.data, (name, value) => (skipped(name) ? undefined : value));
  if (text.length > MAX_DATA_BYTES) return message;
  return { ...message, _data: z.record(z.string(), z.json()).parse(JSON.parse(text)) };
};

/** The account's own message with its recipient; others unchanged. */
export const sourced = (message: Message, byCommand: boolean): Message =>
  message.fromMe ? { ...message, source: byCommand ? 'api' : 'app' } : message;

/** WhatsApp does not give linked devices what may be seen once: they get this in its place. */
const isUnopened = (subtype: string | undefined): boolean =>
  /^view_once.*_unavailable_fanout$/.test(subtype ?? '');

/** `3EB0…` of `true_491701234567@c.us_3EB0…`. */
export const bareId = (id: string): string => id.split('_')[2] ?? id;

type Place = NonNullable<z.infer<typeof messageSource>['location']>;
const placeOf = (
  { latitude, longitude, name, address, url, description }: Place,
  live: boolean,
): NonNullable<Message['location']> => ({
  latitude,
  longitude,
  live,
  ...(name ? { name } : {}),
  ...(address ? { address } : {}),
  ...(url ? { url } : {}),
  ...(description ? { description } : {}),
});

export const remoteOf = (id: unknown): string | undefined =>
  idText(z.object({ remote: anything }).safeParse(id).data?.remote);
