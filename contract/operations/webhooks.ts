import * as z from 'zod';
import {
  deadLettersQuerySchema,
  deadLetterViewSchema,
  endpointsQuerySchema,
  endpointViewSchema,
  redriveReportSchema,
  redriveRequestSchema,
} from '../bodies/events.ts';
import { operation, ownerQuerySchema } from '../operation.ts';

export const listWebhookEndpoints = operation({
  id: 'listWebhookEndpoints',
  method: 'GET',
  path: '/api/webhooks/endpoints',
  handler: 'sessions-read',
  auth: 'key',
  scope: 'sessions:read',
  tag: 'Webhooks',
  summary: 'List webhook endpoints that fail',
  description:
    'After 5 failures in a row an endpoint is paused for 2 seconds; then one event probes it, and each failed probe ' +
    'doubles the pause, up to 10 minutes. Its events wait in their order, and attempts that were not made are not ' +
    'counted. The first success ends it. Endpoints that work are not listed.',
  query: endpointsQuerySchema,
  responses: {
    200: {
      description: 'Endpoints whose latest attempt failed.',
      body: z.array(endpointViewSchema),
    },
  },
  problems: ['not_found'],
});

export const listDeadLetters = operation({
  id: 'listDeadLetters',
  method: 'GET',
  path: '/api/webhooks/dead',
  handler: 'dead-letters',
  auth: 'admin',
  scope: 'admin',
  tag: 'Webhooks',
  summary: 'List dead letters: events that were given up for a webhook',
  description: 'Kept for 14 days. A page may have fewer than `limit` items although another page follows.',
  query: deadLettersQuerySchema,
  responses: {
    200: {
      description: 'A page of dead letters, without their bodies.',
      body: z.array(deadLetterViewSchema),
      headers: { 'X-Next-Cursor': 'The `cursor` of the next page; absent on the last one.' },
    },
  },
});

export const redriveDeadLetters = operation({
  id: 'redriveDeadLetters',
  method: 'POST',
  path: '/api/webhooks/redrive',
  handler: 'dead-letters',
  auth: 'admin',
  scope: 'admin',
  client: 'webhooks.redrive',
  repeatable: true,
  audited: true,
  tag: 'Webhooks',
  summary: 'Send dead letters again: all, or those of a user, a session or a webhook',
  description:
    'In order per session and webhook, after everything that is queued. An event keeps its id, is sent by ' +
    'the whole policy again, and stays listed until it is delivered. A repeated call sends nothing twice. ' +
    'For a user whose deliveries at once are all under way: 429, scope `deliveries`.',
  query: ownerQuerySchema,
  body: redriveRequestSchema,
  responses: {
    200: { description: 'The number of events that are queued again.', body: redriveReportSchema },
  },
});
