import * as z from 'zod';

/** The body of a webhook's request. Its id is the same each time that the event comes. */
const webhookEventSchema = z.object({
  id: z.string(),
  /** ms since the epoch */
  timestamp: z.int(),
  event: z.string(),
  session: z.string(),
  metadata: z.record(z.string(), z.string()),
  /** The linked account, as far as there is one. */
  me: z.object({ id: z.string() }).loose().nullable(),
  payload: z.record(z.string(), z.unknown()),
  environment: z.string(),
  engine: z.string(),
});
export type WebhookEvent = z.infer<typeof webhookEventSchema>;

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
  const parsed = webhookEventSchema.safeParse(jsonOf(body));
  return parsed.success ? parsed.data : undefined;
};

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
