import * as z from 'zod';
import { Problem } from '../../contract/errors.ts';
import type { mediaUploadRequestSchema, mediaUploadResponseSchema } from '../../contract/worker/protocol.ts';
import type { Deps } from '../deps.ts';
import { fileKey, TTL_ATTRIBUTE } from '../items.ts';
import type { Session } from '../lifecycle/session.ts';
import type { MediaStorage } from '../ports.ts';
import { cleanFileName } from './file-name.ts';
import { ANY_BYTES, nameForType, normalizeType } from './file-type.ts';
import { MEDIA_PREFIX } from './storage-keys.ts';
import { countFile } from './upload-quota.ts';

/** Types that browsers could execute are served as plain bytes. */
const SAFE_TYPE =
  /^(image\/(jpeg|png|webp|gif)|(audio|video)\/[\w.+-]+(; ?codecs=[\w.]+)?|application\/pdf)$/;

/** How long one signed URL to the object is good. Fetching begins right after the redirect. */
const SIGNED_SECONDS = 300;

const fileSchema = z.object({ mimetype: z.string(), filename: z.string(), expiresAt: z.int() });

const objectKey = (sessionId: string, id: string): string => `${MEDIA_PREFIX}${sessionId}/${id}`;

/** The path of a file's link, below the address of the API. */
const filePath = (sessionId: string, id: string): string => `/api/files/${sessionId}/${id}`;

/**
 * The place for a file that a worker's account received, and the link to it. The link is Berth's own: it ends after
 * `settings.mediaLinkSeconds`, whichever credentials signed what, and with the session. Its id cannot be guessed and
 * is the only credential. The bucket's lifecycle rule removes the file. Throws 413 above the setting's size, and 429
 * above what the epoch may store.
 *
 * @param apiUrl the address of the API, without a slash at its end
 */
export const beginMediaUpload = async (
  {
    media,
    store,
    clock,
    ids,
    settings,
    apiUrl,
  }: Pick<Deps, 'store' | 'clock' | 'ids' | 'settings'> & {
    readonly media: Pick<MediaStorage, 'uploadUrl'>;
    readonly apiUrl: string;
  },
  session: Pick<Session, 'sessionId' | 'epoch' | 'startedAt'>,
  { bytes, mimetype, filename }: z.infer<typeof mediaUploadRequestSchema>,
): Promise<z.infer<typeof mediaUploadResponseSchema>> => {
  if (bytes > settings.mediaMaxBytes)
    throw new Problem('too_large', `The file exceeds ${settings.mediaMaxBytes} bytes.`);
  await countFile({ store, clock, settings }, session, bytes);
  const { sessionId } = session;
  const type = normalizeType(mimetype);
  const id = ids.secret();
  const key = fileKey(sessionId, id);
  const expiresAt = clock() + settings.mediaLinkSeconds * 1000;
  const [uploadUrl] = await Promise.all([
    media.uploadUrl(objectKey(sessionId, id), bytes),
    store.write({
      kind: 'put',
      key,
      item: {
        ...key,
        mimetype: SAFE_TYPE.test(type) ? type : ANY_BYTES,
        filename: (filename === null ? undefined : cleanFileName(filename)) ?? nameForType(type),
        expiresAt,
        [TTL_ATTRIBUTE]: Math.ceil(expiresAt / 1000),
      },
    }),
  ]);
  return { uploadUrl, url: `${apiUrl}${filePath(sessionId, id)}` };
};

/** A signed URL for one GET of a received file, good for minutes. Throws 404 if the link has ended or never was. */
export const openFile = async (
  { media, store, clock }: Pick<Deps, 'store' | 'clock'> & { readonly media: Pick<MediaStorage, 'link'> },
  sessionId: string,
  id: string,
): Promise<string> => {
  const file = fileSchema.safeParse(await store.get(fileKey(sessionId, id)));
  const leftMs = file.success ? file.data.expiresAt - clock() : 0;
  if (!file.success || leftMs <= 0)
    throw new Problem('not_found', 'There is no such file, or its link has expired.');
  const { mimetype, filename } = file.data;
  const seconds = Math.min(SIGNED_SECONDS, Math.ceil(leftMs / 1000));
  return media.link(objectKey(sessionId, id), { mimetype, filename, seconds });
};
