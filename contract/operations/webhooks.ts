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
  summary: 'List events that a webhook did not take within its policy',
  description: 'Kept for 14 days. A page may hold fewer than `limit` though another one follows.',
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
    'In their order per session and webhook, behind what is in the queue already. An event keeps its id, is sent by ' +
    'the whole policy again, and stays listed until it is delivered. Repeating the call sends nothing twice.',
  query: ownerQuerySchema,
  body: redriveRequestSchema,
  answers: { 200: { description: 'How many are on their way again.', body: redriveReportSchema } },
});
