import type * as z from 'zod';
import { webhookEnvelopeSchema } from '../contract/webhooks/envelope.ts';
import {
  SIGNATURE_HEADER,
  signedText,
  TIMESTAMP_HEADER,
  TOLERANCE_SECONDS,
} from '../contract/webhooks/signature.ts';

/** The body of a webhook's request. */
export type WebhookEvent = z.infer<typeof webhookEnvelopeSchema>;

/** The headers of a request as `node:http` or the Fetch API has them. */
type WebhookHeaders =
  | { readonly get: (name: string) => string | null }
  | Readonly<Record<string, string | readonly string[] | undefined>>;

type WebhookOptions = {
  /** How far the request's time may be from this machine's clock, in seconds; 300 by default. */
  readonly toleranceSeconds?: number;
  /** The time in ms since 1970; the machine's by default. */
  readonly now?: number;
};

/**
 * The event that a webhook's endpoint was sent; undefined if the signature is not that of the webhook's key, the
 * request is older or newer than the tolerance, or the body is no event: to be answered 401 and forgotten.
 *
 * Within the tolerance a recorded request can be sent again: an event that comes twice has the same `id`.
 *
 * @param body the request's body as it came: parsed and written again it may be another
 * @param headers the request's headers: `X-Webhook-Signature` is the hex HMAC-SHA512 over `X-Webhook-Timestamp`, a full
 *   stop and the body. A text is taken for the header `X-Webhook-Hmac`, which covers the body alone (as in WAHA): such
 *   a request stays valid forever.
 * @param key `hmac.key` of the webhook's configuration
 */
export const readWebhook = async (
  body: string,
  headers: WebhookHeaders | string | readonly string[] | undefined,
  key: string,
  options: WebhookOptions = {},
): Promise<WebhookEvent | undefined> => {
  if (headers === undefined || Array.isArray(headers)) return undefined;
  const genuine =
    typeof headers === 'string'
      ? await isSignature(headers, body, key)
      : await isTimely(body, headers as WebhookHeaders, key, options);
  if (!genuine) return undefined;
  const parsed = webhookEnvelopeSchema.safeParse(jsonOf(body));
  return parsed.success ? parsed.data : undefined;
};

const isTimely = async (
  body: string,
  headers: WebhookHeaders,
  key: string,
  { toleranceSeconds = TOLERANCE_SECONDS, now = Date.now() }: WebhookOptions,
): Promise<boolean> => {
  const timestamp = headerOf(headers, TIMESTAMP_HEADER);
  if (timestamp === undefined || !/^\d{1,15}$/.test(timestamp)) return false;
  if (Math.abs(now - Number(timestamp)) > toleranceSeconds * 1000) return false;
  return isSignature(headerOf(headers, SIGNATURE_HEADER), signedText(timestamp, body), key);
};

const headerOf = (headers: WebhookHeaders, name: string): string | undefined => {
  if (typeof headers.get === 'function') return headers.get(name) ?? undefined;
  const value = (headers as Readonly<Record<string, unknown>>)[name];
  return typeof value === 'string' ? value : undefined;
};

const isSignature = async (signature: string | undefined, text: string, key: string): Promise<boolean> => {
  if (signature === undefined || !/^[0-9a-f]{128}$/.test(signature)) return false;
  const bytes = new TextEncoder();
  const algorithm = { name: 'HMAC', hash: 'SHA-512' };
  const imported = await crypto.subtle.importKey('raw', bytes.encode(key), algorithm, false, ['verify']);
  const claimed = Uint8Array.from(signature.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  // Compares in constant time.
  return crypto.subtle.verify('HMAC', imported, claimed, bytes.encode(text));
};

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
