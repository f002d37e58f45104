import * as z from 'zod';
import {
  type DeadLetterFilter,
  type DeadLetterView,
  type DeliveryView,
  deadLetterViewSchema,
  deliveryViewSchema,
  type RedriveReport,
  redriveReportSchema,
} from '../contract/bodies/events.ts';
import type { CallOptions } from './sessions.ts';
import { path, type Transport } from './transport.ts';

type Options = Pick<CallOptions, 'signal'>;

export type WebhooksClient = {
  /** What became of a session's events of the last day: the latest attempt for each webhook, newest event first. */
  readonly deliveries: (name: string, options?: CallOptions & { limit?: number }) => Promise<DeliveryView[]>;
  /** Admins only. Events that a webhook's policy gave up on; at most `limit` (1000) are looked at. */
  readonly dead: (
    filter?: DeadLetterFilter & { limit?: number },
    options?: Options,
  ) => Promise<DeadLetterView[]>;
  /** Admins only. Puts them into the queue again; `more`: call again. What is there already is not put twice. */
  readonly redrive: (filter?: DeadLetterFilter, options?: Options) => Promise<RedriveReport>;
};

export const webhooksClient = (transport: Transport): WebhooksClient => ({
  deliveries: (name, { userId, limit, signal } = {}) =>
    transport.json(
      {
        method: 'GET',
        path: path`/api/sessions/${name}/deliveries`,
        query: { userId, limit },
        idempotent: true,
        signal,
      },
      z.array(deliveryViewSchema),
    ),
  dead: ({ limit = 1000, ...filter } = {}, { signal } = {}) =>
    transport.json(
      { method: 'GET', path: '/api/webhooks/dead', query: { ...filter, limit }, idempotent: true, signal },
      z.array(deadLetterViewSchema),
    ),
  redrive: (filter = {}, { signal } = {}) =>
    transport.json(
      { method: 'POST', path: '/api/webhooks/redrive', body: filter, idempotent: true, signal },
      redriveReportSchema,
    ),
});
