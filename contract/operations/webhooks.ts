import * as z from 'zod';
import {
  deadLettersQuerySchema,
  deadLetterViewSchema,
  redriveReportSchema,
  redriveRequestSchema,
} from '../bodies/events.ts';
import { operation, ownerQuerySchema } from '../operation.ts';

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
  answers: {
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
  tag: 'Webhooks',
  summary: 'Send dead letters again: all, or those of a user, a session or a webhook',
  description:
    'In order per session and webhook, after everything that is queued. An event keeps its id, is sent by ' +
    'the whole policy again, and stays listed until it is delivered. A repeated call sends nothing twice.',
  query: ownerQuerySchema,
  body: redriveRequestSchema,
  answers: { 200: { description: 'The number of events that are queued again.', body: redriveReportSchema } },
});
