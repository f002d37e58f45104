/**
 * Files that the account received: taken out of WhatsApp and put into storage, so that an event can carry a link. An
 * error of a file is reported in the file's place; the message is delivered all the same.
 */
import * as z from 'zod';
import type { Media, Message } from '../../contract/whatsapp/messages.ts';
import { cleanFileName } from '../../core/accounts/file-name.ts';
import { describeError, TimedOut } from '../base/faults.ts';
import type { Log } from '../base/log.ts';
import { retryInTime } from '../base/retry.ts';
import { type Time, withDeadline } from '../base/time.ts';
import { putIntoStorage } from '../control/storage.ts';
import { isUnavailable, type WorkerApi } from '../control/worker-api.ts';

const DOWNLOAD_LIMIT_MS = 20_000;
const UPLOAD_LIMIT_MS = 15_000;
/** Each is held in memory twice for a moment. */
const AT_ONCE = 3;
/** `message` and `message.any` report the same file; lists may ask for it again. */
const REMEMBERED = 200;

const optionalText = z.string().min(1).nullable().catch(null);
const statedSchema = z.object({
  _data: z
    .object({
      mimetype: optionalText,
      filename: optionalText,
      size: z.number().transform(Math.trunc).nullable().catch(null),
    })
    .catch({ mimetype: null, filename: null, size: null }),
});
const downloadedSchema = z.object({
  mimetype: z.string().min(1),
  data: z.string().min(1),
  filename: optionalText,
});

/** The sender chose the name. */
const cleaned = (name: string | null): string | null =>
  name === null ? null : (cleanFileName(name) ?? null);

/** The event says whether the file was stored; the log shows the operator why it was not. */
class NoFile extends Error {}

type Incoming = {
  /** The message with its file's `media`; as it is if it has none. Never rejects. */
  withMedia(source: unknown, message: Message): Promise<Message>;
};

export const createIncoming = (options: {
  readonly api: Pick<WorkerApi, 'mediaUpload'>;
  readonly time: Time;
  readonly log: Log;
  readonly maxBytes: number;
  readonly download: (source: unknown) => Promise<unknown>;
}): Incoming => {
  const { api, time, log, maxBytes } = options;
  const known = new Map<string, Promise<Media>>();
  const atMost = limiter(AT_ONCE);

  const store = async (bytes: Buffer, mimetype: string, filename: string | null): Promise<string> => {
    const bounds = { until: time.now() + UPLOAD_LIMIT_MS };
    const { uploadUrl, url } = await api.mediaUpload(
      { bytes: bytes.length, mimetype: mimetype.slice(0, 256), filename },
      bounds,
    );
    const put = () => putIntoStorage('storing a file', uploadUrl, bytes);
    await retryInTime(put, { ...bounds, time, retryable: isUnavailable });
    return url;
  };

  const take = async (source: unknown): Promise<Media> => {
    const stated = statedSchema.parse(source)._data;
    const without = (error: string): Media => ({ ...stated, filename: cleaned(stated.filename), error });
    if ((stated.size ?? 0) > maxBytes) return without(`larger than ${maxBytes} bytes`);
    try {
      const found = await withDeadline(time, DOWNLOAD_LIMIT_MS, 'downloading', options.download(source));
      const parsed = downloadedSchema.safeParse(found);
      if (!parsed.success) throw new NoFile('WhatsApp does not have the file any more');
      const bytes = Buffer.from(parsed.data.data, 'base64');
      const { mimetype } = parsed.data;
      const filename = cleaned(parsed.data.filename);
      if (bytes.length > maxBytes) throw new NoFile(`larger than ${maxBytes} bytes`);
      const url = await withDeadline(time, UPLOAD_LIMIT_MS, 'storing', store(bytes, mimetype, filename));
      return { url, mimetype, filename, size: bytes.length };
    } catch (error) {
      if (error instanceof NoFile) return without(error.message);
      log.warn('a received file was not kept', { error: describeError(error) });
      return without(error instanceof TimedOut ? error.message : 'the file could not be fetched');
    }
  };

  return {
    async withMedia(source, message) {
      if (!message.hasMedia) return message;
      const media = known.get(message.id) ?? atMost(() => take(source));
      known.set(message.id, media);
      for (const oldest of known.keys()) {
        if (known.size <= REMEMBERED) break;
        known.delete(oldest);
      }
      const taken = await media;
      // A failed fetch may succeed when it is repeated.
      if (taken.error !== undefined) known.delete(message.id);
      return { ...message, media: taken, ...(taken.url === undefined ? {} : { mediaUrl: taken.url }) };
    },
  };
};

/** Runs at most so many at once, the others in the order in which they came. */
const limiter = (atOnce: number) => {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
};
