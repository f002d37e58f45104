/**
 * The record of recent deliveries: for each event and webhook the latest attempt, for a day. For people who look why
 * their endpoint hears nothing; no decision is made on it.
 */
import * as z from 'zod';
import type { DeliveryView } from '../api/events.ts';
import type { Webhook } from '../api/session-config.ts';
import { toItem } from '../apply.ts';
import type { Control } from '../control.ts';
import type { DeliveryOutcome, PostResult, QueuedDelivery } from '../delivery.ts';
import { deliveriesPartition, TTL_ATTRIBUTE } from '../items.ts';

const KEEP_SECONDS = 24 * 3600;

const recordSchema = z.object({
  eventId: z.string(),
  event: z.string(),
  webhook: z.string(),
  host: z.string(),
  outcome: z.enum(['delivered', 'retrying', 'dead']),
  attempts: z.int(),
  status: z.int().optional(),
  error: z.string().optional(),
  at: z.int(),
  nextAttemptAt: z.int().optional(),
});

/** Notes an attempt; a failure to do so is logged, and the delivery stands. */
export const noteDelivery = async (
  control: Pick<Control, 'store' | 'clock' | 'log'>,
  delivery: QueuedDelivery,
  webhook: Webhook,
  attempted: { readonly attempt: number; readonly result: PostResult; readonly outcome: DeliveryOutcome },
): Promise<void> => {
  const { attempt, result, outcome } = attempted;
  const at = control.clock();
  const key = { pk: deliveriesPartition(delivery.sessionId), sk: `${delivery.id}#${delivery.webhook}` };
  const record: z.infer<typeof recordSchema> = {
    eventId: delivery.id,
    event: delivery.event,
    webhook: delivery.webhook,
    host: new URL(webhook.url).host,
    outcome: outcome.kind === 'retry' ? 'retrying' : outcome.kind === 'dead' ? 'dead' : 'delivered',
    attempts: attempt,
    ...(result.status === undefined ? {} : { status: result.status }),
    ...(result.ok ? {} : { error: result.detail }),
    at,
    ...(outcome.kind === 'retry' ? { nextAttemptAt: at + outcome.afterSeconds * 1000 } : {}),
  };
  try {
    const expireAt = Math.floor(at / 1000) + KEEP_SECONDS;
    await control.store.write({
      kind: 'put',
      key,
      item: toItem({ ...key, ...record, [TTL_ATTRIBUTE]: expireAt }),
    });
  } catch (error) {
    control.log.warn('a delivery was not noted', { id: delivery.id, error: String(error) });
  }
};

/** The latest attempts of a session's events, newest event first. */
export const recentDeliveries = async (
  control: Pick<Control, 'store'>,
  sessionId: string,
  limit: number,
): Promise<DeliveryView[]> => {
  const { items } = await control.store.query({
    partition: deliveriesPartition(sessionId),
    descending: true,
    limit,
  });
  return items.map((item) => {
    const { webhook, host, status, error, at, nextAttemptAt, ...rest } = recordSchema.parse(item);
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
