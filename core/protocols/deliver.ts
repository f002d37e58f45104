import * as z from 'zod';
import type { Webhook } from '../api/sessions.ts';
import type { Control } from '../control.ts';
import { nameOf, type Session } from '../session.ts';
import { retryDelaySeconds, webhookId } from '../webhooks.ts';
import { findSessionById } from './load.ts';

export const deliverySchema = z.object({
  id: z.string(),
  timestamp: z.int(),
  event: z.string(),
  payload: z.unknown().optional(),
  sessionId: z.string(),
  userId: z.string(),
  name: z.string(),
  me: z.unknown(),
  webhook: z.string(),
});
export type QueuedDelivery = z.infer<typeof deliverySchema>;

/** POSTs the event's body; true where the endpoint took it. `permanent`: no repetition can help. */
export type Poster = (
  webhook: Webhook,
  delivery: QueuedDelivery,
  body: string,
) => Promise<{ ok: true } | { ok: false; permanent: boolean; detail: string }>;

export type DeliveryOutcome =
  | { readonly kind: 'delivered' | 'dropped' }
  | { readonly kind: 'retry'; readonly afterSeconds: number }
  | { readonly kind: 'dead'; readonly detail: string };

/**
 * One attempt at one event for one webhook. `attempt` counts from 1. Dropped where nobody wants it any more: the
 * session or the webhook is gone.
 */
export const deliver = async (
  control: Pick<Control, 'store' | 'ids' | 'sha256' | 'settings' | 'metrics' | 'log'>,
  post: Poster,
  delivery: QueuedDelivery,
  attempt: number,
): Promise<DeliveryOutcome> => {
  const session = await findSessionById(control, delivery.sessionId);
  const webhook = session?.config.webhooks?.find((w) => webhookId(w, control.sha256) === delivery.webhook);
  if (!session || !webhook) return { kind: 'dropped' };

  const result = await post(
    webhook,
    delivery,
    JSON.stringify(bodyOf(control.settings.environment, session, delivery)),
  );
  if (result.ok) return { kind: 'delivered' };
  const afterSeconds = result.permanent
    ? undefined
    : retryDelaySeconds(webhook, attempt, control.ids.random());
  const { id, sessionId, webhook: webhookName } = delivery;
  control.log.warn('a webhook was not delivered', {
    id,
    sessionId,
    webhook: webhookName,
    attempt,
    detail: result.detail,
  });
  if (afterSeconds !== undefined) return { kind: 'retry', afterSeconds };
  control.metrics.count('WebhooksDead', 1);
  return { kind: 'dead', detail: result.detail };
};

/** The body, with the session's metadata as configured now. */
const bodyOf = (environment: string, session: Session, delivery: QueuedDelivery) => ({
  id: delivery.id,
  timestamp: delivery.timestamp,
  event: delivery.event,
  session: nameOf(session),
  metadata: session.config.metadata ?? {},
  me: delivery.me,
  payload: delivery.payload ?? {},
  environment,
  engine: 'WEBJS',
});
