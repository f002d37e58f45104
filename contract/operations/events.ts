import * as z from 'zod';
import {
  deliveriesQuerySchema,
  deliveryViewSchema,
  eventsQuerySchema,
  streamPageSchema,
} from '../bodies/events.ts';
import { sessionNameSchema } from '../bodies/sessions.ts';
import { operation } from '../operation.ts';

export const followEvents = operation({
  id: 'followEvents',
  method: 'GET',
  path: '/api/events',
  handler: 'events',
  auth: 'key',
  scope: 'sessions:read',
  holds: 'wait',
  tag: 'Events',
  summary: 'Follow what happens to sessions: server-sent events, or JSON by the header Accept',
  description:
    'A request waits up to 25 seconds and is answered as soon as something happened; an EventSource connects again by ' +
    'itself, with the id of the last event, and misses nothing of the last day. Events of `session.*` only, as in a ' +
    "session's timeline; messages go to webhooks. A user's own sessions, or, for an admin, everybody's or those of " +
    '`userId`.',
  query: eventsQuerySchema,
  answers: {
    200: {
      description: 'What happened after the id given; without one, what happens from now on.',
      body: streamPageSchema,
      files: ['text/event-stream'],
    },
  },
});

export const listDeliveries = operation({
  id: 'listDeliveries',
  method: 'GET',
  path: '/api/sessions/{name}/deliveries',
  handler: 'sessions-read',
  auth: 'key',
  scope: 'sessions:read',
  client: 'webhooks.deliveries',
  tag: 'Webhooks',
  summary: "What became of a session's recent events at its webhooks, newest first",
  description: 'The latest attempt of each event, kept for a day.',
  params: z.object({ name: sessionNameSchema.describe("The session's name.") }),
  query: deliveriesQuerySchema,
  answers: { 200: { description: 'The latest attempts.', body: z.array(deliveryViewSchema) } },
});
