import * as z from 'zod';
import { eraseUserRequestSchema, erasureViewSchema } from '../bodies/erasure.ts';
import { operation, ownerQuerySchema } from '../operation.ts';

export const listErasures = operation({
  id: 'listErasures',
  method: 'GET',
  path: '/api/erasures',
  handler: 'sessions-read',
  auth: 'key',
  scope: 'sessions:read',
  client: 'erasures.list',
  tag: 'Sessions',
  summary: 'List erasures, newest first: of deleted sessions, and of users',
  description:
    'Deleting a session erases what it left in the background, in about 20 minutes. A finished erasure is listed for ' +
    '30 days. A key for named sessions sees those only.',
  query: ownerQuerySchema,
  responses: { 200: { description: 'The erasures of one user.', body: z.array(erasureViewSchema) } },
});

export const eraseUser = operation({
  id: 'eraseUser',
  method: 'POST',
  path: '/api/erasures',
  handler: 'cleanup',
  auth: 'admin',
  scope: 'admin',
  client: 'erasures.user',
  repeatable: true,
  audited: true,
  tag: 'Sessions',
  summary: 'Erase everything of a user: sessions, accounts, files, events, limits and keys',
  description:
    'A background step revokes the keys of the user, stops and deletes the sessions, and erases their remaining data. It continues ' +
    'after a crash; `GET /api/erasures` reports it. A repeated call returns the erasure that is under way. The phone ' +
    'lists the device of a linked account until it is removed there: if that matters, unlink sessions that run first.',
  body: eraseUserRequestSchema,
  responses: { 201: { description: 'The erasure.', body: erasureViewSchema } },
  problems: ['unprocessable', 'conflict'],
});
