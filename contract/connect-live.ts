/** The connect of the WebSocket API: of the document, and of the function that serves it, and no route of the HTTP API. */
import * as z from 'zod';
import { LIVE_STAGE, liveQuerySchema } from './bodies/live.ts';
import { operation } from './operation.ts';

export const connectLive = operation({
  id: 'connectLive',
  method: 'GET',
  path: `/${LIVE_STAGE}`,
  handler: 'live-connections',
  auth: 'key',
  scope: null,
  waha: true,
  tag: 'Events',
  summary: 'Follow events over a WebSocket',
  description:
    'A WebSocket handshake, at the `url` that `createLiveTicket` gives (on AWS another host than this one). Each message is ' +
    'the body of a webhook with a `cursor` beside it: connect again with `after` set to the last one and nothing of the ' +
    'last hour is missed; an event may come twice, with the same id. `events.missed` says that older ones had expired. ' +
    'A key gets the events that its scopes allow: `session.*` with sessions:read (`session.code`, and `data` of ' +
    '`session.status`, with sessions:write), others with messages:read. Send `{"action":"ping"}` at least every 10 ' +
    'minutes; after 2 hours a connection ends (1001). 1000: the client was too slow, or its key ended. 1009: its message ' +
    'was too large. A user may have 40 connections; one more is refused with 429.',
  query: liveQuerySchema.extend({
    ticket: z
      .array(z.string())
      .optional()
      .describe('In place of the key: from `createLiveTicket`, good for one connect.'),
    'x-api-key': z
      .array(z.string())
      .optional()
      .describe(
        'The key, if the client cannot set the header, as clients of WAHA send it. Proxies may log it.',
      ),
  }),
  responses: { 101: { description: 'The connection is a WebSocket from now on.' } },
  problems: ['not_found', 'too_many'],
});
