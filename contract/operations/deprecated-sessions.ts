/** Session operations at paths that WAHA has deprecated: the name is in the body. Each acts as its successor. */
import * as z from 'zod';
import { sessionConfigRequestSchema } from '../bodies/session-config.ts';
import { sessionViewSchema } from '../bodies/sessions.ts';
import { sessionNameSchema } from '../names.ts';
import { nothingSchema, operation, ownerQuerySchema } from '../operation.ts';

const name = sessionNameSchema.default('default');
const ROW = {
  method: 'POST',
  auth: 'key',
  scope: 'sessions:write',
  waha: true,
  repeatable: true,
  tag: 'Sessions',
  query: ownerQuerySchema,
} as const;
const NOTHING = { 201: { description: 'It is done.', body: nothingSchema } } as const;

export const startSessionByName = operation({
  ...ROW,
  id: 'startSessionByName',
  path: '/api/sessions/start',
  handler: 'sessions-admit',
  summary: 'Deprecated: POST /api/sessions and POST /api/sessions/{name}/start',
  description:
    'Creates the session if there is none, else replaces its config if one is given; then starts it.',
  body: z.strictObject({ name, config: sessionConfigRequestSchema.optional() }),
  responses: { 201: { description: 'The session.', body: sessionViewSchema } },
  problems: ['not_found', 'conflict', 'unprocessable', 'too_many'],
});

export const stopSessionByName = operation({
  ...ROW,
  id: 'stopSessionByName',
  path: '/api/sessions/stop',
  handler: 'sessions-change',
  audited: true,
  summary: 'Deprecated: POST /api/sessions/{name}/stop, with logout DELETE /api/sessions/{name}',
  body: z.strictObject({
    name,
    logout: z.boolean().default(false).describe('Also unlinks the account and deletes the session.'),
  }),
  responses: NOTHING,
  problems: ['not_found', 'conflict'],
});

export const logoutSessionByName = operation({
  ...ROW,
  id: 'logoutSessionByName',
  path: '/api/sessions/logout',
  handler: 'sessions-change',
  audited: true,
  summary: 'Deprecated: DELETE /api/sessions/{name}',
  description: 'Unlinks the account and deletes the session. 201 also if there is no such session.',
  body: z.strictObject({ name }),
  responses: NOTHING,
  problems: ['conflict'],
});
