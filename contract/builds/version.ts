/** Versions of WhatsApp Web, as its page reports them: `2.3000.1043565534`. Lists of builds add a channel: `-alpha`. */
import * as z from 'zod';

export const buildVersionSchema = z
  .string()
  .regex(
    /^\d{1,4}\.\d{1,6}\.\d{1,12}(-[a-z]{1,12})?$/,
    'must be a version of WhatsApp Web, like 2.3000.1043565534',
  )
  .transform((version) => version.replace(/-[a-z]+$/, ''));

/** The version without its channel, or undefined if the text is none. */
export const buildVersion = (text: unknown): string | undefined => buildVersionSchema.safeParse(text).data;

/** Negative if `a` is older than `b`. */
export const compareVersions = (a: string, b: string): number => {
  const left = a.split('.').map(Number);
  const right = b.split('.').map(Number);
  for (let i = 0; i < 3; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
};
