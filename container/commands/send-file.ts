import type * as z from 'zod';
import { COMMAND_STAGES_MS } from '../../contract/timeouts.ts';
import type {
  FileSource,
  Message,
  sendFileArgs,
  sendImageArgs,
  sendVideoArgs,
  sendVoiceArgs,
} from '../../contract/whatsapp/messages.ts';
import { nameForType, normalizeType, typeOfFile } from '../../core/accounts/file-type.ts';
import { emptyFile, fetchFile, tooLarge } from '../media/fetch.ts';
import { type CommandContext, workingClient } from './context.ts';
import { CommandFailed } from './failure.ts';
import { leftMs } from './hand-over.ts';
import { type Addressed, send } from './send.ts';

type Kind = {
  /** Which types it sends, in words and as a pattern; a document is anything. */
  readonly types?: { readonly name: string; readonly pattern: RegExp };
  readonly as?: 'document' | 'voice';
  readonly mayHaveCaption: boolean;
};

const KINDS = {
  image: {
    types: { name: 'JPEG, PNG, WebP or GIF', pattern: /^image\/(jpeg|png|webp|gif)\b/ },
    mayHaveCaption: true,
  },
  video: {
    types: { name: 'MP4, 3GPP, WebM or QuickTime', pattern: /^video\/(mp4|3gpp|webm|quicktime)\b/ },
    mayHaveCaption: true,
  },
  voice: { types: { name: 'audio', pattern: /^audio\// }, as: 'voice', mayHaveCaption: false },
  document: { as: 'document', mayHaveCaption: true },
} as const satisfies Record<string, Kind>;

type Loaded = {
  readonly data: string;
  readonly mimetype: string;
  readonly filename: string | undefined;
};

/** The caller's word on its type counts, then that of the server that it came from, then the file's name. */
export const loadFile = async (context: CommandContext, file: FileSource): Promise<Loaded> => {
  const { maxBytes } = context.media;
  if ('data' in file) {
    if ((file.data.length / 4) * 3 > maxBytes + 2) throw tooLarge(maxBytes);
    return { data: file.data, mimetype: normalizeType(file.mimetype), filename: file.filename };
  }
  const limit = Math.min(COMMAND_STAGES_MS.fetchFile, leftMs(context));
  const fetched = await fetchFile(file.url, context.media, limit);
  if (fetched.bytes.length === 0) throw emptyFile();
  const filename = file.filename ?? fetched.filename;
  return {
    data: fetched.bytes.toString('base64'),
    mimetype:
      file.mimetype === undefined ? typeOfFile(fetched.mimetype, filename) : normalizeType(file.mimetype),
    filename,
  };
};

const sendKind = async (
  context: CommandContext,
  { file, caption, ...to }: Addressed & { readonly file: FileSource; readonly caption?: string | undefined },
  { types, as, mayHaveCaption }: Kind,
): Promise<Message> => {
  // Before a file is fetched for nothing.
  workingClient(context);
  const { data, mimetype, filename } = await loadFile(context, file);
  if (types && !types.pattern.test(mimetype))
    throw new CommandFailed(
      'unsupported_media',
      `The file is ${mimetype.slice(0, 100)}; this operation sends ${types.name}. Nothing was sent. Set mimetype, or use sendFile.`,
    );
  const content = {
    kind: 'media',
    mimetype,
    data,
    // A document without a name would be called "undefined".
    filename: filename ?? (as === 'document' ? nameForType(mimetype) : undefined),
    caption: mayHaveCaption ? caption : undefined,
    ...(as === undefined ? {} : { as }),
  } as const;
  return await send(context, to, content, ({ hasMedia, body }) => hasMedia && body === (caption ?? ''));
};

export const sendImage = (context: CommandContext, args: z.output<typeof sendImageArgs>): Promise<Message> =>
  sendKind(context, args, KINDS.image);
export const sendVideo = (context: CommandContext, args: z.output<typeof sendVideoArgs>): Promise<Message> =>
  sendKind(context, args, KINDS.video);
export const sendVoice = (context: CommandContext, args: z.output<typeof sendVoiceArgs>): Promise<Message> =>
  sendKind(context, args, KINDS.voice);
export const sendFile = (context: CommandContext, args: z.output<typeof sendFileArgs>): Promise<Message> =>
  sendKind(context, args, KINDS.document);
