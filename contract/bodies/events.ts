import * as z from 'zod';
import { sessionNameSchema, userIdSchema } from '../names.ts';
import { ownerQuerySchema } from '../operation.ts';
import { webhookIdSchema } from './session-config.ts';

/** An event of a session's life, as a timeline and the stream show it. */
const streamEventSchema = z.object({
  id: z.string().describe('The same id here, in webhooks and in the timeline.'),
  timestamp: z.int(),
  event: z.string(),
  userId: z.string(),
  session: z.string(),
  epoch: z.int(),
  payload: z.record(z.string(), z.unknown()),
});
export type StreamEvent = z.infer<typeof streamEventSchema>;

/** How far a reader has read: a number, or one for each part of the stream. */
export const positionSchema = z
  .string()
  .regex(/^\d{1,15}(\.\d{1,15})*$/, 'must be an id of the stream')
  .max(200);

/** The longest that a request waits for an event; API Gateway ends it at 30 s. */
export const LONGEST_WAIT_SECONDS = 25;

export const eventsQuerySchema = ownerQuerySchema.extend({
  after: positionSchema
    .optional()
    .describe(
      'Continue after this id; the header Last-Event-ID does the same. 0: from the oldest event kept.',
    ),
  wait: z.coerce
    .number()
    .min(0)
    .max(LONGEST_WAIT_SECONDS)
    .default(LONGEST_WAIT_SECONDS)
    .describe('Seconds to wait when there is no event.'),
});

/** The answer to `Accept: application/json`. */
export const streamPageSchema = z.object({
  events: z.array(streamEventSchema),
  next: positionSchema.describe('Use it as `after` in the next request.'),
  missed: z.boolean().describe('Events after the given id have expired: it was more than a day old.'),
});
export type StreamPage = z.infer<typeof streamPageSchema>;

/** The latest attempt to deliver one event to one webhook. */
export const deliveryViewSchema = z.object({
  eventId: z.string(),
  event: z.string(),
  webhook: z.object({ id: z.string(), host: z.string() }),
  outcome: z.enum(['delivered', 'retrying', 'dead']),
  attempts: z.int(),
  status: z.int().nullable().describe('The status of the endpoint; null when it did not respond.'),
  error: z.string().nullable(),
  at: z.iso.datetime(),
  nextAttemptAt: z.iso.datetime().nullable(),
});
export type DeliveryView = z.infer<typeof deliveryViewSchema>;

export const deliveriesQuerySchema = ownerQuerySchema.extend({
  limit: z.coerce.number().int().min(1).max(100).default(50),
});

/** An endpoint of a user's webhooks whose latest attempt failed. */
export const endpointViewSchema = z.object({
  userId: z.string(),
  url: z.string().describe('Without login and query. Webhooks with the same URL share one state.'),
  state: z
    .enum(['failing', 'open', 'probing'])
    .describe(
      'failing: it gets every event. open: it gets none until nextProbeAt. probing: one event is being tried.',
    ),
  failures: z.int().describe('Failed attempts since the last success.'),
  failingSince: z.iso.datetime(),
  failedAt: z.iso.datetime(),
  error: z.string(),
  nextProbeAt: z.iso.datetime().nullable(),
});
export type EndpointView = z.infer<typeof endpointViewSchema>;

export const endpointsQuerySchema = ownerQuerySchema.extend({
  session: sessionNameSchema.optional().describe("Of this session's webhooks only."),
});

const which = {
  userId: userIdSchema.optional().describe('Only sessions of this user.'),
  session: sessionNameSchema.optional().describe('Only this session.'),
  webhook: webhookIdSchema.optional().describe('Only this webhook.'),
};

export const deadLettersQuerySchema = z.strictObject({
  ...which,
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(2048).optional(),
});

export const redriveRequestSchema = z.strictObject(which);
export type DeadLetterFilter = z.infer<typeof redriveRequestSchema>;

/** An event that a webhook's policy gave up on. Never its body or key. */
export const deadLetterViewSchema = z.object({
  eventId: z.string(),
  event: z.string(),
  userId: z.string(),
  session: z.string(),
  webhook: z.object({ id: z.string(), url: z.string() }),
  attempts: z.int().describe('Attempts of the last round.'),
  error: z.string(),
  deadAt: z.iso.datetime(),
  redrives: z.int().describe('How often it was redriven and given up again.'),
  redrivenAt: z.iso
    .datetime()
    .nullable()
    .describe('Since when it is in the queue again; absent after delivery.'),
});
export type DeadLetterView = z.infer<typeof deadLetterViewSchema>;

export const redriveReportSchema = z.object({
  redriven: z.int().describe('Queued again by this call.'),
  underway: z.int().describe('Queued by an earlier call.'),
  more: z.boolean().describe('The time of the request ended before all were handled: call again.'),
});
export type RedriveReport = z.infer<typeof redriveReportSchema>;
