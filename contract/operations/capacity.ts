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
  summary: 'Slots in use, and the last 24 hours',
  description:
    "A user's own sessions. An admin without `userId` gets those of all users, per user, and the last day.",
  query: ownerQuerySchema,
  responses: { 200: { description: 'The statistics.', body: statsViewSchema } },
});

export const getMetrics = operation({
  id: 'getMetrics',
  method: 'GET',
  path: '/metrics',
  handler: 'capacity',
  auth: 'key',
  scope: 'metrics',
  client: 'metrics',
  tag: 'Capacity',
  summary: 'Metrics in the text format of Prometheus',
  description:
    'The statistics of all users as gauges. Labels are bounded: no session and no user is named. For keys of admins, and ' +
    'for any key with the scope `metrics`. Prometheus sends the key with `http_headers` of its scrape configuration.',
  responses: { 200: { description: 'The metrics.', files: ['text/plain; version=0.0.4; charset=utf-8'] } },
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
  summary: 'The limits, and their use',
  query: ownerQuerySchema,
  responses: {
    200: { description: "The global limit, the default, and one user's.", body: limitsViewSchema },
  },
});

export const setLimits = operation({
  id: 'setLimits',
  method: 'PUT',
  path: '/api/limits',
  handler: 'capacity',
  auth: 'admin',
  scope: 'admin',
  client: 'limits.set',
  audited: true,
  tag: 'Capacity',
  summary: 'Change limits at run time',
  description: 'Takes effect at once. A lower limit blocks new admissions; running sessions continue.',
  query: ownerQuerySchema,
  body: changeLimitsRequestSchema,
  responses: { 200: { description: 'The limits after the change.', body: limitsViewSchema } },
  problems: ['conflict'],
});

export const cleanUp = operation({
  id: 'cleanUp',
  method: 'POST',
  path: '/api/cleanup',
  handler: 'cleanup',
  auth: 'admin',
  scope: 'admin',
  audited: true,
  tag: 'Capacity',
  summary: 'End due sessions, or all sessions that a filter matches',
  description: '`dryRun` shows what would end and why. Accounts stay linked: no auth state is deleted.',
  query: ownerQuerySchema,
  body: cleanupRequestSchema,
  responses: {
    200: { description: 'The result, or the expected result of a dry run.', body: cleanupReportSchema },
  },
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
  audited: true,
  tag: 'Capacity',
  summary: 'Prevent starts and end all sessions, before an environment is removed',
  description:
    'Sets the global limit to 0 and stops running sessions, up to 200 per call. Repeat it until it returns ' +
    '`drained`. Accounts stay linked. To allow starts again, set the global limit (`PUT /api/limits`).',
  query: ownerQuerySchema,
  body: drainRequestSchema,
  responses: { 200: { description: 'The remaining work.', body: drainReportSchema } },
});
