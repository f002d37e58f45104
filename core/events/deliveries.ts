/**
 * The record of recent deliveries: for each event and webhook the latest attempt, for a day after it. For people who
 * want to know why their endpoint receives nothing, and for the deliverer, which counts its attempts here.
 */
import * as z from 'zod';
import type { DeliveryView } from '../../contract/bodies/events.ts';
import type { Webhook } from '../../contract/bodies/session-config.ts';
import { toItem } from '../apply.ts';
import type { Deps } from '../deps.ts';
import { deliveriesPartition, TTL_ATTRIBUTE } from '../items.ts';
import type { DeliveryOutcome, PostResult, QueuedDelivery } from './delivery.ts';

const KEEP_SECONDS = 24 * 3600;

const recordSchema = z.object({
  eventId: z.string(),
  event: z.string(),
  webhook: z.string(),
  host: z.string(),
  outcome: z.enum(['delivered', 'retrying', 'dead']),
  attempts: z.int(),
  /** How often the event had been sent again when the attempt was made. */
  redrives: z.int().default(0),
  status: z.int().optional(),
  error: z.string().optional(),
  at: z.int(),
  nextAttemptAt: z.int().optional(),
});

const keyOf = ({ sessionId, id, webhook }: QueuedDelivery) => ({
  pk: deliveriesPartition(sessionId),
  sk: `${id}#${webhook}`,
});

type EarlierAttempts = { readonly made: number; readonly delivered: boolean };

export const NO_ATTEMPTS: EarlierAttempts = { made: 0, delivered: false };

/**
 * The attempts that were made at this delivery. Each redrive starts at 0 again. An attempt that could not be noted is
 * not counted; then one more is made, and the queue's own limit of receives ends a message in any case.
 */
export const attemptsMade = async (
  deps: Pick<Deps, 'store'>,
  delivery: QueuedDelivery,
): Promise<EarlierAttempts> => {
  const item = await deps.store.get(keyOf(delivery));
  const record = item && recordSchema.parse(item);
  return record?.redrives === (delivery.redrives ?? 0)
    ? { made: record.attempts, delivered: record.outcome === 'delivered' }
    : NO_ATTEMPTS;
};

/** Notes an attempt; a failure to do so is logged, and the delivery stands. */
export const noteDelivery = async (
  deps: Pick<Deps, 'store' | 'clock' | 'log'>,
  delivery: QueuedDelivery,
  webhook: Webhook,
  attempted: { readonly attempt: number; readonly result: PostResult; readonly outcome: DeliveryOutcome },
): Promise<void> => {
  const { attempt, result, outcome } = attempted;
  const at = deps.clock();
  const key = keyOf(delivery);
  const record: z.infer<typeof recordSchema> = {
    eventId: delivery.id,
    event: delivery.event,
    webhook: delivery.webhook,
    host: new URL(webhook.url).host,
    outcome: outcome.kind === 'retry' ? 'retrying' : outcome.kind === 'dead' ? 'dead' : 'delivered',
    attempts: attempt,
    redrives: delivery.redrives ?? 0,
    ...(result.status === undefined ? {} : { status: result.status }),
    ...(result.ok ? {} : { error: result.detail }),
    at,
    ...(outcome.kind === 'retry' ? { nextAttemptAt: at + outcome.afterSeconds * 1000 } : {}),
  };
  try {
    const expireAt = Math.floor(at / 1000) + KEEP_SECONDS;
    await deps.store.write({
      kind: 'put',
      key,
      item: toItem({ ...key, ...record, [TTL_ATTRIBUTE]: expireAt }),
    });
  } catch (error) {
    deps.log.warn('a delivery was not noted', { id: delivery.id, error: String(error) });
  }
};

/** The latest attempts of a session's events, newest event first. */
export const recentDeliveries = async (
  deps: Pick<Deps, 'store'>,
  sessionId: string,
  limit: number,
): Promise<DeliveryView[]> => {
  const { items } = await deps.store.query({
    partition: deliveriesPartition(sessionId),
    descending: true,
    limit,
  });
  return items.map((item) => {
    const {
      webhook,
      host,
      status,
      error,
      at,
      nextAttemptAt,
      redrives: _,
      ...rest
    } = recordSchema.parse(item);
    return {
      ...rest,
      webhook: { id: webhook, host },
      status: status ?? null,
      error: error ?? null,
      at: new Date(at).toISOString(),
      nextAttemptAt: nextAttemptAt === undefined ? null : new Date(nextAttemptAt).toISOString(),
    };
  });
};
