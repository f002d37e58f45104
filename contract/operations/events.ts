import * as z from 'zod';
import {
  deliveriesQuerySchema,
  deliveryViewSchema,
  eventsQuerySchema,
  streamPageSchema,
} from '../bodies/events.ts';
import { ticketQuerySchema, ticketSchema } from '../bodies/live.ts';
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
  summary: 'Follow session events: server-sent events, or JSON by the header Accept',
  description:
    'A request waits up to 25 seconds and responds as soon as there is an event. An EventSource reconnects by ' +
    'itself with the id of the last event, and misses nothing of the last day. A user may have 40 requests ' +
    'that wait at once; one more gets 429 with the scope `waits`. Only `session.*` events, as in a ' +
    "session's timeline; messages go to webhooks. A user's own sessions, or, for an admin, those of all users or of " +
    '`userId`.',
  query: eventsQuerySchema,
  responses: {
    200: {
      description: 'Events after the given id; without an id, events from now on.',
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
  summary: 'Recent webhook deliveries of a session, newest first',
  description: 'The latest attempt of each event, kept for a day.',
  params: z.object({ name: sessionNameSchema.describe("The session's name.") }),
  query: deliveriesQuerySchema,
  responses: { 200: { description: 'The latest attempts.', body: z.array(deliveryViewSchema) } },
});

export const createLiveTicket = operation({
  id: 'createLiveTicket',
  method: 'POST',
  path: '/api/events/tickets',
  handler: 'access',
  auth: 'key',
  scope: null,
  client: 'events.ticket',
  repeatable: true,
  tag: 'Events',
  summary: 'Get a ticket for one WebSocket connection with live events',
  description:
    'Connect to `url` (`connectLive`) with the query parameters `ticket` and `after` (the cursor). Nothing that happens ' +
    'after this response is missed. A page needs a ticket, because it has no key; a program may connect with its key.',
  query: ticketQuerySchema,
  responses: { 200: { description: 'The ticket.', body: ticketSchema } },
});
