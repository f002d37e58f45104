import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Secrets that no log may contain, recognized by its form. */
const FORMS: Readonly<Record<string, RegExp>> = {
  // 32 random bytes in base64url: API keys, worker and command secrets, bootstrap tokens, sign-ins.
  secret:
    /(?<![A-Za-z0-9_-])(?:berth_)?(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]*\d)[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])/,
  'presigned URL': /X-Amz-(?:Signature|Credential|Security-Token)/i,
  'authorization header': /\b(?:Bearer|AWS4-HMAC-SHA256)\s+\S/i,
  'HMAC of a webhook': /(?<![0-9a-f])[0-9a-f]{128}(?![0-9a-f])/,
  // Four parts with commas, as WhatsApp draws them.
  'QR code': /(?:2@)?[A-Za-z0-9+/]{20,}={0,2}(?:,[A-Za-z0-9+/]{20,}={0,2}){2,}/,
};

type Leak = { readonly where: string; readonly what: string };

/** Every file below a folder, by its path there. */
export const readLogs = (folder: string): Map<string, string> =>
  new Map(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path.slice(folder.length + 1), readFileSync(path, 'utf8')]),
  );

/**
 * The places at which a log contains a secret: one of those given, as it is or as JSON, base64 or a URL would write
 * it, or anything that looks like one. The secrets themselves are not repeated in what is found.
 */
export const leaksIn = (
  logs: ReadonlyMap<string, string>,
  secrets: Readonly<Record<string, readonly string[]>>,
): Leak[] =>
  [...logs].flatMap(([where, text]) => [
    ...Object.entries(secrets)
      .filter(([, values]) => values.some((value) => writtenAs(value).some((form) => text.includes(form))))
      .map(([what]) => ({ where, what })),
    ...Object.entries(FORMS)
      .filter(([, form]) => form.test(text))
      .map(([what]) => ({ where, what: `something like a ${what}` })),
  ]);

const writtenAs = (value: string): string[] => {
  if (value.length < 6) throw new Error('a secret this short is found by chance');
  // The text before it shifts base64 by up to two bytes; the middle is the same but for that.
  const encoded = [0, 1, 2].map((shift) =>
    Buffer.from(`${'x'.repeat(shift)}${value}`)
      .toString('base64')
      .slice(4, -4),
  );
  return [
    value,
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value),
    ...encoded.filter((text) => text.length >= 8),
  ];
};
