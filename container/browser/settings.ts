import * as z from 'zod';
import { isLocale } from '../../contract/locale.ts';

const switches = z.string().transform((text, context) => {
  try {
    return z.array(z.string()).parse(JSON.parse(text));
  } catch {
    context.addIssue({ code: 'custom', message: 'must be a JSON array of strings' });
    return z.NEVER;
  }
});

/** The variables of the worker's environment that say which browser is launched, and how. */
export const browserSettingsSchema = z.object({
  BERTH_BROWSER_ARGS: switches.prefault('[]'),
  /**
   * The folder in which the browser from npm is unpacked once for all workers of a machine; without it, the user's
   * cache folder.
   */
  BERTH_BROWSER_DIR: z.string().optional(),
  /** The browser's language (BCP 47) of sessions that set none; without it, that of LANG, else en-US. */
  BERTH_LOCALE: z.string().refine(isLocale, 'must be a language tag such as en-US').optional(),
});
export type BrowserSettings = z.infer<typeof browserSettingsSchema>;
