/** The message that the deliverer takes from the queue, and the outcome of an attempt. */
import * as z from 'zod';
import type { Webhook } from '../../contract/bodies/session-config.ts';

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
  /** Of one that was given up on before: its position in the queue, and how often it was sent again. */
  order: z.string().optional(),
  redrives: z.int().optional(),
});
export type QueuedDelivery = z.infer<typeof deliverySchema>;

/**
 * The result of one POST. `permanent`: no repetition can help. `status`: the endpoint's answer, if there was one.
 * `retryAfterSeconds`: the wait that it asked for.
 */
export type PostResult =
  | { readonly ok: true; readonly status: number }
  | {
      readonly ok: false;
      readonly permanent: boolean;
      readonly detail: string;
      readonly status?: number;
      readonly retryAfterSeconds?: number;
    };

export type Poster = (webhook: Webhook, delivery: QueuedDelivery, body: string) => Promise<PostResult>;

export type DeliveryOutcome =
  | { readonly kind: 'delivered' | 'dropped' }
  | { readonly kind: 'retry'; readonly afterSeconds: number }
  /** No attempt was made: the endpoint is paused, or the user's share of deliveries is used up. */
  | { readonly kind: 'postponed'; readonly afterSeconds: number }
  /** Kept as a dead letter, unless it is larger than an item of the table can be. */
  | { readonly kind: 'dead'; readonly detail: string; readonly kept?: boolean };

/**
 * `receives`: how often the queue has handed the message out. 1 means that no attempt was made; more says nothing
 * about attempts: a receipt whose invocation Lambda throttled counts as well, and so does one that was postponed.
 * `queuedMs`: how long the message has been in the queue. `sequence`: its position in its group.
 */
export type Receipt = { readonly receives: number; readonly queuedMs: number; readonly sequence: string };
