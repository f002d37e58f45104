import type * as z from 'zod';
import { Problem } from '../../contract/errors.ts';
import type { mediaUploadRequestSchema, mediaUploadResponseSchema } from '../../contract/worker/protocol.ts';
import type { Control } from '../control.ts';
import type { Session } from '../lifecycle/session.ts';
import type { MediaStorage } from '../ports.ts';
import { cleanFileName } from './file-name.ts';
import { ANY_BYTES, nameForType, normalizeType } from './file-type.ts';
import { MEDIA_PREFIX } from './storage-keys.ts';

/** What browsers could run is served as mere bytes. */
const SAFE_TYPE =
  /^(image\/(jpeg|png|webp|gif)|(audio|video)\/[\w.+-]+(; ?codecs=[\w.]+)?|application\/pdf)$/;

/**
 * Where a worker puts a file that its account received, under a key that nobody can guess, and the link to it. The
 * bucket's lifecycle rule removes the file. Throws 413 above the setting's size.
 */
export const beginMediaUpload = async (
  { media, ids, settings }: Pick<Control, 'ids' | 'settings'> & { readonly media: MediaStorage },
  { sessionId }: Pick<Session, 'sessionId'>,
  { bytes, mimetype, filename }: z.infer<typeof mediaUploadRequestSchema>,
): Promise<z.infer<typeof mediaUploadResponseSchema>> => {
  if (bytes > settings.mediaMaxBytes)
    throw new Problem('too_large', `The file exceeds ${settings.mediaMaxBytes} bytes.`);
  const type = normalizeType(mimetype);
  const key = `${MEDIA_PREFIX}${sessionId}/${ids.secret()}`;
  const [uploadUrl, url] = await Promise.all([
    media.uploadUrl(key, bytes),
    media.link(key, {
      mimetype: SAFE_TYPE.test(type) ? type : ANY_BYTES,
      filename: (filename === null ? undefined : cleanFileName(filename)) ?? nameForType(type),
      seconds: settings.mediaLinkSeconds,
    }),
  ]);
  return { uploadUrl, url };
};
