/** Requests of WAHA's clients about the server itself. */
import * as z from 'zod';
import { operation } from '../operation.ts';
import { releaseSchema } from '../release.ts';

const SERVER = { method: 'GET', handler: 'health', auth: 'key', scope: null, tag: 'Server' } as const;
const VERSION = {
  ...SERVER,
  responses: { 200: { description: 'As WAHA answers it.', body: releaseSchema } },
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
