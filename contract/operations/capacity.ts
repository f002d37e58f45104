import {
  changeLimitsRequestSchema,
  cleanupReportSchema,
  cleanupRequestSchema,
  drainReportSchema,
  drainRequestSchema,
  limitsViewSchema,
  statsViewSchema,
} from '../bodies/admin.ts';
import { operation, ownerQuerySchema } from '../operation.ts';

export const getStats = operation({
  id: 'getStats',
  method: 'GET',
  path: '/api/stats',
  handler: 'capacity',
  auth: 'key',
  scope: 'sessions:read',
  client: 'stats',
  tag: 'Capacity',
  summary: 'How full it is, and what happened in the last 24 hours',
  description:
    "A user's own sessions; an admin who names nobody gets everybody's, by user, and the last day.",
  query: ownerQuerySchema,
  answers: { 200: { description: 'The statistics.', body: statsViewSchema } },
});

export const getLimits = operation({
  id: 'getLimits',
  method: 'GET',
  path: '/api/limits',
  handler: 'capacity',
  auth: 'key',
  scope: 'sessions:read',
  client: 'limits.get',
  tag: 'Capacity',
  summary: 'The limits, and what is used of them',
  query: ownerQuerySchema,
  answers: { 200: { description: "The global limit, the default, and one user's.", body: limitsViewSchema } },
});

export const setLimits = operation({
  id: 'setLimits',
  method: 'PUT',
  path: '/api/limits',
  handler: 'capacity',
  auth: 'admin',
  scope: 'admin',
  client: 'limits.set',
  tag: 'Capacity',
  summary: 'Change limits at run time',
  description: 'Takes effect at once. Lowering a limit blocks new admissions and stops nobody.',
  query: ownerQuerySchema,
  body: changeLimitsRequestSchema,
  answers: { 200: { description: 'The limits as they are now.', body: limitsViewSchema } },
  problems: ['conflict'],
});

export const cleanUp = operation({
  id: 'cleanUp',
  method: 'POST',
  path: '/api/cleanup',
  handler: 'cleanup',
  auth: 'admin',
  scope: 'admin',
  tag: 'Capacity',
  summary: 'End what is due, or everything that a filter matches',
  description: '`dryRun` says what would end and why. Accounts stay linked: no auth state is deleted.',
  query: ownerQuerySchema,
  body: cleanupRequestSchema,
  answers: { 200: { description: 'What was done, or would be.', body: cleanupReportSchema } },
});

export const drain = operation({
  id: 'drain',
  method: 'POST',
  path: '/api/drain',
  handler: 'cleanup',
  auth: 'admin',
  scope: 'admin',
  client: 'drain',
  repeatable: true,
  tag: 'Capacity',
  summary: 'Let nothing start and end all sessions, before an environment is taken down',
  description:
    'Sets the global limit to 0 and asks running sessions to end, up to 200 with each call. Repeat it until it answers ' +
    '`drained`. Accounts stay linked. To let sessions start again, set the global limit (`PUT /api/limits`).',
  query: ownerQuerySchema,
  body: drainRequestSchema,
  answers: { 200: { description: 'What is left.', body: drainReportSchema } },
});
