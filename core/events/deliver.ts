import type { Webhook } from '../../contract/bodies/session-config.ts';
import { boundOf } from '../access/bounds.ts';
import type { Deps } from '../deps.ts';
import { findSession } from '../lifecycle/load.ts';
import type { Session } from '../lifecycle/session.ts';
import { probedByAnotherMs } from './breaker.ts';
import { keepDeadLetter, removeDeadLetter } from './dead-letters.ts';
import { attemptsMade, NO_ATTEMPTS, noteDelivery } from './deliveries.ts';
import type { DeliveryOutcome, Poster, PostResult, QueuedDelivery, Receipt } from './delivery.ts';
import { askEndpoint, noteEndpoint } from './endpoints.ts';
import { envelopeOf } from './envelope.ts';
import { acquirePermit, releasePermit } from './share.ts';
import { findWebhook, retryDelaySeconds } from './webhooks.ts';

/**
 * The queue keeps a message for 4 days and drops it without a word, and hands it out 1,000 times at most. An event
 * that waits for an endpoint whose circuit is open becomes a dead letter before either.
 */
const LONGEST_QUEUED_MS = 3.5 * 24 * 3_600_000;
const MOST_RECEIVES = 900;

/**
 * One attempt at one event for one webhook. Dropped when it has no receiver any more: the session or the webhook is
 * gone. Postponed without an attempt while the endpoint's circuit breaker is open, or while the user has as many
 * attempts under way as their share allows. Throws if a dead letter cannot be kept: the message must stay in the
 * queue then.
 */
export const deliver = async (
  deps: Pick<Deps, 'store' | 'clock' | 'ids' | 'sha256' | 'settings' | 'metrics' | 'log'>,
  post: Poster,
  delivery: QueuedDelivery,
  receipt: Receipt,
): Promise<DeliveryOutcome> => {
  const { userId } = delivery;
  const session = await findSession(deps, userId, delivery.name);
  const webhook =
    session?.sessionId === delivery.sessionId
      ? findWebhook(session.config, delivery.webhook, deps.sha256)
      : undefined;
  if (!session || !webhook) {
    await removeDeadLetter(deps, delivery);
    return { kind: 'dropped' };
  }
  if (receipt.queuedMs > LONGEST_QUEUED_MS || receipt.receives > MOST_RECEIVES)
    return giveUp(deps, delivery, webhook, {
      attempt: (await attemptsMade(deps, delivery)).made,
      sequence: receipt.sequence,
      error: 'it waited in the queue for too long while the endpoint did not work',
    });
  const whose = { userId, webhook };
  const [permission, earlier, share] = await Promise.all([
    askEndpoint(deps, whose),
    receipt.receives === 1 ? NO_ATTEMPTS : attemptsMade(deps, delivery),
    boundOf(deps, userId, 'deliveries'),
  ]);
  // The deliverer ended after the endpoint's success and before the message left the queue.
  if (earlier.delivered) return { kind: 'delivered' };
  if (permission.kind === 'wait') return postponed(permission.ms);
  const permit = await acquirePermit(deps, userId, share);
  if (permit === 'full') return postponed(waitForShareMs(receipt, deps.ids.random()));
  try {
    if (permission.claim && !(await permission.claim()))
      return postponed(probedByAnotherMs(deps.ids.random()));
    const { known, claim } = permission;
    return await attempt(deps, post, {
      session,
      webhook,
      delivery,
      sequence: receipt.sequence,
      number: 1 + earlier.made,
      endpoint: { known, probe: claim !== undefined },
    });
  } finally {
    if (permit) await releasePermit(deps, userId, permit);
  }
};

type Needs = Pick<Deps, 'store' | 'clock' | 'ids' | 'sha256' | 'settings' | 'metrics' | 'log'>;

const postponed = (ms: number): DeliveryOutcome => ({
  kind: 'postponed',
  afterSeconds: Math.max(1, Math.ceil(ms / 1000)),
});

/** Grows with the receipts, so that a message that waits for long does not use them up. */
const waitForShareMs = ({ receives }: Receipt, random: number): number =>
  Math.min(60_000, 500 + 200 * receives) * (0.5 + random);

type Attempt = {
  readonly session: Session;
  readonly webhook: Webhook;
  readonly delivery: QueuedDelivery;
  readonly sequence: string;
  /** From 1. */
  readonly number: number;
  readonly endpoint: { readonly known: boolean; readonly probe: boolean };
};

const attempt = async (
  deps: Needs,
  post: Poster,
  { session, webhook, delivery, sequence, number, endpoint }: Attempt,
): Promise<DeliveryOutcome> => {
  const result = await post(
    webhook,
    delivery,
    JSON.stringify(envelopeOf(deps.settings.environment, { ...delivery, metadata: session.config.metadata })),
  );
  const outcome = outcomeOf(deps, webhook, result, number);
  await Promise.all([
    noteDelivery(deps, delivery, webhook, { attempt: number, result, outcome }),
    noteEndpoint(deps, { userId: delivery.userId, webhook }, { ...endpoint, result }),
  ]);
  if (result.ok) {
    await removeDeadLetter(deps, delivery);
    return outcome;
  }
  const { id, sessionId, webhook: webhookName } = delivery;
  deps.log.warn('a webhook was not delivered', {
    id,
    sessionId,
    webhook: webhookName,
    attempt: number,
    detail: result.detail,
  });
  return outcome.kind === 'dead'
    ? giveUp(deps, delivery, webhook, {
        attempt: number,
        sequence,
        error: result.detail,
      })
    : outcome;
};

const giveUp = async (
  deps: Pick<Deps, 'store' | 'clock' | 'metrics'>,
  delivery: QueuedDelivery,
  webhook: Webhook,
  failed: { readonly attempt: number; readonly sequence: string; readonly error: string },
): Promise<DeliveryOutcome> => {
  deps.metrics.count('WebhooksDead', 1);
  const kept = await keepDeadLetter(deps, delivery, webhook, failed);
  return { kind: 'dead', detail: failed.error, kept };
};

const outcomeOf = (
  deps: Pick<Deps, 'ids'>,
  webhook: Webhook,
  result: PostResult,
  attempt: number,
): DeliveryOutcome => {
  if (result.ok) return { kind: 'delivered' };
  const afterSeconds = result.permanent
    ? undefined
    : retryDelaySeconds(webhook, attempt, deps.ids.random(), result.retryAfterSeconds);
  return afterSeconds === undefined
    ? { kind: 'dead', detail: result.detail }
    : { kind: 'retry', afterSeconds };
};
