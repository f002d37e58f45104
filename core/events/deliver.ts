import type { Webhook } from '../../contract/bodies/session-config.ts';
import type { Control } from '../control.ts';
import { findSession } from '../lifecycle/load.ts';
import { nameOf, type Session } from '../lifecycle/session.ts';
import { keepDeadLetter, removeDeadLetter } from './dead-letters.ts';
import { attemptsMade, noteDelivery } from './deliveries.ts';
import type { DeliveryOutcome, Poster, PostResult, QueuedDelivery, Receipt } from './delivery.ts';
import { findWebhook, retryDelaySeconds } from './webhooks.ts';

/**
 * One attempt at one event for one webhook. Dropped where nobody wants it any more: the session or the webhook is
 * gone. Throws where a dead letter can't be kept: the message must stay in the queue then.
 */
export const deliver = async (
  control: Pick<Control, 'store' | 'clock' | 'ids' | 'sha256' | 'settings' | 'metrics' | 'log'>,
  post: Poster,
  delivery: QueuedDelivery,
  { first, sequence }: Receipt,
): Promise<DeliveryOutcome> => {
  const session = await findSession(control, delivery.userId, delivery.name);
  const webhook =
    session?.sessionId === delivery.sessionId
      ? findWebhook(session.config, delivery.webhook, control.sha256)
      : undefined;
  if (!session || !webhook) {
    await removeDeadLetter(control, delivery);
    return { kind: 'dropped' };
  }
  const attempt = 1 + (first ? 0 : await attemptsMade(control, delivery));
  const result = await post(
    webhook,
    delivery,
    JSON.stringify(bodyOf(control.settings.environment, session, delivery)),
  );
  const outcome = outcomeOf(control, webhook, result, attempt);
  await noteDelivery(control, delivery, webhook, { attempt, result, outcome });
  if (result.ok) {
    await removeDeadLetter(control, delivery);
    return outcome;
  }
  const { id, sessionId, webhook: webhookName } = delivery;
  control.log.warn('a webhook was not delivered', {
    id,
    sessionId,
    webhook: webhookName,
    attempt,
    detail: result.detail,
  });
  if (outcome.kind === 'dead') {
    control.metrics.count('WebhooksDead', 1);
    const failed = { attempt, sequence, error: result.detail };
    return { ...outcome, kept: await keepDeadLetter(control, delivery, webhook, failed) };
  }
  return outcome;
};

const outcomeOf = (
  control: Pick<Control, 'ids'>,
  webhook: Webhook,
  result: PostResult,
  attempt: number,
): DeliveryOutcome => {
  if (result.ok) return { kind: 'delivered' };
  const afterSeconds = result.permanent
    ? undefined
    : retryDelaySeconds(webhook, attempt, control.ids.random(), result.retryAfterSeconds);
  return afterSeconds === undefined
    ? { kind: 'dead', detail: result.detail }
    : { kind: 'retry', afterSeconds };
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
