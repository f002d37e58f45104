import type * as z from 'zod';
import { webhookEnvelopeSchema } from '../contract/webhooks/envelope.ts';

/** The body of a webhook's request. */
export type WebhookEvent = z.infer<typeof webhookEnvelopeSchema>;

/**
 * The event that a webhook's endpoint was sent; undefined where the signature is not that of the webhook's key, or
 * the body is no event: to be answered 401 and forgotten.
 *
 * @param body the request's body as it came: parsed and written again it may be another
 * @param signature the header `X-Webhook-Hmac`: hex of the HMAC-SHA512 over the body
 * @param key `hmac.key` of the webhook's configuration
 */
export const readWebhook = async (
  body: string,
  signature: string | readonly string[] | undefined,
  key: string,
): Promise<WebhookEvent | undefined> => {
  if (typeof signature !== 'string' || !/^[0-9a-f]{128}$/.test(signature)) return undefined;
  const bytes = new TextEncoder();
  const algorithm = { name: 'HMAC', hash: 'SHA-512' };
  const imported = await crypto.subtle.importKey('raw', bytes.encode(key), algorithm, false, ['verify']);
  const claimed = Uint8Array.from(signature.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  // Compares in constant time.
  if (!(await crypto.subtle.verify('HMAC', imported, claimed, bytes.encode(body)))) return undefined;
  const parsed = webhookEnvelopeSchema.safeParse(jsonOf(body));
  return parsed.success ? parsed.data : undefined;
};

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
