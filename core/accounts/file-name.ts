/** Names of files that come from elsewhere: a server's header, the path of a URL, the sender of a message. */

const MAX_LENGTH = 255;

/** Control characters, and marks that make a name read otherwise than it is (`gpj.exe` shown as `exe.jpg`). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it removes
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]+/g;

/** The name alone, without a path and without what can't be seen; undefined if nothing is left of it. */
export const cleanFileName = (name: string): string | undefined => {
  const last = name.split(/[/\\]/).at(-1) ?? '';
  const clean = last.replace(UNSEEN, ' ').replace(/\s+/g, ' ').trim();
  if (/^\.*$/.test(clean)) return undefined;
  if (clean.length <= MAX_LENGTH) return clean;
  const extension = /\.\w{1,16}$/.exec(clean)?.[0] ?? '';
  return `${clean.slice(0, MAX_LENGTH - extension.length).trimEnd()}${extension}`;
};
