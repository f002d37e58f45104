/** Media types (RFC 9110 §8.3.1) as WhatsApp knows them: one spelling for each. */

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

const BY_EXTENSION: Readonly<Record<string, string>> = {
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  gif: 'image/gif',
  mp4: 'video/mp4',
  '3gp': 'video/3gpp',
  webm: 'video/webm',
  mov: 'video/quicktime',
  ogg: 'audio/ogg',
  oga: 'audio/ogg',
  opus: 'audio/ogg',
  mp3: 'audio/mpeg',
  m4a: 'audio/mp4',
  aac: 'audio/aac',
  wav: 'audio/wav',
  pdf: 'application/pdf',
  csv: 'text/csv',
  txt: 'text/plain',
  zip: 'application/zip',
};

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
  const extension = /\.(\w+)$/.exec(filename ?? '')?.[1]?.toLowerCase() ?? '';
  return BY_EXTENSION[extension] ?? ANY_BYTES;
};

/** A name for a file that has none: `file`, with the extension of its type if there is a usual one. */
export const nameForType = (type: string): string => {
  const essence = type.split(';')[0] ?? '';
  const extension = Object.entries(BY_EXTENSION).find(([, known]) => known === essence)?.[0];
  return extension === undefined ? 'file' : `file.${extension}`;
};
