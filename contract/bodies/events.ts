import * as z from 'zod';
import { sessionNameSchema, userIdSchema } from '../names.ts';
import { ownerQuerySchema } from '../operation.ts';
import { webhookIdSchema } from './session-config.ts';

/** An event of a session's life, as a timeline and the stream show it. */
export const streamEventSchema = z.object({
  id: z.string().describe('The same wherever the event comes: here, in webhooks, in the timeline.'),
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
    .describe('Go on after this id; the header Last-Event-ID says the same. 0: from the oldest event kept.'),
  wait: z.coerce
    .number()
    .min(0)
    .max(LONGEST_WAIT_SECONDS)
    .default(LONGEST_WAIT_SECONDS)
    .describe('Seconds to wait for an event where there is none.'),
});

/** What is answered to `Accept: application/json`. */
export const streamPageSchema = z.object({
  events: z.array(streamEventSchema),
  next: positionSchema.describe('Give it as `after` in the next request.'),
  missed: z.boolean().describe('Events after the id given are gone: it was more than a day old.'),
});
export type StreamPage = z.infer<typeof streamPageSchema>;

/** The latest attempt to deliver one event to one webhook. */
export const deliveryViewSchema = z.object({
  eventId: z.string(),
  event: z.string(),
  webhook: z.object({ id: z.string(), host: z.string() }),
  outcome: z.enum(['delivered', 'retrying', 'dead']),
  attempts: z.int(),
  status: z.int().nullable().describe('What the endpoint answered; null where it did not.'),
  error: z.string().nullable(),
  at: z.iso.datetime(),
  nextAttemptAt: z.iso.datetime().nullable(),
});
export type DeliveryView = z.infer<typeof deliveryViewSchema>;

export const deliveriesQuerySchema = ownerQuerySchema.extend({
  limit: z.coerce.number().int().min(1).max(100).default(50),
});

const which = {
  userId: userIdSchema.optional().describe("Of this user's sessions only."),
  session: sessionNameSchema.optional().describe('Of this session only.'),
  webhook: webhookIdSchema.optional().describe('For this webhook only.'),
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
  attempts: z.int().describe('Of the last round.'),
  error: z.string(),
  deadAt: z.iso.datetime(),
  redrives: z.int().describe('How often it was sent again and given up on again.'),
  redrivenAt: z.iso.datetime().nullable().describe('It is in the queue again since; gone once delivered.'),
});
export type DeadLetterView = z.infer<typeof deadLetterViewSchema>;

export const redriveReportSchema = z.object({
  redriven: z.int().describe('Put into the queue again by this call.'),
  underway: z.int().describe('In the queue since an earlier call.'),
  more: z.boolean().describe('The time of a request was over before all were seen to: call again.'),
});
export type RedriveReport = z.infer<typeof redriveReportSchema>;
