import * as z from 'zod';
import { sessionEventViewSchema } from '../bodies/admin.ts';
import { getSessionQuerySchema, listSessionsQuerySchema, startQuerySchema } from '../bodies/commands.ts';
import {
  createSessionRequestSchema,
  sessionNameSchema,
  sessionViewSchema,
  startedSessionSchema,
  updateSessionRequestSchema,
} from '../bodies/sessions.ts';
import { nothingSchema, operation, ownerQuerySchema } from '../operation.ts';
import { shownAccountSchema } from '../worker/protocol.ts';

const name = z.object({ name: sessionNameSchema.describe("The session's name.") });

export const createSession = operation({
  id: 'createSession',
  method: 'POST',
  path: '/api/sessions',
  handler: 'sessions-admit',
  auth: 'key',
  scope: 'sessions:write',
  waha: true,
  repeatable: true,
  holds: 'wait',
  tag: 'Sessions',
  summary: 'Create a session and start it',
  description:
    "Takes a slot of the global limit and of the user's, in one transaction, and launches the session's task. " +
    'Without `name` it is `session_<ulid>`; with `start: false` it is only created. With `wait` the response comes once ' +
    'the QR code is there and has it (`qr`), or without one after that many seconds.',
  query: startQuerySchema,
  body: createSessionRequestSchema,
  idempotencyKey: true,
  responses: { 201: { description: 'The session.', body: startedSessionSchema } },
  problems: ['forbidden', 'not_found', 'conflict', 'unprocessable', 'too_many'],
});

export const listSessions = operation({
  id: 'listSessions',
  method: 'GET',
  path: '/api/sessions',
  handler: 'sessions-read',
  auth: 'key',
  scope: 'sessions:read',
  waha: true,
  tag: 'Sessions',
  summary: 'List sessions',
  description:
    'Stopped ones only with `all=true`. A page may have fewer than `limit` items although another page follows.',
  query: listSessionsQuerySchema,
  responses: {
    200: {
      description: 'A page of sessions.',
      body: z.array(sessionViewSchema),
      headers: { 'X-Next-Cursor': 'The `cursor` of the next page; absent on the last one.' },
    },
  },
});

export const getSession = operation({
  id: 'getSession',
  method: 'GET',
  path: '/api/sessions/{name}',
  handler: 'sessions-read',
  auth: 'key',
  scope: 'sessions:read',
  waha: true,
  client: 'sessions.get',
  holds: 'timeout',
  tag: 'Sessions',
  summary: 'Show a session, or wait for a status',
  description:
    'With `wait=status!=STARTING` it responds when the condition is true, or with the current state after `timeout` seconds.',
  params: name,
  query: getSessionQuerySchema,
  responses: { 200: { description: 'The session.', body: sessionViewSchema } },
});

export const updateSession = operation({
  id: 'updateSession',
  method: 'PUT',
  path: '/api/sessions/{name}',
  handler: 'sessions-admit',
  auth: 'key',
  scope: 'sessions:write',
  waha: true,
  client: 'sessions.update',
  tag: 'Sessions',
  summary: "Replace a session's config",
  description:
    'Deadlines and webhooks change at once. If client or proxy changes, a running session restarts; 503 says that the ' +
    'config is saved and the session must be started. The result of `GET` can be written back unchanged: a secret that ' +
    'is left out or masked (`********`) is kept, and `null` removes it.',
  params: name,
  query: ownerQuerySchema,
  body: updateSessionRequestSchema,
  responses: { 200: { description: 'The session.', body: sessionViewSchema } },
  problems: ['conflict', 'unprocessable', 'too_many'],
});

export const deleteSession = operation({
  id: 'deleteSession',
  method: 'DELETE',
  path: '/api/sessions/{name}',
  handler: 'sessions-change',
  auth: 'key',
  scope: 'sessions:write',
  waha: true,
  client: 'sessions.delete',
  audited: true,
  tag: 'Sessions',
  summary: 'Stop a session and remove it, with its auth state',
  description:
    'The account of a working session is unlinked first. Otherwise (it is stopped, or its worker does not respond) ' +
    'the phone lists the device until it is removed there. 200 also if there is no such session.',
  params: name,
  query: ownerQuerySchema,
  responses: { 200: { description: 'It is gone.', body: nothingSchema } },
  problems: ['conflict'],
});

