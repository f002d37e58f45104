/** Rules of webhook delivery: who gets an event, what the body is, when to try again. */
import { NOT_IN_ALL, type SessionConfig, type Webhook } from '../../contract/bodies/session-config.ts';
import type { Sha256 } from '../ports.ts';

/** Whether these names ask for an event. `*` asks for all but the engine's raw ones and the deprecated ones. */
export const asksFor = (names: readonly string[], event: string): boolean =>
  names.some((name) => name === event || (name === '*' && !NOT_IN_ALL.includes(event)));

/** Whether a webhook asked for this event. */
export const wants = (webhook: Webhook, event: string): boolean => asksFor(webhook.events, event);

/**
 * Names a webhook in queues and logs without its URL, which may hold a token. It is stored with the webhook; one that
 * was stored before ids were has that of its URL.
 */
export const webhookId = ({ id, url }: Webhook, sha256: Sha256): string => id ?? sha256(url).slice(0, 16);

/**
 * Webhooks with an id each, even if several have one URL: each has its own events, key and own headers.
 *
 * @param taken ids that no webhook without one may get
 */
export const identified = (
  webhooks: readonly Webhook[],
  sha256: Sha256,
  taken: ReadonlySet<string> = new Set(),
): (Webhook & { id: string })[] => {
  const used = new Set([...taken, ...webhooks.flatMap(({ id }) => id ?? [])]);
  return webhooks.map((webhook) => {
    let id = webhook.id ?? webhookId(webhook, sha256);
    for (let n = 2; webhook.id === undefined && used.has(id); n++)
      id = sha256(`${webhook.url}\n${n}`).slice(0, 16);
    used.add(id);
    return { ...webhook, id };
  });
};

/** The webhooks of a session that an event goes to. */
export const targetsOf = (config: SessionConfig, event: string, sha256: Sha256): string[] =>
  identified(config.webhooks ?? [], sha256)
    .filter((w) => wants(w, event))
    .map(({ id }) => id);

/** The webhook of this id. */
export const findWebhook = (config: SessionConfig, id: string, sha256: Sha256): Webhook | undefined =>
  identified(config.webhooks ?? [], sha256).find((one) => one.id === id);

const DEFAULT_RETRIES = { policy: 'constant', delaySeconds: 2, attempts: 15 } as const;

/** Longest wait between two attempts. SQS keeps a message invisible for 12 h at most. */
const MAX_DELAY_SECONDS = 3600;

/**
 * Seconds until attempt `attempt + 1`, after `attempt` (from 1) failed; undefined: it was the last one.
 * Exponential waits have full jitter over their upper half, so that they grow and still spread. An endpoint that asks
 * for a longer wait (`retryAfterSeconds`) gets it, up to an hour, and up to a tenth more: those that were refused
 * together must not come back together.
 */
export const retryDelaySeconds = (
  webhook: Webhook,
  attempt: number,
  random: number,
  retryAfterSeconds = 0,
): number | undefined => {
  const { policy, delaySeconds, attempts } = webhook.retries ?? DEFAULT_RETRIES;
  if (attempt >= attempts) return undefined;
  const growth = policy === 'constant' ? 1 : policy === 'linear' ? attempt : 2 ** (attempt - 1);
  const delay = Math.min(MAX_DELAY_SECONDS, delaySeconds * growth);
  const own = policy === 'exponential' ? Math.ceil(delay * (0.5 + random / 2)) : delay;
  const asked = Math.min(MAX_DELAY_SECONDS, retryAfterSeconds);
  return asked > own ? Math.ceil(asked * (1 + random / 10)) : own;
};
