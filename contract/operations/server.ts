/** What clients of WAHA ask of the server itself, and ids of messages that are yet to be sent. */
import * as z from 'zod';
import { sessionNameSchema } from '../names.ts';
import { operation, ownerQuerySchema } from '../operation.ts';
import { newMessageIdSchema } from '../whatsapp/message-acts.ts';

const ofSession = z.object({ session: sessionNameSchema.describe("The session's name.") });

const NEW_ID = {
  method: 'GET',
  handler: 'commands',
  auth: 'key',
  scope: 'messages:send',
  params: ofSession,
  query: ownerQuerySchema,
  responses: { 200: { description: 'An id that no message has.', body: newMessageIdSchema } },
} as const;

export const getNewMessageId = operation({
  ...NEW_ID,
  id: 'getNewMessageId',
  waha: true,
  path: '/api/{session}/new-message-id',
  tag: 'Messages',
  client: 'messages.newId',
  summary: 'An id for a message that is yet to be sent',
  description:
    'This engine gives messages ids of its own: the id is good as a mark of the caller, not in sends.',
});

export const getNewStatusId = operation({
  ...NEW_ID,
  id: 'getNewStatusId',
  waha: true,
  path: '/api/{session}/status/new-message-id',
  tag: 'Status',
  client: 'status.newId',
  summary: 'An id for a Status that is yet to be published',
  description:
    'This engine gives messages ids of its own: the id is good as a mark of the caller, not in sends.',
});

const versionSchema = z.object({
  version: z.string(),
  engine: z.literal('WEBJS'),
  tier: z.string(),
  browser: z.string(),
  platform: z.string(),
  worker: z.object({ id: z.string().nullable() }),
});
const SERVER = { method: 'GET', handler: 'health', auth: 'key', scope: null, tag: 'Server' } as const;
const VERSION = {
  ...SERVER,
  responses: { 200: { description: 'As WAHA answers it.', body: versionSchema } },
} as const;

export const getServerVersion = operation({
  ...VERSION,
  id: 'getServerVersion',
  waha: true,
  path: '/api/server/version',
  client: 'server.version',
  summary: 'Version and engine',
});
export const getVersion = operation({
  ...VERSION,
  id: 'getVersion',
  waha: true,
  path: '/api/version',
  summary: 'Deprecated: GET /api/server/version',
});
export const getServerStatus = operation({
  ...SERVER,
  id: 'getServerStatus',
  waha: true,
  path: '/api/server/status',
  client: 'server.status',
  summary: 'Since when it answers, in ms',
  description: 'Of the instance that answered: there is no single server.',
  responses: {
    200: {
      description: 'As WAHA answers it.',
      body: z.object({
        startTimestamp: z.int(),
        uptime: z.int(),
        worker: z.object({ id: z.string().nullable() }),
      }),
    },
  },
});
export const getServerEnvironment = operation({
  ...SERVER,
  id: 'getServerEnvironment',
  waha: true,
  path: '/api/server/environment',
  client: 'server.environment',
  summary: 'The environment of the server, without settings and secrets',
  query: z.strictObject({ all: z.stringbool().default(false).describe('Changes nothing.') }),
  responses: { 200: { description: 'Names and values.', body: z.record(z.string(), z.string()) } },
});