export const startSession = operation({
  id: 'startSession',
  method: 'POST',
  path: '/api/sessions/{name}/start',
  handler: 'sessions-admit',
  auth: 'key',
  scope: 'sessions:write',
  waha: true,
  client: 'sessions.start',
  repeatable: true,
  holds: 'wait',
  tag: 'Sessions',
  summary: 'Start a stopped session',
  description:
    'Needs no QR code when the account is `linked`. A running session is returned unchanged. A stopping one ' +
    'is waited for; 503 when that takes too long. With `wait` the response comes once the session works or needs a ' +
    'QR code, which it then has (`qr`), or after that many seconds.',
  params: name,
  query: startQuerySchema,
  responses: { 201: { description: 'The session.', body: startedSessionSchema } },
  problems: ['conflict', 'unprocessable', 'too_many'],
});

export const stopSession = operation({
  id: 'stopSession',
  method: 'POST',
  path: '/api/sessions/{name}/stop',
  handler: 'sessions-change',
  auth: 'key',
  scope: 'sessions:write',
  waha: true,
  client: 'sessions.stop',
  repeatable: true,
  tag: 'Sessions',
  summary: 'Stop a session; the account stays linked',
  description: 'Graceful: the account is saved first. A stopped session is returned unchanged.',
  params: name,
  query: ownerQuerySchema,
  responses: { 201: { description: 'The session, stopping or stopped.', body: sessionViewSchema } },
  problems: ['conflict'],
});

export const restartSession = operation({
  id: 'restartSession',
  method: 'POST',
  path: '/api/sessions/{name}/restart',
  handler: 'sessions-admit',
  auth: 'key',
  scope: 'sessions:write',
  waha: true,
  client: 'sessions.restart',
  tag: 'Sessions',
  summary: 'Stop a session gracefully and start it again',
  params: name,
  query: ownerQuerySchema,
  responses: { 201: { description: 'The session.', body: sessionViewSchema } },
  problems: ['conflict', 'unprocessable', 'too_many'],
});

export const logoutSession = operation({
  id: 'logoutSession',
  method: 'POST',
  path: '/api/sessions/{name}/logout',
  handler: 'sessions-logout',
  auth: 'key',
  scope: 'sessions:write',
  waha: true,
  client: 'sessions.logout',
  repeatable: true,
  tag: 'Sessions',
  summary: 'Unlink the account, delete its auth state, and show a new QR code',
  description:
    'A session that runs starts again and asks to be linked; if no slot is free by then, it stays stopped, which the ' +
    'response says. A stopped session stays stopped. The account of a session that is stopped or waits for a restart is ' +
    'only deleted here: the phone lists the device until it is removed there. 504: WhatsApp Web did not confirm that the ' +
    'account is unlinked. The account is kept then; the session works again if it is still linked, and ends as ' +
    '`logged_out` if it is not.',
  params: name,
  query: ownerQuerySchema,
  responses: { 201: { description: 'The session.', body: sessionViewSchema } },
  problems: ['conflict', 'unprocessable', 'worker_failed', 'worker_timeout'],
});

export const getMe = operation({
  id: 'getMe',
  method: 'GET',
  path: '/api/sessions/{name}/me',
  handler: 'sessions-read',
  auth: 'key',
  scope: 'sessions:read',
  waha: true,
  client: 'sessions.me',
  holds: 'timeout',
  tag: 'Sessions',
  summary: 'The linked account',
  params: name,
  query: getSessionQuerySchema,
  responses: {
    200: { description: 'The account; null while there is none.', body: shownAccountSchema.nullable() },
  },
});

export const listSessionEvents = operation({
  id: 'listSessionEvents',
  method: 'GET',
  path: '/api/sessions/{name}/events',
  handler: 'sessions-read',
  auth: 'key',
  scope: 'sessions:read',
  client: 'sessions.events',
  tag: 'Sessions',
  summary: 'Recent lifecycle events of a session, newest first',
  params: name,
  query: ownerQuerySchema.extend({
    limit: z.coerce.number().int().min(1).max(100).default(50),
  }),
  responses: { 200: { description: 'The events.', body: z.array(sessionEventViewSchema) } },
});
