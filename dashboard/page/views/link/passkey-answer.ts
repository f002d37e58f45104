import type { PasskeyAssertionInput } from '../../../../client/index.ts';
import { passkeyAssertionArgs } from '../../../../contract/whatsapp/passkey.ts';

/**
 * Parses the pasted text, with or without the quotation marks that a console puts around a text. Undefined: it is not
 * an answer.
 */
export const answerIn = (pasted: string): PasskeyAssertionInput | undefined => {
  try {
    const line: unknown = JSON.parse(pasted.trim().replace(/^'(.*)'$/s, '$1'));
    const parsed = passkeyAssertionArgs.safeParse(typeof line === 'string' ? JSON.parse(line) : line);
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
};
