import * as z from 'zod';
import { auditEntrySchema, auditQuerySchema } from '../bodies/audit.ts';
import { operation } from '../operation.ts';

export const listAudit = operation({
  id: 'listAudit',
  method: 'GET',
  path: '/api/audit',
  handler: 'keys',
  auth: 'admin',
  scope: 'admin',
  tag: 'Keys',
  summary: 'List administrative acts, newest first',
  description:
    'Changes of keys, limits or builds, cleanups, drains, redrives and deleted sessions: by whom, when, from ' +
    'where, and how it ended. Kept for a year by default. A page may hold fewer than `limit` though another one follows.',
  query: auditQuerySchema,
  responses: {
    200: {
      description: 'A page of acts.',
      body: z.array(auditEntrySchema),
      headers: { 'X-Next-Cursor': 'The `cursor` of the next page; absent on the last one.' },
    },
  },
});
