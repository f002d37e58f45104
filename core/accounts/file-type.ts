/** Media types (RFC 9110 §8.3.1) as WhatsApp knows them: one spelling for each. */
import { Mime } from 'mime/lite';
import standardTypes from 'mime/types/standard.js';

/** Spellings that servers and clients use for types that have another name. */
const ALIASES: Readonly<Record<string, string>> = {
  'image/jpg': 'image/jpeg',
  'image/pjpeg': 'image/jpeg',
  'image/x-png': 'image/png',
  'image/apng': 'image/png',
  'video/x-m4v': 'video/mp4',
  'video/mov': 'video/quicktime',
  'video/3gp': 'video/3gpp',
  'audio/mp3': 'audio/mpeg',
  'audio/x-mp3': 'audio/mpeg',
  'audio/x-mpeg': 'audio/mpeg',
  'audio/m4a': 'audio/mp4',
  'audio/x-m4a': 'audio/mp4',
  'audio/x-wav': 'audio/wav',
  'audio/wave': 'audio/wav',
  'audio/x-ogg': 'audio/ogg',
  'application/x-pdf': 'application/pdf',
  'text/x-vcard': 'text/vcard',
};

/** Types by which a server says that it does not know. */
const UNSPECIFIC: ReadonlySet<string> = new Set([
  'application/octet-stream',
  'binary/octet-stream',
  'application/binary',
  'application/x-download',
  'application/force-download',
]);

/**
 * The registry's types without the vendors' own, which would make a function's bundle a tenth larger. With the extensions
 * and the spelling that people and WhatsApp use.
 */
const TYPES = new Mime(standardTypes).define(
  {
    'audio/mpeg': ['mp3'],
    'audio/ogg': ['ogg'],
    'audio/aac': ['aac'],
    'video/quicktime': ['mov'],
    'text/vcard': ['vcf'],
  },
  true,
);

export const ANY_BYTES = 'application/octet-stream';

/**
 * The type in its usual spelling: lower case, aliases resolved, parameters kept (`audio/ogg; codecs=opus`). The names of
 * parameters are lower case, their values stay as they are.
 */
export const normalizeType = (type: string): string => {
  const [essence = '', ...parameters] = type.split(';').map((part) => part.trim());
  const name = essence.toLowerCase();
  const kept = parameters
    .filter((parameter) => parameter !== '')
    .map((parameter) => parameter.replace(/^[^=]+/, (key) => key.trim().toLowerCase()));
  return [ALIASES[name] ?? name, ...kept].join('; ');
};

/** The type of a file: as stated, or, if that says nothing, by its name. */
export const typeOfFile = (stated: string | undefined, filename: string | undefined): string => {
  const type = stated === undefined ? '' : normalizeType(stated);
  const essence = type.split(';')[0] ?? '';
  if (/^[^/\s]+\/[^/\s]+$/.test(essence) && !UNSPECIFIC.has(essence)) return type;
  const extension = /\.(\w+)$/.exec(filename ?? '')?.[1] ?? '';
  return normalizeType(TYPES.getType(extension) ?? ANY_BYTES);
};

/** A name for a file that has none: `file`, with the extension of its type if there is a usual one. */
export const nameForType = (type: string): string => {
  const essence = type.split(';')[0] ?? '';
  const extension = UNSPECIFIC.has(essence) ? null : TYPES.getExtension(essence);
  return extension === null ? 'file' : `file.${extension}`;
};
