/** Rules of webhook delivery: who gets an event, what the body is, when to try again. */
import type { SessionConfig, Webhook } from './api/sessions.ts';
import type { Sha256 } from './ports.ts';

/** Whether a webhook asked for this event. `*` asks for all but the engine's raw ones, as in WAHA. */
export const wants = (webhook: Webhook, event: string): boolean =>
  webhook.events.some((e) => e === event || (e === '*' && event !== 'engine.event'));

/** Names a webhook in queues and logs without its URL, which may hold a token. */
export const webhookId = (webhook: Webhook, sha256: Sha256): string => sha256(webhook.url).slice(0, 16);

/** The webhooks of a session that an event goes to. */
export const targetsOf = (config: SessionConfig, event: string, sha256: Sha256): string[] =>
  (config.webhooks ?? []).filter((w) => wants(w, event)).map((w) => webhookId(w, sha256));

const DEFAULT_RETRIES = { policy: 'exponential', delaySeconds: 2, attempts: 15 } as const;

/** Longest wait between two attempts. SQS keeps a message invisible for 12 h at most. */
const MAX_DELAY_SECONDS = 3600;

/**
 * Seconds until attempt `attempt + 1`, after `attempt` (from 1) failed; undefined: it was the last one.
 * Exponential waits have full jitter over their upper half, so that they grow and still spread.
 */
export const retryDelaySeconds = (webhook: Webhook, attempt: number, random: number): number | undefined => {
  const { policy, delaySeconds, attempts } = webhook.retries ?? DEFAULT_RETRIES;
  if (attempt >= attempts) return undefined;
  const growth = policy === 'constant' ? 1 : policy === 'linear' ? attempt : 2 ** (attempt - 1);
  const delay = Math.min(MAX_DELAY_SECONDS, delaySeconds * growth);
  return policy === 'exponential' ? Math.ceil(delay * (0.5 + random / 2)) : delay;
};
