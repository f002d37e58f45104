import { createHmac } from 'node:crypto';
import type { Webhook } from '../../contract/bodies/session-config.ts';
import { messageOfError } from '../../contract/message-of-error.ts';
import { refusedHeader } from '../../contract/webhooks/headers.ts';
import { SIGNATURE_HEADER, signedText } from '../../contract/webhooks/signature.ts';
import type { Poster, QueuedDelivery } from '../../core/events/delivery.ts';
import { answerKind, parseRetryAfter } from '../../core/events/webhook-answers.ts';
import { nameOfError } from './aws.ts';
import { base } from './base.ts';
import { ForbiddenAddress, postPublic } from './webhook-http.ts';

/** The time that an endpoint may take before an attempt counts as failed. */
const TIMEOUT_MS = 10_000;

/** Posts signed webhooks. Neither URL nor key nor body is logged or returned. */
export const webhookPoster: Poster = async (webhook, delivery, body) => {
  try {
    const { status, retryAfter } = await postPublic({
      url: webhook.url,
      headers: headersOf(webhook, delivery, body),
      body,
      timeoutMs: TIMEOUT_MS,
      allowLoopback: base.settings.allowLoopbackWebhooks,
      refusedPorts: base.settings.refusedPorts,
    });
    const kind = answerKind(status);
    if (kind === 'delivered') return { ok: true, status };
    const retryAfterSeconds = parseRetryAfter(retryAfter, base.clock());
    return {
      ok: false,
      permanent: kind === 'permanent',
      status,
      detail: `the endpoint answered ${status}`,
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    };
  } catch (error) {
    if (error instanceof ForbiddenAddress)
      return { ok: false, permanent: true, detail: messageOfError(error) };
    const code = error instanceof Error && 'code' in error ? String(error.code) : nameOfError(error);
    return { ok: false, permanent: false, detail: code };
  }
};

const headersOf = (webhook: Webhook, delivery: QueuedDelivery, body: string): Record<string, string> => {
  const timestamp = String(base.clock());
  return {
    // One that was stored before it was refused would make every request malformed.
    ...Object.fromEntries(
      (webhook.customHeaders ?? [])
        .filter(({ name }) => refusedHeader(name) === undefined)
        .map(({ name, value }) => [name.toLowerCase(), value]),
    ),
    'content-type': 'application/json',
    'user-agent': 'Berth',
    'x-webhook-request-id': delivery.id,
    'x-webhook-timestamp': timestamp,
    ...(webhook.hmac
      ? {
          // WAHA's: over the body alone.
          'x-webhook-hmac': signed(webhook.hmac.key, body),
          'x-webhook-hmac-algorithm': 'sha512',
          [SIGNATURE_HEADER]: signed(webhook.hmac.key, signedText(timestamp, body)),
        }
      : {}),
  };
};

const signed = (key: string, text: string): string => createHmac('sha512', key).update(text).digest('hex');
